"""S3 from inside: how training reads its inputs and leaves its artefact, as its role and no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlparse

from . import access, moto_world
from .accounts import Caller
from .errors import AwsError
from .journal import Journal


def split(uri: str) -> tuple[str, str]:
    parsed = urlparse(uri)
    return parsed.netloc, parsed.path.lstrip("/")


def bucket(name: str) -> Any | None:
    return access.find_bucket(name)


def listing(caller: Caller, bucket_name: str, prefix: str) -> list[str]:
    """The keys under a prefix; AwsError if the bucket is missing or may not be listed."""
    found = bucket(bucket_name)
    if found is None:
        raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404)
    if not access.allowed(caller, "s3:ListBucket", f"arn:aws:s3:::{bucket_name}", {"s3:prefix": prefix}):
        raise AwsError("AccessDenied", "Access Denied", 403)
    with moto_world.lock:
        return sorted(key for key in found.keys if key.startswith(prefix))


def exists(bucket_name: str, key: str) -> bool:
    found = bucket(bucket_name)
    return found is not None and found.keys.get(key) is not None


def region_of(bucket_name: str) -> str | None:
    found = bucket(bucket_name)
    return found.region_name if found is not None else None


def download(caller: Caller, bucket_name: str, key: str, target: Path) -> None:
    if not access.allowed(caller, "s3:GetObject", f"arn:aws:s3:::{bucket_name}/{key}"):
        raise AwsError("AccessDenied", "Access Denied", 403)
    target.parent.mkdir(parents=True, exist_ok=True)
    with moto_world.lock:
        value = bucket(bucket_name).keys[key].value     # type: ignore[union-attr]
    target.write_bytes(value)


def upload(journal: Journal, caller: Caller, region: str, bucket_name: str, key: str, source: Path) -> None:
    """PutObject as the role: checked, and kept like any other change."""
    if bucket(bucket_name) is None:
        raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404)
    if not access.allowed(caller, "s3:PutObject", f"arn:aws:s3:::{bucket_name}/{key}"):
        raise AwsError("AccessDenied", "Access Denied", 403)
    put(journal, access.owner_of(f"arn:aws:s3:::{bucket_name}"), region, bucket_name, key, source.open("rb"),
        source.stat().st_size)


def put(journal: Journal, account: str, region: str, bucket_name: str, key: str, body: Any, size: int,
        content_type: str = "application/octet-stream") -> None:
    path = f"/{bucket_name}/{quote(key)}"
    environ = moto_world.environ_of("PUT", path, "", b"", account, region, "s3", content_type, {})
    environ.update({"wsgi.input": body, "CONTENT_LENGTH": str(size), "PATH_INFO": f"/{bucket_name}/{key}"})
    with body:
        answer = journal.run(environ, region, "s3", "PutObject")
    if answer.status >= 400:
        raise AwsError("InternalError", f"S3 answered {answer.status}", 500)
