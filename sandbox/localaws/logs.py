"""CloudWatch Logs of jobs and builds: into moto line by line, and into a file so that they outlive it."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from . import moto_world

LINE_MAX = 256 * 1024 - 26      # CloudWatch's own bound for one event


class Stream:
    """One log stream that the sandbox writes."""

    def __init__(self, root: Path, account: str, region: str, group: str, name: str) -> None:
        self._backend = moto_world.backend("logs", account, region)
        self._group, self._name = group, name
        folder = root / account / region / quote(group, safe="")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = open(folder / quote(name, safe=""), "a", encoding="utf-8")
        self._lock = threading.Lock()
        _ensure(self._backend, group, name)

    def write(self, lines: list[str]) -> None:
        stamp = int(time.time() * 1000)
        events = [{"timestamp": stamp, "message": line[:LINE_MAX]} for line in lines]
        if not events:
            return
        with self._lock:
            self._file.write("".join(json.dumps([e["timestamp"], e["message"]]) + "\n" for e in events))
            self._file.flush()
            with moto_world.lock:
                _ensure(self._backend, self._group, self._name)
                self._backend.groups[self._group].put_log_events(self._name, events)

    def close(self) -> None:
        self._file.close()


def _ensure(backend: Any, group: str, name: str) -> None:
    with moto_world.lock:
        backend.ensure_log_group(group)
        backend.ensure_log_stream(group, name)


def restore(root: Path) -> None:
    """Puts every stream that was written before back into moto."""
    for path in sorted(root.glob("*/*/*/*")):
        account, region, group, name = path.parts[-4:]
        backend = moto_world.backend("logs", account, region)
        _ensure(backend, unquote(group), unquote(name))
        events = []
        with open(path, encoding="utf-8", errors="replace") as source:
            for line in source:
                try:
                    stamp, message = json.loads(line)
                except ValueError:
                    continue        # the last line of a process that was killed
                events.append({"timestamp": stamp, "message": message})
        with moto_world.lock:
            if events:
                backend.groups[unquote(group)].put_log_events(unquote(name), events)
