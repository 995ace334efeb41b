"""Processes that are surely ours: known by pid AND start time, ended with all their descendants."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import IO

from .state import write_private

PR_SET_CHILD_SUBREAPER = 36
MARK = "CODETRAIN_SANDBOX_OWNER"     # in the environment of what hooks may leave in the background


def start_time(pid: int) -> int | None:
    """Clock ticks after boot at which the process began; None when it is gone or only a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def claim(path: Path) -> IO[str]:
    """Makes this process the one that the pid file names: one line, the pid and the time it began.

    The lock that comes back must be kept; a second process that claims the same name ends."""
    held = open(path.with_suffix(".lock"), "a")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit(f"{path.stem}: another one runs already") from None
    write_private(path, f"{os.getpid()} {start_time(os.getpid())}\n")
    return held


def running(path: Path) -> int | None:
    """The pid of a pid file, if that very process is still alive (not another that got its number)."""
    try:
        pid, start = (int(word) for word in path.read_text().split())
    except (OSError, ValueError):
        return None
    return pid if start_time(pid) == start else None


def become_subreaper() -> None:
    """Orphans below this process come back to it, so that none can slip away from its end."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants(pid: int) -> list[int]:
    """Every process below pid, deepest last."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] not in "ZX":
            children.setdefault(int(fields[1]), []).append(int(entry))
    found: list[int] = []
    queue = [pid]
    while queue:
        for child in children.get(queue.pop(), ()):
            found.append(child)
            queue.append(child)
    return found


def marked(owner: str) -> list[int]:
    """Processes that carry a sandbox's mark: a git process that was killed cannot answer for them any more."""
    wanted, found = f"{MARK}={owner}".encode(), []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and wanted in Path(f"/proc/{entry}/environ").read_bytes().split(b"\0"):
                found.append(int(entry))
        except OSError:
            continue
    return found


def end_all(pids: list[int], grace: float) -> None:
    """SIGTERM, then after the grace SIGKILL, to processes named one by one; returns when they are gone.

    Without a grace there is no SIGTERM either."""
    alive = {pid: start for pid in pids if (start := start_time(pid)) is not None}
    if grace > 0:
        _signal(alive, signal.SIGTERM)
    if grace <= 0 or not _gone(alive, grace):
        _signal(alive, signal.SIGKILL)
        _gone(alive, 5)


def _signal(alive: dict[int, int], number: int) -> None:
    for pid, start in alive.items():
        if start_time(pid) == start:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass


def _gone(alive: dict[int, int], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(start_time(pid) == start for pid, start in alive.items()):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.01)
    return True


def end_tree(pid: int, grace: float) -> None:
    """Ends a process and what is below it. The children are looked up before their parent goes."""
    end_all([pid, *descendants(pid)], grace)


def spawn_daemon(argv: list[str], env: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """A process of its own session with nothing of ours but its log."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=descriptor, stderr=descriptor,
                                start_new_session=True, close_fds=True, cwd="/")
    finally:
        os.close(descriptor)
