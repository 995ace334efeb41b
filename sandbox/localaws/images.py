"""Images of the stand-in registry: what a manifest means, and unpacking one for a run.

An image here is a manifest and a configuration in Docker's form, and one layer that is a plain tar of
the files that the Dockerfile copied, at their places. All of it lies under its SHA-256 in STATE/ecr.
"""

from __future__ import annotations

import json
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import moto_world
from .blobs import Blobs
from .errors import AwsError

_REFERENCE = re.compile(r"(?P<account>\d{12})\.dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/"
                        r"(?P<repository>[a-z0-9][a-z0-9._/-]*)(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?"
                        r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?")


@dataclass(frozen=True)
class Reference:
    account: str
    region: str
    repository: str
    tag: str | None
    digest: str | None

    @property
    def arn(self) -> str:
        return f"arn:aws:ecr:{self.region}:{self.account}:repository/{self.repository}"


def parse(text: str) -> Reference | None:
    match = _REFERENCE.fullmatch(text)
    return Reference(**match.groupdict()) if match else None


def find(reference: Reference) -> tuple[str, str] | None:
    """(digest, text of the manifest) of an image that ECR has under the tag or digest."""
    with moto_world.lock:
        repository = moto_world.backend("ecr", reference.account, reference.region).repositories.get(reference.repository)
        if repository is None:
            return None
        for image in repository.images:
            digest = image.get_image_digest()
            wanted = reference.digest == digest if reference.digest else (reference.tag or "latest") in image.image_tags
            if wanted:
                return digest, image.image_manifest
    return None


@dataclass(frozen=True)
class Unpacked:
    env: dict[str, str]
    entrypoint: list[str]
    cmd: list[str]
    workdir: str
    venv: Path | None


def unpack(blobs: Blobs, venvs: Path, manifest: dict[str, Any], tree: Path) -> Unpacked:
    """Lays the image's files out in `tree`; raises AwsError if this is no image of the stand-in."""
    try:
        config = json.loads(blobs.read(manifest["config"]["digest"]))
        layers = [layer["digest"] for layer in manifest["layers"]]
    except (OSError, KeyError, ValueError, TypeError):
        raise AwsError("ValidationException", "the image was not made by the sandbox's docker: it cannot run here") \
            from None
    tree.mkdir(mode=0o700, parents=True)
    for layer in layers:
        with tarfile.open(blobs.path(layer)) as archive:
            _extract(archive, tree)
    inner = config.get("config", {})
    env = dict(entry.split("=", 1) for entry in inner.get("Env", []))
    key = config.get("codetrain", {}).get("venv")
    venv = venvs / key if key else None
    return Unpacked(env, inner.get("Entrypoint") or [], inner.get("Cmd") or [], inner.get("WorkingDir") or "/", venv)


def _extract(archive: tarfile.TarFile, tree: Path) -> None:
    """Regular files, folders and links that stay inside; nothing else comes out of an archive."""
    for member in archive.getmembers():
        parts = Path(member.name).parts
        if member.name.startswith("/") or ".." in parts or not (member.isfile() or member.isdir() or member.issym()):
            raise AwsError("ValidationException", f"the image holds a file that is refused: {member.name}")
        archive.extract(member, tree, **({"filter": "tar"} if hasattr(tarfile, "tar_filter") else {}))
