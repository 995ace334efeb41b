"""moto inside this process: one lock, one clock, one source of randomness, and calls without a network.

Changing requests run with a seed and a time that the journal keeps, so that running them again gives
the same identifiers, secrets and dates. That is what makes a world that was killed come back whole.
"""

from __future__ import annotations

import datetime as real_datetime
import io
import json
import os
import threading
import types
from typing import Any, Callable, Iterable
from urllib.parse import urlencode

os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")

import moto.core.utils  # noqa: E402
import moto.kms.models  # noqa: E402
import moto.kms.utils  # noqa: E402
import moto.s3.models  # noqa: E402
from moto.backends import get_backend  # noqa: E402
from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY  # noqa: E402
from moto.moto_api._internal import mock_random  # noqa: E402
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: E402

from . import events  # noqa: E402
from .errors import AwsError  # noqa: E402
from .request import PRESERVED_NAMES, Request  # noqa: E402

assert PRESERVED_NAMES == PRESERVED_HEADER_NAMES_ENVIRON_KEY

lock = threading.RLock()
_frozen: real_datetime.datetime | None = None


class _Clock(real_datetime.datetime):
    """moto's utcnow() asks this class; while a journal is replayed it gives the time of that entry."""

    @classmethod
    def now(cls, tz: real_datetime.tzinfo | None = None) -> real_datetime.datetime:  # type: ignore[override]
        return _frozen.astimezone(tz) if _frozen else real_datetime.datetime.now(tz)

    @classmethod
    def utcnow(cls) -> real_datetime.datetime:  # type: ignore[override]
        return cls.now(real_datetime.timezone.utc).replace(tzinfo=None)


def _install() -> None:
    clock = types.SimpleNamespace(**vars(real_datetime))
    clock.datetime = _Clock
    moto.core.utils.datetime = clock  # type: ignore[assignment]
    seeded = types.SimpleNamespace(**vars(os))
    seeded.urandom = mock_random.randbytes
    for module in (moto.s3.models, moto.kms.models, moto.kms.utils):
        module.os = seeded  # type: ignore[attr-defined]
    events.install()


_install()
_application = DomainDispatcherApplication(create_backend_app)


class Answer:
    """What moto answered: status, headers and body in chunks."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> dict[str, Any]:
        return json.loads(self.body or b"{}")


def backend(service: str, account: str, region: str) -> Any:
    """moto's own object for a service; for reading, and for what the overlay writes."""
    return get_backend(service)[account]["aws" if service in ("iam", "sts", "s3") else region]  # type: ignore[index]


def execute(environ: dict[str, Any], seed: str | None = None, when: float | None = None) -> Answer:
    """Runs one WSGI request in moto; with a seed and a time it does the same thing every time."""
    global _frozen
    status: list[int] = []
    headers: list[tuple[str, str]] = []

    def start_response(line: str, fields: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        status[:] = [int(line.split()[0])]
        headers[:] = fields
        return lambda data: None

    with lock:
        if seed is not None:
            mock_random.seed(seed)
        if when is not None:
            _frozen = real_datetime.datetime.fromtimestamp(when, real_datetime.timezone.utc)
        try:
            result: Iterable[bytes] = _application(environ, start_response)
            body = b"".join(result)
            close = getattr(result, "close", None)
            if close:
                close()
        finally:
            _frozen = None
            if seed is not None:
                mock_random.seed(os.urandom(16))
    return Answer(status[0], headers, body)


def environ_for(request: Request, account: str) -> dict[str, Any]:
    """The request as moto is to see it: with the account that owns what it is about."""
    environ = dict(request.environ)
    request.body.seek(0)
    environ["wsgi.input"] = request.body
    environ["CONTENT_LENGTH"] = str(request.length)
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["wsgi.input_terminated"] = True
    environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
    return environ


def internal(account: str, region: str, service: str, operation: str, params: dict[str, Any],
             target: str | None = None) -> dict[str, Any]:
    """The environ of a call that the sandbox makes itself, as the account's own root."""
    headers, path, query = {}, "/", ""
    if target:
        body = json.dumps(params).encode()
        headers["HTTP_X_AMZ_TARGET"] = f"{target}.{operation}"
        content_type = "application/x-amz-json-1.1"
    else:
        version = {"iam": "2010-05-08", "sts": "2011-06-15"}[service]
        body = urlencode({"Action": operation, "Version": version, **params}).encode()
        content_type = "application/x-www-form-urlencoded; charset=utf-8"
    return environ_of("POST", path, query, body, account, region, service, content_type, headers)


def environ_of(method: str, path: str, query: str, body: bytes, account: str, region: str, service: str,
               content_type: str, headers: dict[str, str]) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": query,
        "RAW_URI": path + ("?" + query if query else ""), "SERVER_NAME": "localhost", "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1",
        "CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True, "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(), "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential=ASIASANDBOX/20260101/{region}/{service}/aws4_request, "
                              "SignedHeaders=host, Signature=0",
        "HTTP_X_MOTO_ACCOUNT_ID": account, PRESERVED_NAMES: {}, **headers,
    }


def failed(answer: Answer) -> AwsError:
    """moto's error answer to an internal call, as an exception."""
    try:
        body = answer.json()
        return AwsError(str(body.get("__type", "InternalFailure")), str(body.get("message", body)), answer.status)
    except ValueError:
        return AwsError("InternalFailure", answer.body.decode("utf-8", "replace")[:500], answer.status)
