"""The Python packages of images: one virtual environment for each set of requirements, kept and shared."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable

from .state import State, read_json

SECONDS = 900
KEPT = 8            # environments that are kept; the longest unused goes first


class Failed(Exception):
    pass


def key_of(packages: list[str]) -> str:
    version = "%d.%d" % sys.version_info[:2]
    return hashlib.sha256("\n".join([version, *sorted(set(packages))]).encode()).hexdigest()[:32]


def ensure(state: State, packages: list[str], say: Callable[[str], None]) -> str | None:
    """The name of the environment that has these packages; made if it is not there. None for no packages."""
    if not packages:
        return None
    key, folder = key_of(packages), state.venvs()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = folder / key
    with open(folder / f"{key}.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (place / ".complete").exists():
            os.utime(place / ".complete")
            say(f"  packages: {len(packages)} requirements, installed before ({key[:12]})")
            return key
        names = sorted({re.split(r"[^A-Za-z0-9._-]", package)[0] for package in packages})
        say(f"  packages: installing {' '.join(names)}")
        shutil.rmtree(place, ignore_errors=True)
        _make(state, place, packages)
        (place / ".complete").touch()
    _prune(folder, key)
    return key


def _make(state: State, place: Path, packages: list[str]) -> None:
    base = read_json(state.installation, {}).get("python") or sys.executable
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", **read_json(state.pip_env, {}),
           "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    steps = [[base, "-I", "-m", "venv", str(place)],
             [str(place / "bin/python"), "-m", "pip", "install", "--quiet", "--no-input", "--prefer-binary", *packages]]
    for step in steps:
        try:
            done = subprocess.run(step, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            raise Failed(f"pip took longer than {SECONDS} seconds") from None
        if done.returncode:
            raise Failed("\n".join(done.stderr.strip().splitlines()[-8:]) or "pip failed")


def _prune(folder: Path, keep: str) -> None:
    ready = sorted(folder.glob("*/.complete"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in ready[KEPT:]:
        if path.parent.name != keep:
            shutil.rmtree(path.parent, ignore_errors=True)
