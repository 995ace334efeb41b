"""A Dockerfile read by the stand-in: what it copies, sets and installs; everything else is listed as not run."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterator

from .container import SYSTEM_PATH, can_hold

LINES_MAX = 10_000
_PIP_WITH_VALUE = ("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-c", "--constraint", "-t", "--target",
                   "--timeout", "--retries", "--only-binary", "--no-binary", "--root-user-action", "--platform",
                   "--trusted-host", "--progress-bar")


class Refused(Exception):
    """The build fails, for this reason."""


@dataclass
class Image:
    """What a Dockerfile makes."""

    base: str = ""
    env: dict[str, str] = field(default_factory=lambda: {"PATH": SYSTEM_PATH})
    workdir: str = "/"
    entrypoint: list[str] = field(default_factory=list)
    cmd: list[str] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    packages: list[str] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)


def instructions(text: str) -> Iterator[tuple[int, str, str]]:
    """(line, INSTRUCTION, rest), with continued lines joined and comments left out."""
    pending, start = "", 0
    for number, line in enumerate(text.splitlines()[:LINES_MAX], 1):
        if line.lstrip().startswith("#"):
            continue
        if not pending:
            start = number
        pending += line.strip()
        if pending.endswith("\\"):
            pending = pending[:-1].rstrip() + " "
            continue
        if pending:
            word, _, rest = pending.partition(" ")
            yield start, word.upper(), rest.strip()
        pending = ""
    if pending.strip():
        word, _, rest = pending.strip().partition(" ")
        yield start, word.upper(), rest.strip()


class Builder:
    """Carries a Dockerfile out into `tree`."""

    def __init__(self, context: Path, tree: Path, arguments: dict[str, str], say: Callable[[str], None]) -> None:
        self.context, self.tree, self.say = context, tree, say
        self.image = Image()
        self._given, self._arguments = arguments, dict[str, str]()
        self._ignored = _ignore_patterns(context)
        self._steps = {"FROM": self._from, "ARG": self._arg, "ENV": self._env, "WORKDIR": self._workdir, "COPY": self._copy,
                       "ADD": self._copy, "RUN": self._run, "ENTRYPOINT": self._entrypoint, "CMD": self._cmd,
                       "LABEL": self._label}

    def build(self, text: str) -> Image:
        for number, word, rest in instructions(text):
            step = self._steps.get(word)
            try:
                if step is None:
                    if not re.fullmatch(r"[A-Z]+", word):
                        raise Refused(f"unknown instruction: {word}")
                    self._skip(f"{word} {rest}")
                elif not self.image.base and word not in ("FROM", "ARG"):
                    raise Refused("no build stage in current context")
                else:
                    step(rest)
            except Refused as refused:
                raise Refused(f"Dockerfile line {number}: {refused}") from None
        if not self.image.base:
            raise Refused("the Dockerfile has no FROM")
        return self.image

    def _skip(self, text: str) -> None:
        self.image.not_run.append(text)
        self.say(f"  not run: {text[:200]}")

    def _expand(self, text: str) -> str:
        values = {**self._arguments, **self.image.env}

        def value(match: re.Match[str]) -> str:
            name, operator, word = match.group(1) or match.group(4), match.group(2), match.group(3)
            found = values.get(name, "")
            if operator == ":-":
                return found or word
            return (word if found else "") if operator == ":+" else found

        return re.sub(r"\$\{(\w+)(?:(:[-+])([^}]*))?\}|\$(\w+)", value, text)

    def _from(self, rest: str) -> None:
        words = [word for word in rest.split() if not word.startswith("--")]
        if not words:
            raise Refused("FROM requires an image")
        shutil.rmtree(self.tree, ignore_errors=True)        # a new stage begins empty
        self.tree.mkdir(mode=0o755, parents=True)
        skipped = self.image.not_run
        self.image = Image(base=self._expand(words[0]), not_run=skipped)
        self.say(f"  FROM {self.image.base}: not pulled, the sandbox's own Python stands in for it")

    def _arg(self, rest: str) -> None:
        name, _, default = rest.partition("=")
        self._arguments[name] = self._given.get(name, self._expand(default.strip("\"'")))

    def _env(self, rest: str) -> None:
        if "=" not in rest.split(None, 1)[0]:
            name, _, value = rest.partition(" ")
            self.image.env[name] = self._expand(value.strip())
            return
        for word in _words(rest):
            name, _, value = word.partition("=")
            self.image.env[name] = self._expand(value)

    def _label(self, rest: str) -> None:
        for word in _words(rest):
            name, _, value = word.partition("=")
            self.image.labels[name] = self._expand(value)

    def _workdir(self, rest: str) -> None:
        self.image.workdir = os.path.normpath(os.path.join(self.image.workdir, self._expand(rest.strip("\"'"))))
        if can_hold(self.image.workdir):
            self._inside(self.image.workdir).mkdir(mode=0o755, parents=True, exist_ok=True)

    def _entrypoint(self, rest: str) -> None:
        self.image.entrypoint = _command(rest)

    def _cmd(self, rest: str) -> None:
        self.image.cmd = _command(rest)

    # ---- files ----

    def _inside(self, path: str) -> Path:
        return self.tree / path.lstrip("/")

    def _copy(self, rest: str) -> None:
        if rest.startswith("["):
            words = _command(rest)
        else:
            words = _words(rest)
        options = [word for word in words if word.startswith("--")]
        words = [self._expand(word) for word in words if not word.startswith("--")]
        if any(option.startswith("--from") for option in options):
            raise Refused("COPY --from another stage needs a real Docker")
        if len(words) < 2:
            raise Refused("COPY requires at least two arguments")
        *sources, target = words
        if any(re.match(r"(https?|git)://|git@", source) for source in sources):
            raise Refused("ADD of a remote file needs a real Docker")
        place = os.path.normpath(os.path.join(self.image.workdir, target))
        if not can_hold(place):
            raise Refused(f"the stand-in cannot put files into {place}: that folder comes from this machine")
        mode = next((int(option.partition("=")[2], 8) for option in options if option.startswith("--chmod=")), None)
        found = [path for source in sources for path in self._sources(source)]
        as_folder = target.endswith(("/", "/.", ".")) or len(found) > 1
        for path in found:
            self._copy_one(path, self._inside(place), as_folder, mode)

    def _sources(self, source: str) -> list[Path]:
        relative = os.path.normpath(source.lstrip("/"))
        if relative.startswith(".."):
            raise Refused(f"{source} is outside of the build context")
        found = [self.context] if relative == "." else sorted(self.context.glob(relative))
        found = [path for path in found if path == self.context or not self._is_ignored(path)]
        if not found:
            raise Refused(f"failed to compute cache key: \"/{relative}\": not found")
        return found

    def _copy_one(self, source: Path, place: Path, as_folder: bool, mode: int | None) -> None:
        if source.is_dir():
            for root, folders, files in os.walk(source):
                folders[:] = sorted(name for name in folders if not self._is_ignored(Path(root) / name))
                target = place / Path(root).relative_to(source)
                target.mkdir(mode=0o755, parents=True, exist_ok=True)
                for name in sorted(files):
                    if not self._is_ignored(Path(root) / name):
                        _copy_file(Path(root) / name, target / name, mode, self.context)
            return
        target = place / source.name if as_folder or place.is_dir() else place
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        _copy_file(source, target, mode, self.context)

    def _is_ignored(self, path: Path) -> bool:
        relative, ignored = path.relative_to(self.context).as_posix(), False
        parts = relative.split("/")
        heads = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        for pattern, negated in self._ignored:
            if any(pattern.fullmatch(head) for head in heads):
                ignored = not negated
        return ignored

    # ---- RUN ----

    def _run(self, rest: str) -> None:
        text = " ".join(_command(rest)) if rest.startswith("[") else rest
        for part in re.split(r"&&|;|\|\|", text):
            if part.strip():
                self._run_one(part.strip())

    def _run_one(self, text: str) -> None:
        try:
            words = [self._expand(word) for word in shlex.split(text)]
        except ValueError:
            self._skip("RUN " + text)
            return
        match = re.match(r"(?:\S*python[\d.]*\s+-m\s+)?\S*pip[\d.]*\s+install\b", " ".join(words))
        if match:
            self._pip(words[words.index("install") + 1:])
        elif words[:1] == ["chmod"] and len(words) > 2:
            self._chmod(words[1], words[2:], text)
        elif words[:1] == ["mkdir"]:
            for name in (word for word in words[1:] if not word.startswith("-")):
                place = os.path.normpath(os.path.join(self.image.workdir, name))
                if can_hold(place):
                    self._inside(place).mkdir(mode=0o755, parents=True, exist_ok=True)
        else:
            self._skip("RUN " + text)

    def _chmod(self, mode: str, names: list[str], text: str) -> None:
        for name in names:
            path = self._inside(os.path.normpath(os.path.join(self.image.workdir, name)))
            if not path.is_file():
                self._skip("RUN " + text)
            elif re.fullmatch(r"[ugoa]*\+[rwx]*x[rwx]*", mode):
                path.chmod(path.stat().st_mode | 0o111)
            elif re.fullmatch(r"0?[0-7]{3}", mode):
                path.chmod(int(mode, 8))

    def _pip(self, words: list[str]) -> None:
        """The requirements that a pip command names, files of requirements read from the image."""
        queue = list(words)
        while queue:
            word = queue.pop(0)
            if word in ("-r", "--requirement"):
                self._requirements(queue.pop(0) if queue else "")
            elif word.startswith(("--requirement=", "-r")) and len(word) > 2:
                self._requirements(word.partition("=")[2] or word[2:])
            elif word in ("-U", "-q", "-qq", "--upgrade", "--quiet", "--no-cache-dir", "--user", "--prefer-binary",
                          "--no-input", "--disable-pip-version-check", "--break-system-packages"):
                continue
            elif word.startswith("-"):
                if word in _PIP_WITH_VALUE and queue:       # where packages come from is this machine's affair
                    queue.pop(0)
            elif word.startswith((".", "/")):
                raise Refused(f"pip install {word}: the stand-in installs named packages only")
            elif word not in ("pip", "setuptools", "wheel"):
                self.image.packages.append(word)

    def _requirements(self, name: str) -> None:
        path = self._inside(os.path.normpath(os.path.join(self.image.workdir, name)))
        if not path.is_file():
            raise Refused(f"pip install -r {name}: no such file in the image")
        for line in path.read_text().splitlines():
            text = re.sub(r"(^|\s)#.*", "", line).strip()
            if text and not text.startswith("-"):
                self.image.packages.append(text)


def _copy_file(source: Path, target: Path, mode: int | None, context: Path) -> None:
    if source.is_symlink():
        real = source.resolve()
        if context.resolve() not in real.parents:
            raise Refused(f"{source.name} is a link that leaves the build context")
    if target.is_symlink() or target.exists():
        target.unlink()
    shutil.copyfile(source, target)
    # Only the executable bit counts: umask and owner of the machine must not change the digest.
    target.chmod(mode if mode is not None else 0o755 if source.stat().st_mode & 0o100 else 0o644)


def _words(text: str) -> list[str]:
    """Words with quotes taken off but variables left, so that what a variable holds is never split."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise Refused(str(error)) from None


def _command(text: str) -> list[str]:
    if text.startswith("["):
        try:
            found = json.loads(text)
        except ValueError:
            raise Refused(f"not a JSON list: {text[:100]}") from None
        return [str(word) for word in found]
    return ["/bin/sh", "-c", text] if text else []


def _ignore_patterns(context: Path) -> list[tuple[re.Pattern[str], bool]]:
    found = []
    path = context / ".dockerignore"
    for line in path.read_text().splitlines() if path.is_file() else ():
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        negated = text.startswith("!")
        text = text.lstrip("!").strip("/").removeprefix("./")
        form = re.escape(text).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*").replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
        found.append((re.compile(form), negated))
    return [*found, (re.compile(r"\.git"), False)]
