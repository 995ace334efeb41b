"""ECR's registry side: the password of `docker login`, and the part of Docker's protocol that a push needs."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any

from . import access, images, moto_world
from .accounts import Caller
from .blobs import MANIFEST
from .moto_world import Answer
from .policy import Decision
from .request import Request
from .state import REGION, read_json, write_json

if TYPE_CHECKING:
    from .api import Api

TOKEN_SECONDS = 12 * 3600
BODY_MAX = 1 << 30
_TARGET = "AmazonEC2ContainerRegistry_V20150921"
_HOST = re.compile(r"(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com")
_ROUTE = re.compile(r"/v2/(?P<name>.+?)/(?P<kind>blobs/uploads/?|blobs/(?P<blob>sha256:[0-9a-f]{64})|manifests/(?P<ref>[^/]+))")


class Refused(Exception):
    """An answer in the registry's own form."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Registry:
    def __init__(self, api: "Api") -> None:
        self.api = api
        self._path = api.state.root / "registry-tokens.json"
        self._lock = threading.Lock()
        self._tokens: dict[str, dict[str, Any]] = read_json(self._path, {})
        self.operations = {"GetAuthorizationToken": self.authorization_token}

    # ---- the password ----

    def authorization_token(self, request: Request, caller: Caller) -> dict[str, Any]:
        assert request.credential is not None
        password, expires = secrets.token_urlsafe(48), time.time() + TOKEN_SECONDS
        with self._lock:
            self._tokens = {key: value for key, value in self._tokens.items() if value["expires"] > time.time()}
            self._tokens[_hash(password)] = {"key": request.credential.access_key, "expires": expires}
            write_json(self._path, self._tokens)
        registries = request.params.get("registryIds") or [caller.account]
        return {"authorizationData": [
            {"authorizationToken": base64.b64encode(f"AWS:{password}".encode()).decode(), "expiresAt": expires,
             "proxyEndpoint": f"https://{registry}.dkr.ecr.{request.region}.amazonaws.com"} for registry in registries]}

    def _caller(self, environ: dict[str, Any]) -> Caller:
        kind, _, encoded = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        try:
            user, _, password = base64.b64decode(encoded).decode().partition(":")
        except ValueError:
            user = password = ""
        if kind != "Basic" or not password:
            raise Refused(401, "UNAUTHORIZED", "no basic auth credentials")
        entry = self._tokens.get(_hash(password))
        if user != "AWS" or entry is None:
            raise Refused(401, "UNAUTHORIZED", "Not Authorized")
        if entry["expires"] < time.time():
            raise Refused(403, "DENIED", "Your authorization token has expired. Reauthenticate and try again.")
        caller = self.api.accounts.caller(entry["key"])
        if caller is None:
            raise Refused(403, "DENIED", "Your authorization token has expired. Reauthenticate and try again.")
        return caller

    # ---- the protocol ----

    def answer(self, environ: dict[str, Any]) -> Answer:
        try:
            return self._answer(environ)
        except Refused as refused:
            body = json.dumps({"errors": [{"code": refused.code, "message": refused.message}]}).encode()
            headers = [("Content-Type", "application/json")]
            if refused.status == 401:
                headers.append(("WWW-Authenticate", 'Basic realm="ECR"'))
            return Answer(refused.status, headers, body)

    def _answer(self, environ: dict[str, Any]) -> Answer:
        size = int(environ.get("CONTENT_LENGTH") or 0)
        if size > BODY_MAX:
            raise Refused(413, "SIZE_INVALID", "the layer is larger than the sandbox takes")
        body = environ["wsgi.input"].read(size)
        caller = self._caller(environ)
        route = _ROUTE.fullmatch(environ["PATH_INFO"])
        if route is None:
            return Answer(200, [("Content-Type", "application/json")], b"{}")
        host = _HOST.match(environ.get("HTTP_HOST", ""))
        account, region = host.groups() if host else (caller.account, REGION)
        arn = f"arn:aws:ecr:{region}:{account}:repository/{route['name']}"
        method = environ["REQUEST_METHOD"]
        if route["blob"]:
            return self._blob(caller, arn, method, route["blob"])
        if route["ref"]:
            return self._manifest(caller, arn, method, route["ref"], body)
        return self._upload(caller, arn, environ["QUERY_STRING"], body)

    def _may(self, caller: Caller, arn: str, *actions: str) -> None:
        for action in actions:
            decision, whose = access.decide(caller, action, arn)
            if decision is not Decision.ALLOW:
                refusal = access.refusal("json", caller, access.Need(action, arn, {}), decision, whose)
                raise Refused(403, "DENIED", refusal.message)
        if access.find_repository(arn) is None:
            _, _, _, _, account, rest = arn.split(":", 5)
            raise Refused(404, "NAME_UNKNOWN", f"The repository with name '{rest.partition('/')[2]}' does not exist in the "
                          f"registry with id '{account}'")

    def _upload(self, caller: Caller, arn: str, query: str, body: bytes) -> Answer:
        self._may(caller, arn, "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload")
        wanted = query.partition("digest=")[2].replace("%3A", ":")
        if "sha256:" + hashlib.sha256(body).hexdigest() != wanted:
            raise Refused(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        self.api.blobs.put(body)
        return Answer(201, [("Docker-Content-Digest", wanted)], b"")

    def _blob(self, caller: Caller, arn: str, method: str, digest: str) -> Answer:
        self._may(caller, arn, "ecr:BatchCheckLayerAvailability" if method == "HEAD" else "ecr:GetDownloadUrlForLayer")
        if not self.api.blobs.has(digest):
            raise Refused(404, "BLOB_UNKNOWN", "blob unknown to registry")
        data = self.api.blobs.read(digest)
        return Answer(200, [("Docker-Content-Digest", digest), ("Content-Length", str(len(data)))],
                      b"" if method == "HEAD" else data)

    def _manifest(self, caller: Caller, arn: str, method: str, tag: str, body: bytes) -> Answer:
        _, _, _, region, account, rest = arn.split(":", 5)
        name = rest.partition("/")[2]
        if method != "PUT":
            self._may(caller, arn, "ecr:BatchGetImage")
            by_digest = tag.startswith("sha256:")
            found = images.find(images.Reference(account, region, name, None if by_digest else tag, tag if by_digest else None))
            if found is None:
                raise Refused(404, "MANIFEST_UNKNOWN", "Requested image not found")
            data = found[1].encode()
            return Answer(200, [("Content-Type", MANIFEST), ("Docker-Content-Digest", found[0])], data)
        self._may(caller, arn, "ecr:PutImage")
        self._check_parts(body)
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        environ = moto_world.internal(account, region, "ecr", "PutImage", {
            "repositoryName": name, "imageManifest": body.decode(), "imageManifestMediaType": MANIFEST,
            "imageDigest": digest, "imageTag": tag}, _TARGET)
        answer = self.api.journal.run(environ, region, "ecr", "PutImage")
        if answer.status >= 400:
            error = moto_world.failed(answer)
            if error.code != "ImageAlreadyExistsException":
                raise Refused(400, "TAG_INVALID", error.message)
        return Answer(201, [("Docker-Content-Digest", digest)], b"")

    def _check_parts(self, body: bytes) -> None:
        try:
            manifest = json.loads(body)
            parts = [manifest["config"]["digest"], *(layer["digest"] for layer in manifest["layers"])]
            missing = [digest for digest in parts if not self.api.blobs.has(digest)]
        except (ValueError, KeyError, TypeError):
            raise Refused(400, "MANIFEST_INVALID", "manifest invalid") from None
        if missing:
            raise Refused(400, "MANIFEST_BLOB_UNKNOWN", f"blob unknown to registry: {missing[0]}")


def _hash(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
