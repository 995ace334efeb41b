"""Runs a command in the files of an image: in bubblewrap where that works, plainly where it does not.

In bubblewrap the command sees the host's programs read-only, the image's files where the Dockerfile put
them, its own /opt/ml and nothing of the user's home. Plainly, OPT_ML_DIR names the directory that would
be /opt/ml, and the image's paths are those of its unpacked tree.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Folders that come from the host: an image cannot put files there.
HOST = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "etc", "proc", "sys", "dev", "tmp", "run")
FREE_IN_USR = "usr/src"


@dataclass
class Container:
    tree: Path                       # the image's files, a copy of this run's own
    ml: Path                         # what is /opt/ml
    command: list[str]
    env: dict[str, str]
    workdir: str = "/"
    hostname: str = "algo-1"
    network: bool = True
    venv: Path | None = None
    hosts: Path | None = None        # what is /etc/hosts


def can_hold(path: str) -> bool:
    """May an image have a file at this absolute path?"""
    parts = path.lstrip("/")
    return parts.startswith(FREE_IN_USR + "/") or parts.split("/")[0] not in HOST


@lru_cache(maxsize=1)
def bubblewrap() -> list[str] | None:
    """The beginning of a bwrap command that works on this machine; None where none does."""
    program = shutil.which("bwrap")
    if program is None:
        return None
    for pid_space in (["--unshare-pid", "--proc", "/proc"], ["--ro-bind", "/proc", "/proc"]):
        start = [program, "--die-with-parent", "--new-session", *pid_space, "--dev", "/dev"]
        trial = [*start, *_host(), "--tmpfs", "/opt", "/bin/true"]
        if subprocess.run(trial, stdin=subprocess.DEVNULL, capture_output=True, timeout=20).returncode == 0:
            return start
    return None


def _host() -> list[str]:
    found = []
    for name in ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "etc"):
        path = Path("/") / name
        if path.is_symlink():
            found += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            found += ["--ro-bind", str(path), str(path)]
    found += ["--tmpfs", "/tmp", "--tmpfs", "/run", "--tmpfs", "/root"]
    base = Path(sys.base_prefix).resolve()
    if Path("/usr") not in (base, *base.parents):
        found += ["--ro-bind", str(base), str(base)]
    return found


def argv_and_env(box: Container) -> tuple[list[str], dict[str, str], str | None]:
    """What to run, with which environment; and a sentence for the log if it is not in a container."""
    env = {"HOME": "/root", "HOSTNAME": box.hostname, **box.env}
    env["PATH"] = _path(env.get("PATH", SYSTEM_PATH), box.venv)
    start = bubblewrap()
    if start is None:
        return _plainly(box, env)
    argv = [*start, "--unshare-uts", "--unshare-ipc", "--hostname", box.hostname, *_host()]
    if not box.network:
        argv.append("--unshare-net")
    for entry in sorted(box.tree.iterdir()):
        if entry.name != "usr":
            argv += ["--bind", str(entry), f"/{entry.name}"]
        elif (entry / "src").is_dir():
            argv += ["--bind", str(entry / "src"), "/usr/src"]
    if not (box.tree / "opt").exists():
        argv += ["--tmpfs", "/opt"]
    else:
        (box.tree / "opt/ml").mkdir(exist_ok=True)
    argv += ["--bind", str(box.ml), "/opt/ml"]
    if box.hosts and os.path.isfile("/etc/hosts"):
        argv += ["--ro-bind", str(box.hosts), "/etc/hosts"]
    if box.venv:
        argv += ["--ro-bind", str(box.venv), str(box.venv)]
    if box.workdir.strip("/") and not (box.tree / box.workdir.lstrip("/")).exists():
        argv += ["--dir", box.workdir]
    return [*argv, "--chdir", box.workdir, "--", *box.command], env, None


def _path(image_path: str, venv: Path | None) -> str:
    """The image's PATH with its Python in front of the host's programs."""
    own = [part for part in image_path.split(":") if part and part not in SYSTEM_PATH.split(":")]
    python = [str(venv / "bin")] if venv else []
    base = Path(sys.base_prefix) / "bin"
    return ":".join([*own, *python, *([str(base)] if str(base) != "/usr/bin" else []), SYSTEM_PATH])


def _plainly(box: Container, env: dict[str, str]) -> tuple[list[str], dict[str, str], str | None]:
    tree = str(box.tree)
    mapped = [tree + part if os.path.isdir(tree + part) else part for part in env["PATH"].split(":")]
    env = {**env, "PATH": ":".join(mapped), "OPT_ML_DIR": str(box.ml), "HOME": str(box.ml)}
    command = [tree + word if word.startswith("/") and os.path.exists(tree + word) else word for word in box.command]
    workdir = tree + box.workdir if os.path.isdir(tree + box.workdir) else tree
    shell = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', workdir, *command]
    return shell, env, ("codetrain-sandbox: bubblewrap does not work here, so this runs without a container; "
                        f"OPT_ML_DIR={box.ml} is what would be /opt/ml")
