"""The container credentials endpoint: what builds and training hosts ask for their role's credentials."""

from __future__ import annotations

import json
import secrets
import threading

from .accounts import Sessions
from .moto_world import Answer

PATH = "/sandbox/credentials/"
SECONDS = 3600


class Containers:
    def __init__(self, sessions: Sessions, url: str) -> None:
        self._sessions, self._url = sessions, url
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, str, str]] = {}       # id -> (token, role ARN, session name)

    def environment(self, role_arn: str, session_name: str) -> dict[str, str]:
        """The variables that give a child the role, as ECS and CodeBuild give them."""
        name, token = secrets.token_hex(8), secrets.token_urlsafe(32)
        with self._lock:
            self._known[name] = (token, role_arn, session_name)
        return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{self._url}{PATH}{name}",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": token, "AWS_ENDPOINT_URL": self._url,
                "AWS_EC2_METADATA_DISABLED": "true"}

    def forget(self, environment: dict[str, str]) -> None:
        """From now on the endpoint answers these variables with a refusal."""
        with self._lock:
            self._known.pop(environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"].rpartition("/")[2], None)

    def answer(self, path: str, authorization: str) -> Answer:
        entry = self._known.get(path[len(PATH):])
        if entry is None or not secrets.compare_digest(entry[0].encode(), authorization.encode()):
            return Answer(403, [("Content-Type", "application/json")],
                          b'{"code":"AccessDeniedException","message":"the authorization token is not valid"}')
        _, role, name = entry
        session = self._sessions.create(role.split(":")[4], role, name, SECONDS)
        body = {"AccessKeyId": session["key"], "SecretAccessKey": session["secret"], "Token": session["token"],
                "Expiration": session["expires"].replace("+00:00", "Z"), "RoleArn": role}
        return Answer(200, [("Content-Type", "application/json")], json.dumps(body).encode())
