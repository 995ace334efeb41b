"""Every successful change of the world, kept in order, so that a killed world comes back as it was.

An entry is a request without its signature, with the seed and the time it ran with. Large bodies lie
beside the journal under their hash. An entry is written before the caller gets the answer; one that
was cut short by a kill at the very end is dropped, as its caller never saw an answer.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

from . import moto_world
from .moto_world import Answer
from .request import PRESERVED_NAMES

INLINE = 64 << 10
_KEPT = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "RAW_URI", "CONTENT_TYPE", "HTTP_HOST",
         "HTTP_X_MOTO_ACCOUNT_ID", "HTTP_X_AMZ_TARGET")
_NEVER = ("HTTP_AUTHORIZATION", "HTTP_X_AMZ_SECURITY_TOKEN", "HTTP_X_AMZ_DATE")


class Journal:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "journal.jsonl"
        self.blobs = folder / "bodies"
        self.blobs.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file: BinaryIO | None = None

    def replay(self) -> int:
        """Runs all entries again; returns how many. Must be called once, before record()."""
        count, good = 0, 0
        if self.path.exists():
            with open(self.path, "rb") as source:
                for line in source:
                    if not line.endswith(b"\n"):
                        break
                    self._again(json.loads(line))
                    count, good = count + 1, good + len(line)
            os.truncate(self.path, good)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._file = os.fdopen(descriptor, "ab", buffering=0)
        return count

    def _again(self, entry: dict[str, Any]) -> None:
        body = self._body(entry)
        environ = moto_world.environ_of("POST", "/", "", body, "", entry["region"], entry["service"], "", {})
        environ.update(entry["environ"])
        environ[PRESERVED_NAMES] = entry["names"]
        answer = moto_world.execute(environ, entry["seed"], entry["time"])
        if answer.status != entry["status"]:
            print(f"journal: {entry['service']} {entry['operation']} answered {answer.status} when it was run again, "
                  f"{entry['status']} before", file=sys.stderr)

    def _body(self, entry: dict[str, Any]) -> bytes:
        if "blob" in entry:
            return (self.blobs / entry["blob"]).read_bytes()
        return base64.b64decode(entry["body"])

    def run(self, environ: dict[str, Any], region: str, service: str, operation: str) -> Answer:
        """Executes a change and keeps it if it succeeded."""
        source = environ["wsgi.input"]
        seed, when = secrets.token_hex(16), time.time()
        with moto_world.lock:
            answer = moto_world.execute(environ, seed, when)
            if answer.status < 400:
                kept = {key: value for key, value in environ.items()
                        if key in _KEPT or (key.startswith("HTTP_") and key not in _NEVER)}
                entry = {"time": when, "seed": seed, "region": region, "service": service, "operation": operation,
                         "status": answer.status, "environ": kept, "names": environ.get(PRESERVED_NAMES, {}),
                         **self._keep(source)}
                assert self._file is not None
                self._file.write(json.dumps(entry, separators=(",", ":")).encode() + b"\n")
        return answer

    def _keep(self, source: BinaryIO) -> dict[str, str]:
        source.seek(0, os.SEEK_END)
        size = source.tell()
        source.seek(0)
        if size <= INLINE:
            return {"body": base64.b64encode(source.read()).decode()}
        name = secrets.token_hex(16)
        with open(os.open(self.blobs / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)
        return {"blob": name}
