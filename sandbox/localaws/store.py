"""Things that the sandbox itself keeps (jobs, builds, models): one JSON file each, a copy in memory."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path
from typing import Any, Iterator

from .state import read_json, write_json

Entry = dict[str, Any]


class Store:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.lock = threading.RLock()
        self._entries: dict[tuple[str, str, str], Entry] = {}
        for path in sorted(folder.glob("*/*/*.json")):
            entry = read_json(path, {})
            self._entries[(entry["account"], entry["region"], entry["name"])] = entry

    def _path(self, account: str, region: str, name: str) -> Path:
        return self._folder / account / region / (re.sub(r"[^A-Za-z0-9._-]", "_", name) + ".json")

    def get(self, account: str, region: str, name: str) -> Entry | None:
        return self._entries.get((account, region, name))

    def put(self, entry: Entry) -> None:
        """Keeps an entry; it has account, region and name."""
        with self.lock:
            place = (entry["account"], entry["region"], entry["name"])
            write_json(self._path(*place), entry)
            self._entries[place] = entry

    def delete(self, account: str, region: str, name: str) -> None:
        with self.lock:
            del self._entries[(account, region, name)]
            os.unlink(self._path(account, region, name))

    def of(self, account: str, region: str) -> list[Entry]:
        with self.lock:
            return [entry for (a, r, _), entry in self._entries.items() if (a, r) == (account, region)]

    def __iter__(self) -> Iterator[Entry]:
        with self.lock:
            return iter(list(self._entries.values()))
