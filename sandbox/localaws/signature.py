"""The signature of every request, judged by botocore and not by codetrain's own code.

A fresh AWSRequest is built from what came over the wire, with just the headers that the request says
are signed, and signed by botocore with the secret that belongs to the access key. The two signatures
must be equal. Time is a parameter.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta, timezone
from typing import Callable, NamedTuple

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .errors import AwsError
from .request import Credential, Request

SKEW = timedelta(minutes=15)
UNHASHED = ("UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")


class Key(NamedTuple):
    """What is known of an access key: all that a verification needs."""

    secret: str
    token: str | None
    expires: datetime | None
    active: bool = True


def _signer(base: type[SigV4Auth], body_sha256: str) -> type[SigV4Auth]:
    class Verifier(base):  # type: ignore[misc, valid-type]
        """botocore's signer, told which headers the other side signed and what the body hashed to."""

        listed: list[str] = []

        def headers_to_sign(self, request: AWSRequest):  # type: ignore[no-untyped-def]
            from botocore.compat import HTTPHeaders
            headers = HTTPHeaders()
            for name in self.listed:
                headers[name] = request.headers.get(name, "")
            return headers

        def payload(self, request: AWSRequest) -> str:
            return body_sha256

    return Verifier


def expected(request: Request, credential: Credential, secret: str) -> str:
    """The signature that this request must have."""
    payload = request.headers.get("x-amz-content-sha256", request.body_sha256)
    query = request.raw_query
    if credential.presigned:
        query = "&".join(part for part in query.split("&") if not part.startswith("X-Amz-Signature="))
        payload = "UNSIGNED-PAYLOAD" if credential.service == "s3" else request.body_sha256
    base = S3SigV4Auth if credential.service == "s3" else SigV4Auth
    signer = _signer(base, payload)(Credentials(credential.access_key, secret), credential.service, credential.region)
    signer.listed = credential.signed_headers
    url = f"http://{request.host}{request.raw_path}"
    prepared = AWSRequest(method=request.method, url=url + (f"?{query}" if query else ""), headers=request.headers)
    if credential.presigned and "x-amz-content-sha256" in prepared.headers:
        del prepared.headers["x-amz-content-sha256"]
    prepared.context["timestamp"] = credential.time
    return signer.signature(signer.string_to_sign(prepared, signer.canonical_request(prepared)), prepared)


def verify(request: Request, lookup: Callable[[str], Key | None], now: datetime) -> None:
    """Returns if the request is truly signed; otherwise raises what AWS would answer."""
    credential, words = request.credential, _words(request)
    if credential is None:
        raise words.missing()
    key = lookup(credential.access_key)
    if key is None or not key.active:
        raise words.unknown()
    token = request.headers.get("x-amz-security-token") or request.query().get("X-Amz-Security-Token")
    if (key.token or token) and not hmac.compare_digest((key.token or "").encode(), (token or "").encode()):
        raise words.bad_token()
    if key.expires is not None and key.expires <= now:
        raise words.expired_token()
    _check_time(credential, words, now)
    declared = request.headers.get("x-amz-content-sha256")
    if "host" not in credential.signed_headers:
        raise words.mismatch()
    if not hmac.compare_digest(expected(request, credential, key.secret), credential.signature):
        raise words.mismatch()
    if declared and not credential.presigned and declared not in UNHASHED and declared != request.body_sha256:
        raise words.wrong_hash()


def _check_time(credential: Credential, words: "_Words", now: datetime) -> None:
    try:
        when = datetime.strptime(credential.time, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise words.no_date() from None
    if credential.date != credential.time[:8]:
        raise words.mismatch()
    if credential.presigned:
        if credential.expires is None or not 1 <= credential.expires <= 604800:
            raise AwsError("AuthorizationQueryParametersError", "X-Amz-Expires must be between 1 and 604800 seconds")
        if when + timedelta(seconds=credential.expires) < now or when - SKEW > now:
            raise AwsError("AccessDenied", "Request has expired", 403)
    elif when < now - SKEW or when > now + SKEW:
        raise words.skewed(when, now)


def _stamp(when: datetime) -> str:
    return when.strftime("%Y%m%dT%H%M%SZ")


class _Words:
    """The JSON services' codes and sentences."""

    MISMATCH = ("The request signature we calculated does not match the signature you provided. Check your AWS "
                "Secret Access Key and signing method. Consult the service documentation for details.")
    INVALID = "The security token included in the request is invalid."

    def missing(self) -> AwsError:
        return AwsError("MissingAuthenticationTokenException", "Missing Authentication Token")

    def unknown(self) -> AwsError:
        return AwsError("UnrecognizedClientException", self.INVALID)

    def bad_token(self) -> AwsError:
        return self.unknown()

    def expired_token(self) -> AwsError:
        return AwsError("ExpiredTokenException", "The security token included in the request is expired")

    def mismatch(self) -> AwsError:
        return AwsError("InvalidSignatureException", self.MISMATCH)

    def wrong_hash(self) -> AwsError:
        return self.mismatch()

    def no_date(self) -> AwsError:
        return AwsError("IncompleteSignatureException", "Date must be in ISO-8601 'basic format'.")

    def _skew_text(self, when: datetime, now: datetime) -> str:
        if when < now:
            return (f"Signature expired: {_stamp(when)} is now earlier than {_stamp(now - SKEW)} "
                    f"({_stamp(now)} - 15 min.)")
        return (f"Signature not yet current: {_stamp(when)} is still later than {_stamp(now + SKEW)} "
                f"({_stamp(now)} + 15 min.)")

    def skewed(self, when: datetime, now: datetime) -> AwsError:
        return AwsError("InvalidSignatureException", self._skew_text(when, now))


class _QueryWords(_Words):
    """IAM and STS."""

    def missing(self) -> AwsError:
        return AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)

    def unknown(self) -> AwsError:
        return AwsError("InvalidClientTokenId", self.INVALID, 403)

    def expired_token(self) -> AwsError:
        return AwsError("ExpiredToken", "The security token included in the request is expired", 403)

    def mismatch(self) -> AwsError:
        return AwsError("SignatureDoesNotMatch", self.MISMATCH, 403)

    def skewed(self, when: datetime, now: datetime) -> AwsError:
        return AwsError("SignatureDoesNotMatch", self._skew_text(when, now), 403)


class _S3Words(_Words):
    """S3's own."""

    def missing(self) -> AwsError:
        return AwsError("AccessDenied", "Access Denied", 403)

    def unknown(self) -> AwsError:
        return AwsError("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403)

    def bad_token(self) -> AwsError:
        return AwsError("InvalidToken", "The provided token is malformed or otherwise invalid.")

    def expired_token(self) -> AwsError:
        return AwsError("ExpiredToken", "The provided token has expired.")

    def mismatch(self) -> AwsError:
        return AwsError("SignatureDoesNotMatch", "The request signature we calculated does not match the signature "
                        "you provided. Check your key and signing method.", 403)

    def wrong_hash(self) -> AwsError:
        return AwsError("XAmzContentSHA256Mismatch",
                        "The provided 'x-amz-content-sha256' header does not match what was computed.")

    def skewed(self, when: datetime, now: datetime) -> AwsError:
        return AwsError("RequestTimeTooSkewed",
                        "The difference between the request time and the current time is too large.", 403)


_BY_PROTOCOL = {"json": _Words(), "query": _QueryWords(), "s3": _S3Words()}


def _words(request: Request) -> _Words:
    return _BY_PROTOCOL[request.protocol]
