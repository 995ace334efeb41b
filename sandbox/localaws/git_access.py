"""What the git process needs to know of AWS: keys, and who may pull from or push to which repository.

A file between the two processes, so that git goes on while the api is down.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from . import access, moto_world
from .accounts import Accounts, Caller, iam, known_accounts
from .state import REGION, write_json

_lock = threading.Lock()


def publish(path: Path, accounts: Accounts) -> None:
    with _lock, moto_world.lock:
        repositories = {account: sorted(moto_world.backend("codecommit", account, REGION).repositories)
                        for account in known_accounts()}
        keys: dict[str, Any] = {}
        for account in known_accounts():
            for name, found in iam(account).access_keys.items():
                if found.user_name and found.status == "Active":
                    caller = accounts.user(account, found.user_name)
                    _add(keys, name, found.secret_access_key, None, None, caller, repositories)
        for name, session in accounts.sessions.all().items():
            _add(keys, name, session["secret"], session["token"], session["expires"], accounts.caller(name), repositories)
        write_json(path, {"keys": keys, "repositories": repositories})


def _add(keys: dict[str, Any], name: str, secret: str, token: str | None, expires: str | None, caller: Caller | None,
         repositories: dict[str, list[str]]) -> None:
    if caller is None:
        return
    rights = {}
    for repository in repositories[caller.account]:
        arn = f"arn:aws:codecommit:{REGION}:{caller.account}:{repository}"
        rights[repository] = [action for action in ("GitPull", "GitPush")
                              if access.allowed(caller, f"codecommit:{action}", arn)]
    keys[name] = {"secret": secret, "token": token, "expires": expires, "account": caller.account, "arn": caller.arn,
                  "rights": rights}
