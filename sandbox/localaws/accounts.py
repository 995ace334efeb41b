"""Who may call: access keys of IAM users, and the sessions that STS hands out."""

from __future__ import annotations

import json
import re
import secrets
import string
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable

from . import moto_world, policy
from .signature import Key
from .state import ACCOUNTS, read_json, write_json

_KEEP_EXPIRED = timedelta(hours=1)      # so that an old token is "expired" and not "invalid"


@dataclass(frozen=True)
class Caller:
    """Who signed a request: an IAM user, a role's session, or the sandbox's own root of an account."""

    account: str
    arn: str
    user_id: str
    names: tuple[str, ...]                  # every ARN that a policy can name it by
    kind: str                               # user | session | root
    documents: tuple[policy.Document, ...] = ()
    session_policy: policy.Document | None = None
    context: dict[str, str] = field(default_factory=dict)

    def question(self, action: str, resource: str, context: dict[str, str] | None = None) -> policy.Question:
        return policy.Question(action, resource, self.account, self.names, False, {**self.context, **(context or {})})


def now() -> datetime:
    return datetime.now(timezone.utc)


def iam(account: str) -> Any:
    return moto_world.backend("iam", account, "aws")


def known_accounts() -> list[str]:
    return list(ACCOUNTS.values())


class Sessions:
    """Temporary credentials. They live in a file of their own, for no replay makes them anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._entries: dict[str, dict[str, Any]] = read_json(path, {})
        self.changed: Callable[[], None] = lambda: None

    def get(self, access_key: str) -> dict[str, Any] | None:
        return self._entries.get(access_key)

    def all(self) -> dict[str, dict[str, Any]]:
        with self._lock:
            return dict(self._entries)

    def create(self, account: str, role: str | None, name: str, seconds: int, *, user: str | None = None,
               session_policy: str | None = None) -> dict[str, Any]:
        alphabet = string.ascii_uppercase + "234567"
        entry: dict[str, Any] = {
            "account": account, "role": role, "user": user, "name": name, "policy": session_policy,
            "key": "ASIA" + "".join(secrets.choice(alphabet) for _ in range(16)),
            "secret": secrets.token_urlsafe(30),
            "token": "IQoJb3JpZ2luX2Vj" + secrets.token_urlsafe(180) + "=",
            "expires": (now() + timedelta(seconds=seconds)).isoformat(timespec="seconds"),
        }
        with self._lock:
            horizon = now() - _KEEP_EXPIRED
            self._entries = {key: value for key, value in self._entries.items()
                             if datetime.fromisoformat(value["expires"]) > horizon}
            self._entries[entry["key"]] = entry
            write_json(self._path, self._entries)
        self.changed()
        return entry


class Accounts:
    """Looks up keys and callers in moto's IAM and in the sessions."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions

    def key(self, access_key: str) -> Key | None:
        session = self.sessions.get(access_key)
        if session:
            return Key(session["secret"], session["token"], datetime.fromisoformat(session["expires"]))
        found = self._user_key(access_key)
        return Key(found[1].secret_access_key, None, None, found[1].status == "Active") if found else None

    @staticmethod
    def _user_key(access_key: str) -> tuple[str, Any] | None:
        with moto_world.lock:
            for account in known_accounts():
                found = iam(account).access_keys.get(access_key)
                if found is not None and found.user_name:
                    return account, found
        return None

    def caller(self, access_key: str) -> Caller | None:
        with moto_world.lock:
            session = self.sessions.get(access_key)
            if session and session["role"]:
                return self._role_session(session)
            if session:
                return self.user(session["account"], session["user"])
            found = self._user_key(access_key)
            return self.user(found[0], found[1].user_name) if found else None

    def user(self, account: str, name: str) -> Caller | None:
        backend = iam(account)
        user = backend.users.get(name)
        if user is None:
            return None
        holders = [user, *(group for group in backend.groups.values() if user in group.users)]
        arn = f"arn:aws:iam::{account}:user{user.path}{user.name}"
        context = {"aws:username": user.name, "aws:userid": user.id, "aws:PrincipalArn": arn,
                   "aws:PrincipalAccount": account, "aws:PrincipalType": "User"}
        return Caller(account, arn, user.id, (arn,), "user", _documents(holders), None, context)

    def _role_session(self, session: dict[str, Any]) -> Caller | None:
        caller = self.role(session["role"], session["name"])
        if caller is None or not session["policy"]:
            return caller
        return Caller(**{**vars(caller), "session_policy": json.loads(session["policy"])})

    def role(self, arn: str, session_name: str) -> Caller | None:
        """A session of a role; None when there is no such role (or no longer)."""
        role = find_role(arn)
        if role is None:
            return None
        account = arn.split(":")[4]
        session_arn = f"arn:aws:sts::{account}:assumed-role/{role.name}/{session_name}"
        user_id = f"{role.id}:{session_name}"
        context = {"aws:userid": user_id, "aws:PrincipalArn": arn, "aws:PrincipalAccount": account,
                   "aws:PrincipalType": "AssumedRole"}
        return Caller(account, session_arn, user_id, (session_arn, arn), "session", _documents([role]), None, context)


def find_role(arn: str) -> Any | None:
    match = re.fullmatch(r"arn:aws:iam::(\d{12}):role(/.*)", arn or "")
    if not match or match.group(1) not in known_accounts():
        return None
    with moto_world.lock:
        for role in iam(match.group(1)).roles.values():
            if f"{role.path}{role.name}" == match.group(2):
                return role
    return None


def trust_policy(role: Any) -> policy.Document:
    document = role.assume_role_policy_document
    return json.loads(document) if isinstance(document, str) else document


def _documents(holders: list[Any]) -> tuple[policy.Document, ...]:
    """Every document, inline and attached, of a user and its groups, or of a role."""
    found = []
    for holder in holders:
        found += [_parse(text) for text in holder.policies.values()]
        for managed in holder.managed_policies.values():
            version = next(v for v in managed.versions if v.version_id == managed.default_version_id)
            found.append(_parse(version.document))
    return tuple(found)


def _parse(document: Any) -> policy.Document:
    return json.loads(document) if isinstance(document, str) else document
