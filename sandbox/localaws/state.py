"""Where the sandbox keeps things, and how it writes them: folders 0700, files 0600, each write atomic."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

REGION = "us-east-2"
DEVOPS, BETA, PRODUCTION = "111111111111", "222222222222", "333333333333"
ACCOUNTS = {"devops": DEVOPS, "beta": BETA, "production": PRODUCTION}


class State:
    """The state directory. Every path of the sandbox is named here and nowhere else."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(root).absolute()

    @classmethod
    def from_environment(cls) -> "State":
        root = os.environ.get("CODETRAIN_SANDBOX")
        if not root:
            base = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local/state")
            root = os.path.join(base, "codetrain/sandbox")
        return cls(root)

    def __getattr__(self, name: str) -> Path:
        try:
            return self.root / _PLACES[name]
        except KeyError:
            raise AttributeError(name) from None

    def prepare(self) -> None:
        """Makes the folders, readable by their owner alone."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chmod(self.root, 0o700)
        for name in _FOLDERS:
            getattr(self, name).mkdir(mode=0o700, parents=True, exist_ok=True)

    def ports(self) -> dict[str, int]:
        return read_json(self.ports_file, {})

    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.ports()['api']}"

    def venvs(self) -> Path:
        """The Python packages of images; `up` makes this a link into a cache if it is told of one."""
        return (self.images / "venvs").resolve()

    def token(self) -> str:
        """The token that guards the sandbox's own endpoints; made on first use."""
        try:
            return self.token_file.read_text().strip()
        except FileNotFoundError:
            write_private(self.token_file, secrets.token_urlsafe(32) + "\n")
            return self.token_file.read_text().strip()


_PLACES = {
    "ports_file": "ports.json",
    "token_file": "token",
    "lock_file": "lock",
    "run": "run",
    "logs": "log",
    "aws": "aws",
    "aws_config": "aws/config",
    "aws_credentials": "aws/credentials",
    "ca": "ca",
    "ca_bundle": "ca/ca.pem",
    "git": "git",
    "git_access": "git-access.json",
    "journal": "journal",
    "sessions": "sessions.json",
    "training": "training",
    "builds": "builds",
    "models": "models",
    "cloudwatch": "cloudwatch",
    "ecr": "ecr",
    "images": "images",
    "bin": "bin",
    "home": "home",
    "tmp": "tmp",
    "pip_env": "pip-env.json",
    "installation": "installation.json",
}
_FOLDERS = ("run", "logs", "aws", "ca", "git", "journal", "training", "builds", "models", "cloudwatch",
            "ecr", "images", "bin", "home", "tmp")


def write_private(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Replaces a file in one step; it is never readable by others, not even while it is written."""
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def write_json(path: Path, value: Any) -> None:
    write_private(path, json.dumps(value, indent=1, sort_keys=True) + "\n")


def read_json(path: Path, default: Any) -> Any:
    """The file's value; the default when it is not there. A damaged file is an error that names it."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return default
    try:
        return json.loads(text)
    except ValueError as error:
        raise SystemExit(f"codetrain-sandbox: {path} is damaged ({error}); "
                         "`codetrain sandbox down --purge` starts afresh") from None
