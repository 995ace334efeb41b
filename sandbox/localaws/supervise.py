"""supervise FD GRACE -- COMMAND...: runs a command and answers for all that it starts.

FD is the reading end of a pipe whose writing end the sandbox holds. A byte asks for an orderly stop:
SIGTERM to the command, SIGKILL to everything after GRACE seconds. The end of the pipe means that the
sandbox is gone, however it went, and everything goes at once. Whatever the command leaves behind when
it ends is ended too. Exit status: the command's, or 128 + the signal that ended it.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from .processes import become_subreaper, descendants, end_all


def main() -> int:
    fd, grace = int(sys.argv[1]), float(sys.argv[2])
    command = sys.argv[sys.argv.index("--") + 1:]
    os.set_inheritable(fd, False)
    become_subreaper()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: None)       # it ends by its pipe; a handler is not inherited
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    try:
        child = subprocess.Popen(command, start_new_session=True)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", flush=True)
        return 127 if isinstance(error, FileNotFoundError) else 126
    deadline, asked = None, True
    watched = [fd, wake_read]
    while child.poll() is None:
        asked = asked or ask(child.pid)
        left = None if deadline is None else max(0.0, deadline - time.monotonic()) if asked else 0.02
        ready, _, _ = select.select(watched, [], [], left)
        if wake_read in ready:
            os.read(wake_read, 512)
        if deadline is not None and time.monotonic() >= deadline:
            end_all(descendants(os.getpid()), 0)
        if fd in ready:
            if not os.read(fd, 1):
                end_all(descendants(os.getpid()), 1.0)
                return 137
            if deadline is None:
                deadline, asked = time.monotonic() + grace, False
    end_all(descendants(os.getpid()), 2.0)
    code = child.returncode
    return code if code >= 0 else 128 - code


def ask(pid: int) -> bool:
    """SIGTERM to the command itself: within bubblewrap that is the first process that is not bubblewrap.

    False when that one is not there yet."""
    for candidate in [pid, *descendants(pid)]:
        try:
            if Path(f"/proc/{candidate}/comm").read_text().strip() != "bwrap":
                os.kill(candidate, signal.SIGTERM)
                return True
        except (OSError, ProcessLookupError):
            continue
    return False
