"""An error as AWS answers it, in the words and the wire form of the service that was asked."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape


class AwsError(Exception):
    """What went wrong, before it is known in which protocol it must be said."""

    def __init__(self, code: str, message: str, status: int = 400, **extra: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.extra = code, message, status, extra


def render(error: AwsError, protocol: str, request_id: str, resource: str = "") -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body of the error in a protocol: json, query or s3."""
    if protocol == "s3":
        extra = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in error.extra.items())
        body = ('<?xml version="1.0" encoding="UTF-8"?>\n'
                f"<Error><Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>{extra}"
                f"<Resource>{escape(resource)}</Resource><RequestId>{request_id}</RequestId></Error>")
        return error.status, [("Content-Type", "application/xml"), ("x-amz-request-id", request_id)], body.encode()
    if protocol == "query":
        kind = "Sender" if error.status < 500 else "Receiver"
        body = (f"<ErrorResponse><Error><Type>{kind}</Type><Code>{escape(error.code)}</Code>"
                f"<Message>{escape(error.message)}</Message></Error>"
                f"<RequestId>{request_id}</RequestId></ErrorResponse>")
        return error.status, [("Content-Type", "text/xml")], body.encode()
    body = json.dumps({"__type": error.code, "message": error.message, **error.extra})
    return error.status, [("Content-Type", "application/x-amz-json-1.1"),
                          ("x-amzn-ErrorType", error.code)], body.encode()
