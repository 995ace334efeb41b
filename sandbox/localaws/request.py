"""One request as it came over the wire: its raw form for the signature, its meaning for everything else."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from urllib.parse import parse_qs, unquote

from .errors import AwsError

SPOOL = 4 << 20          # a body larger than this waits on disk
BODY_MAX = 6 << 30       # the largest body that is taken at all
PRESERVED_NAMES = "moto.preserved_header_names"

# Signing name -> protocol where it is not JSON.
_QUERY = {"iam", "sts", "sns", "ec2", "cloudformation", "monitoring", "autoscaling", "rds", "elasticloadbalancing"}


@dataclass
class Credential:
    """What a request says about its own signature; nothing of it is believed yet."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: list[str]
    signature: str
    presigned: bool
    time: str
    expires: int | None = None


@dataclass
class Request:
    method: str
    raw_path: str
    raw_query: str
    headers: dict[str, str]
    body: BinaryIO
    body_sha256: str
    length: int
    environ: dict[str, Any]
    credential: Credential | None = None
    service: str = "s3"
    region: str = "us-east-1"
    operation: str = ""
    protocol: str = "json"
    params: dict[str, Any] = field(default_factory=dict)
    socket: Any = None

    @property
    def path(self) -> str:
        return unquote(self.raw_path)

    @property
    def host(self) -> str:
        return self.headers.get("host", "")

    def body_bytes(self) -> bytes:
        self.body.seek(0)
        return self.body.read()

    def query(self) -> dict[str, str]:
        parsed = parse_qs(self.raw_query, keep_blank_values=True)
        return {key: values[0] for key, values in parsed.items()}


def read(environ: dict[str, Any], spool_dir: str) -> Request:
    """Takes the whole request from the server, with its body hashed on the way."""
    names = environ.get(PRESERVED_NAMES, {})
    headers = {}
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            headers[names.get(key, key[5:].replace("_", "-")).lower()] = value
    for key, name in (("CONTENT_TYPE", "content-type"), ("CONTENT_LENGTH", "content-length")):
        if environ.get(key):
            headers[name] = environ[key]
    raw = environ.get("RAW_URI") or environ["PATH_INFO"]
    raw = re.sub(r"^https?://[^/]*", "", raw) or "/"
    path, _, query = raw.partition("?")
    body, digest, length = _spool(environ, spool_dir)
    request = Request(environ["REQUEST_METHOD"], path, query, headers, body, digest, length, environ,
                      socket=environ.get("werkzeug.socket"))
    request.credential = _credential(request)
    _understand(request)
    return request


def _spool(environ: dict[str, Any], folder: str) -> tuple[BinaryIO, str, int]:
    source = environ["wsgi.input"]
    body: Any = tempfile.SpooledTemporaryFile(max_size=SPOOL, dir=folder)
    digest, total = hashlib.sha256(), 0
    left = None if environ.get("wsgi.input_terminated") else int(environ.get("CONTENT_LENGTH") or 0)
    while left is None or left > 0:
        chunk = source.read(65536 if left is None else min(65536, left))
        if not chunk:
            break
        total += len(chunk)
        if total > BODY_MAX:
            raise AwsError("RequestEntityTooLarge", "Request body is too large", 413)
        digest.update(chunk)
        body.write(chunk)
        left = None if left is None else left - len(chunk)
    body.seek(0)
    return body, digest.hexdigest(), total


def _credential(request: Request) -> Credential | None:
    header = request.headers.get("authorization", "")
    if header.startswith("AWS4-HMAC-SHA256"):
        parts = dict(re.findall(r"(Credential|SignedHeaders|Signature)=([^,\s]+)", header))
        scope = parts.get("Credential", "").rsplit("/", 4)
        if len(parts) != 3 or len(scope) != 5 or scope[4] != "aws4_request":
            raise AwsError("IncompleteSignatureException",
                           "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders' parameters.")
        when = request.headers.get("x-amz-date", "")
        return Credential(scope[0], scope[1], scope[2], scope[3].lower(), parts["SignedHeaders"].lower().split(";"),
                          parts["Signature"], False, when)
    query = request.query()
    if query.get("X-Amz-Algorithm") == "AWS4-HMAC-SHA256":
        scope = query.get("X-Amz-Credential", "").rsplit("/", 4)
        if len(scope) != 5:
            raise AwsError("AuthorizationQueryParametersError", "Error parsing the X-Amz-Credential parameter.")
        expires = query.get("X-Amz-Expires", "3600")
        return Credential(scope[0], scope[1], scope[2], scope[3].lower(),
                          query.get("X-Amz-SignedHeaders", "").lower().split(";"), query.get("X-Amz-Signature", ""),
                          True, query.get("X-Amz-Date", ""), int(expires) if expires.isdigit() else 0)
    return None


def _understand(request: Request) -> None:
    """Service, region, operation, protocol and parameters."""
    target = request.headers.get("x-amz-target", "")
    if request.credential:
        request.service, request.region = request.credential.service, request.credential.region
    elif target:
        request.service = _TARGETS.get(target.split(".")[0], target.split(".")[0].lower())
    elif request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        request.service = "sts"
    if target:
        request.protocol, request.operation = "json", target.rpartition(".")[2]
        try:
            request.params = json.loads(request.body_bytes() or b"{}")
        except ValueError:
            raise AwsError("SerializationException", "Could not parse the request body as JSON") from None
        if not isinstance(request.params, dict):
            raise AwsError("SerializationException", "Start of structure or map found where not expected.")
    elif request.service in _QUERY:
        request.protocol = "query"
        text = request.body_bytes().decode("utf-8", "replace") or request.raw_query
        request.params = {key: values[0] for key, values in parse_qs(text, keep_blank_values=True).items()}
        request.operation = request.params.get("Action", "")
    elif request.service == "s3":
        from .s3 import describe
        request.protocol = "s3"
        request.operation, request.params = describe(request)
    else:
        request.operation = f"{request.method} {request.path}"
    request.body.seek(0)


_TARGETS = {"SageMaker": "sagemaker", "AmazonEC2ContainerRegistry_V20150921": "ecr", "Logs_20140328": "logs",
            "CodeBuild_20161006": "codebuild", "CodeCommit_20150413": "codecommit",
            "CodePipeline_20150709": "codepipeline", "AWSEvents": "events", "AmazonSQS": "sqs", "TrentService": "kms",
            "AmazonSSM": "ssm"}
