"""The parts of images: content-addressed files, and the names of their kinds."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from .state import write_private

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.codetrain.context.v1.tar"


class Blobs:
    """Content-addressed files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "blobs" / "sha256"
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, digest: str) -> Path:
        if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
            raise ValueError("not a digest")
        return self.folder / digest[7:]

    def has(self, digest: str) -> bool:
        return self.path(digest).is_file()

    def put(self, data: bytes) -> str:
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        if not self.has(digest):
            write_private(self.path(digest), data)
        return digest

    def read(self, digest: str) -> bytes:
        return self.path(digest).read_bytes()
