"""Which S3 operation a request is, and which IAM actions on which objects that means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from .request import Request

_HOSTED = re.compile(r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\.s3[.-](?:[a-z0-9-]+\.)?(?:amazonaws\.com|localhost)")

# Subresources of a bucket, and of an object: query parameter -> the noun of operation and action.
_BUCKET = {"policy": "BucketPolicy", "acl": "BucketAcl", "versioning": "BucketVersioning", "tagging": "BucketTagging",
           "location": "BucketLocation", "ownershipControls": "BucketOwnershipControls",
           "publicAccessBlock": "BucketPublicAccessBlock", "encryption": "EncryptionConfiguration",
           "lifecycle": "LifecycleConfiguration", "cors": "BucketCORS", "notification": "BucketNotification",
           "logging": "BucketLogging", "website": "BucketWebsite", "policyStatus": "BucketPolicyStatus"}
_OBJECT = {"acl": "ObjectAcl", "tagging": "ObjectTagging", "retention": "ObjectRetention", "legal-hold": "ObjectLegalHold",
           "attributes": "ObjectAttributes"}
_VERB = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "DELETE": "Delete", "POST": "Put"}


def describe(request: "Request") -> tuple[str, dict[str, Any]]:
    """(operation, {Bucket, Key, prefix, source}) of a request in either addressing style."""
    hosted = _HOSTED.match(request.host)
    path = unquote(request.raw_path).lstrip("/")
    if hosted:
        bucket, key = hosted.group(1), path
    else:
        bucket, _, key = path.partition("/")
    query = request.query()
    params: dict[str, Any] = {"Bucket": bucket, "Key": key}
    method = request.method
    source = request.headers.get("x-amz-copy-source")
    if source:
        params["source"] = unquote(source.split("?")[0]).lstrip("/")
    if not bucket:
        return "ListBuckets", params
    if not key:
        return _bucket_operation(method, query, params), params
    return _object_operation(method, query, source), params


def _bucket_operation(method: str, query: dict[str, str], params: dict[str, Any]) -> str:
    for name, noun in _BUCKET.items():
        if name in query:
            return _VERB[method] + noun
    if "uploads" in query:
        return "ListMultipartUploads"
    if "delete" in query and method == "POST":
        return "DeleteObjects"
    if method == "GET":
        params["prefix"] = query.get("prefix", "")
        return "ListObjectVersions" if "versions" in query else "ListObjects"
    return {"PUT": "CreateBucket", "DELETE": "DeleteBucket", "HEAD": "HeadBucket"}.get(method, "PostObject")


def _object_operation(method: str, query: dict[str, str], source: str | None) -> str:
    if "uploadId" in query or "uploads" in query:
        if method == "PUT":
            return "UploadPartCopy" if source else "UploadPart"
        return {"POST": "CreateMultipartUpload" if "uploads" in query else "CompleteMultipartUpload",
                "DELETE": "AbortMultipartUpload", "GET": "ListParts"}.get(method, "ListParts")
    for name, noun in _OBJECT.items():
        if name in query:
            return _VERB[method] + noun
    if method == "PUT":
        return "CopyObject" if source else "PutObject"
    return {"GET": "GetObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}.get(method, "PutObject")


_ACTIONS = {"ListObjects": "ListBucket", "HeadBucket": "ListBucket", "ListObjectVersions": "ListBucketVersions",
            "ListBuckets": "ListAllMyBuckets", "HeadObject": "GetObject", "CopyObject": "PutObject",
            "UploadPart": "PutObject", "UploadPartCopy": "PutObject", "CreateMultipartUpload": "PutObject",
            "CompleteMultipartUpload": "PutObject", "DeleteObjects": "DeleteObject", "PostObject": "PutObject",
            "ListMultipartUploads": "ListBucketMultipartUploads", "ListParts": "ListMultipartUploadParts"}


def needs(request: "Request") -> list[tuple[str, str, dict[str, str]]]:
    """(action, resource ARN, condition context) of all that the operation needs."""
    params, operation = request.params, request.operation
    action = "s3:" + _ACTIONS.get(operation, operation)
    bucket = f"arn:aws:s3:::{params['Bucket']}"
    if operation == "ListBuckets":
        return [(action, "*", {})]
    if operation == "DeleteObjects":
        keys = re.findall(rb"<Key>(.*?)</Key>", request.body_bytes())
        return [(action, f"{bucket}/{key.decode('utf-8', 'replace')}", {}) for key in keys[:1000]]
    resource = f"{bucket}/{params['Key']}" if params["Key"] else bucket
    context = {"s3:prefix": params["prefix"]} if params.get("prefix") else {}
    found = [(action, resource, context)]
    if "source" in params:
        found.append(("s3:GetObject", f"arn:aws:s3:::{params['source']}", {}))
    return found
