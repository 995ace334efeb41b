"""The bare repositories behind CodeCommit: made on first use, with codetrain's server hooks where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from pathlib import Path

from . import processes
from .state import REGION, State, read_json

_lock = threading.Lock()
SECONDS = 30


def environment(state: State) -> dict[str, str]:
    """What git and its hooks see: the sandbox's AWS as the devops administrator, and nothing of the user's."""
    folders = [f for f in read_json(state.installation, {}).get("programs", []) if os.path.isdir(f)]
    return {"PATH": ":".join([*folders, "/usr/local/bin:/usr/bin:/bin"]), "HOME": str(state.home), "LANG": "C.UTF-8",
            "AWS_ENDPOINT_URL": state.api_url(), "AWS_CONFIG_FILE": str(state.aws_config), "AWS_REGION": REGION,
            "AWS_SHARED_CREDENTIALS_FILE": str(state.aws_credentials), "AWS_PROFILE": "mlops-devops",
            "AWS_EC2_METADATA_DISABLED": "true", "GIT_CONFIG_NOSYSTEM": "1", processes.MARK: str(state.root)}


def ensure(state: State, account: str, name: str) -> Path:
    """The repository's folder. A creation that was killed half way leaves nothing behind."""
    path = state.git / account / f"{name}.git"
    with _lock:
        if not path.is_dir():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            half = path.with_suffix(".new")
            shutil.rmtree(half, ignore_errors=True)
            _git(state, "init", "--quiet", "--bare", "--initial-branch=main", str(half))
            settings = {"http.receivepack": "true", "receive.denyNonFastForwards": "false", "gc.auto": "0",
                        "receive.advertisePushOptions": "true", "uploadpack.allowFilter": "true",
                        "codetrain.target": "codebuild", "codetrain.project": name, "codetrain.region": REGION,
                        "codetrain.profile": "mlops-devops"}
            for key, value in settings.items():
                _git(state, "--git-dir", str(half), "config", key, value)
            half.rename(path)
            _hooks(state, path)
        elif not (path / "hooks/post-receive").exists():
            _hooks(state, path)     # codetrain came after the repository
    return path


def remove(state: State, account: str, name: str) -> None:
    """What DeleteRepository means here."""
    with _lock:
        shutil.rmtree(state.git / account / f"{name}.git", ignore_errors=True)


def _git(state: State, *words: str) -> None:
    subprocess.run(["git", *words], check=True, env=environment(state), stdin=subprocess.DEVNULL, timeout=SECONDS)


def _hooks(state: State, path: Path) -> None:
    env = environment(state)
    for folder in env["PATH"].split(":"):
        program = Path(folder) / "codetrain-hooks"
        if os.access(program, os.X_OK):
            subprocess.run([str(program), "install", "--server"], cwd=path, env=env, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, timeout=SECONDS, check=False)
            return
