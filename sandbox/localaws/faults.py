"""Faults on order, for tests: POST /sandbox/faults with the state's token makes the next calls go wrong.

{"operation": "CreateTrainingJob", "kind": "throttle", "times": 2, "service": "sagemaker", "seconds": 1.5}
`operation` and `service` may be "*". Kinds: throttle, error (500), unavailable (503), html (200 with a
page of a captive portal), delay, drop-before (the connection ends and nothing was done), drop-after
(it was done, and the connection ends). DELETE takes all away; GET lists what is left.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import Any

from .errors import AwsError
from .moto_world import Answer
from .request import Request

PATH = "/sandbox/faults"
KINDS = ("throttle", "error", "unavailable", "html", "delay", "drop-before", "drop-after")


class Dropped(Exception):
    """The connection is closed without an answer."""


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: list[dict[str, Any]] = []

    def control(self, method: str, body: bytes) -> Answer:
        with self._lock:
            if method == "DELETE":
                self._orders.clear()
            elif method == "POST":
                try:
                    order = json.loads(body)
                    kind = order["kind"]
                except (ValueError, KeyError, TypeError):
                    return _plain(400, {"error": "a JSON object with a kind is needed"})
                if kind not in KINDS:
                    return _plain(400, {"error": f"kind must be one of {', '.join(KINDS)}"})
                self._orders.append({"operation": "*", "service": "*", "times": 1, "seconds": 1.0, **order})
            return _plain(200, {"faults": self._orders})

    def _take(self, request: Request, kinds: tuple[str, ...]) -> dict[str, Any] | None:
        with self._lock:
            for order in self._orders:
                if order["kind"] in kinds and order["operation"] in ("*", request.operation) \
                        and order["service"] in ("*", request.service):
                    order["times"] -= 1
                    if order["times"] <= 0:
                        self._orders.remove(order)
                    return order
        return None

    def before(self, request: Request) -> Answer | None:
        order = self._take(request, ("throttle", "error", "unavailable", "html", "delay", "drop-before"))
        if order is None:
            return None
        kind = order["kind"]
        if kind == "drop-before":
            raise Dropped
        if kind == "delay":
            time.sleep(min(float(order["seconds"]), 60.0))
            return None
        if kind == "html":
            return Answer(200, [("Content-Type", "text/html")], b"<html><body><h1>Sign in to the network</h1></body></html>")
        raise _error(kind, request.protocol)

    def after(self, request: Request) -> None:
        if self._take(request, ("drop-after",)):
            raise Dropped


def _error(kind: str, protocol: str) -> AwsError:
    if kind == "throttle":
        if protocol == "s3":
            return AwsError("SlowDown", "Please reduce your request rate.", 503)
        return AwsError("Throttling" if protocol == "query" else "ThrottlingException", "Rate exceeded", 400)
    if kind == "unavailable":
        return AwsError("ServiceUnavailable", "The service is unavailable. Please try again later.", 503)
    return AwsError("InternalFailure", "The request processing has failed because of an unknown error.", 500)


def drop(connection: Any) -> None:
    """Ends a connection as a dying server does."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def _plain(status: int, value: dict[str, Any]) -> Answer:
    return Answer(status, [("Content-Type", "application/json")], json.dumps(value).encode())
