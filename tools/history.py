#!/usr/bin/env python3
"""Make a large git repository to measure with: the same seed, the same commits.

    tools/history.py DIR                     9,400 commits, 1.7 GB of unique blobs
    tools/history.py DIR --commits 300       a smaller one

What is written looks as a cloud library's history does: some hundred files of
several languages that grow under small edits, most of them in a few large files,
with merges, renames, binaries, lock files, tags; code that speaks of keys, tokens
and passwords all the time and holds none, and PLANTED values that are secrets by
their form alone. They stay for one commit to three. git fast-import reads it, then
it is packed as git gc does. Prints what there is; --list FILE keeps the planted
values, one a line.
"""
import argparse
import base64
import random
import subprocess
import sys
import zlib
from pathlib import Path

from history_text import FORMS, LANGUAGES, Text, planted

FIRST_DAY = 1400000000		# seconds since 1970: nothing here looks at a clock
PLANTED = 40
PEOPLE = [f"{n} <{n.split()[0].lower()}@example.com>" for n in (
    "Ada Byron", "Grace Murray", "Alan Mathison", "Edsger Wybe", "Barbara Jane", "Donald Ervin",
    "Ken Lane", "Dennis MacAlistair", "Margaret Heafield", "Radia Joy", "Tony Hoare", "Frances Spence")]


class File:
    """A file of the newest tree: its lines, and how large it means to become."""

    def __init__(self, path, language, goal):
        self.path, self.language, self.goal = path, language, goal
        self.lines, self.size, self.tags = [], 0, 0

    def replace(self, at, end, new):
        self.size += sum(map(len, new)) - sum(map(len, self.lines[at:end]))
        self.lines[at:end] = new


class History:
    def __init__(self, out, seed, commits, bytes_wanted):
        self.out, self.random = out, random.Random(seed)
        self.text = Text(self.random)
        self.commits, self.bytes_wanted = commits, bytes_wanted
        self.files, self.popular, self.mark, self.n = [], [], 0, 0
        self.bytes = self.blobs = 0
        self.main, self.sides, self.leaks, self.secrets = None, [], [], []
        self.when, self.paths, self.seen = FIRST_DAY, set(), set()

    # ---- what fast-import reads

    def commit(self, ref, changes, start, merged=None, message=None):
        self.mark += 1
        self.n += 1
        self.when += int(self.random.expovariate(1 / 21000.0)) + 1
        message = (message or self.text.message()).encode()
        who = self.random.choice(PEOPLE).encode()
        w = self.out.write
        w(b"commit refs/heads/%s\nmark :%d\nauthor %s %d +0200\ncommitter %s %d +0200\ndata %d\n%s\n"
          % (ref.encode(), self.mark, who, self.when - 60, who, self.when, len(message), message))
        if start:
            w(b"from :%d\n" % start)
        if merged:
            w(b"merge :%d\n" % merged)
        for kind, *rest in changes:
            if kind == "M":
                mode, path, data = rest
                w(b"M %s inline %s\ndata %d\n" % (mode, path.encode(), len(data)))
                w(data)
                w(b"\n")
                sign = (len(data), zlib.crc32(data))
                self.bytes += len(data) * (sign not in self.seen)
                self.blobs += sign not in self.seen
                self.seen.add(sign)
            elif kind == "R":
                w(b"R %s %s\n" % (rest[0].encode(), rest[1].encode()))
            else:
                w(b"D %s\n" % rest[0].encode())
        w(b"\n")
        return self.mark

    # ---- files

    def add_file(self):
        r = self.random
        language = r.choices(LANGUAGES, [l.weight for l in LANGUAGES])[0]
        goal = int(min(400e3, r.lognormvariate(language.size, 1.2)))
        for _ in range(20):
            path = self.text.path(language)
            if path not in self.paths:
                break
        self.paths.add(path)
        f = File(path, language, goal)
        f.replace(0, 0, language.head(self.text))
        while f.size < goal * 0.25:
            f.replace(len(f.lines), len(f.lines), language.block(self.text))
        self.files.append(f)
        # large files are edited most
        self.popular.extend([f] * (1 + min(goal, 120000) // 9000))
        return f

    def edit(self, f):
        """A few changes: lines replaced, a block added, some lines taken out."""
        r = self.random
        for _ in range(1 + int(r.expovariate(0.8))):
            n = len(f.lines)
            at = int(r.random() * n)
            what = r.random()
            if what < 0.40:
                end = min(n, at + 1 + int(r.expovariate(0.4)))
                f.replace(at, end, [f.language.line(self.text) for _ in range(end - at)])
            elif what < 0.55 + 0.30 * (f.size < f.goal):
                new = [f.language.block(self.text) for _ in range(1 + int(r.expovariate(0.45)))]
                f.replace(at, at, sum(new, []))
            else:
                f.replace(at, min(n, at + 2 + int(r.expovariate(0.06))), [])
        return ("M", b"100755" if f.path.endswith(".sh") else b"100644", f.path, b"".join(f.lines))

    def take(self, busy=()):
        while True:
            f = self.popular[int(self.random.random() * len(self.popular))]
            if f not in busy:
                return f

    def some(self, busy):
        """Files of one commit, most of them neighbours."""
        chosen = {}
        count = 1 + min(40, int(self.random.expovariate(1 / self.per_commit())))
        while len(chosen) < count:
            f = self.take(busy)
            chosen[f.path] = f
        return list(chosen.values())

    def per_commit(self):
        """So many files that the bytes wanted come out at the end."""
        left = max(1, self.commits - self.n)
        mean = self.bytes / self.blobs if self.n > 400 else 60e3
        return max(0.6, min(9.0, (self.bytes_wanted - self.bytes) / left / mean - 1))

    def binary(self):
        n = 500 + int(self.random.lognormvariate(8.5, 1))
        data = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + self.random.randbytes(n)
        name = self.text.word()
        return ("M", b"100644", f"docs/images/{name}-{self.random.randrange(60)}.png", data)

    def lock(self):
        rows = [b'    "%s": {"version": "%d.%d.%d", "integrity": "sha512-%s"},\n' % (
            self.text.word().encode(), i % 9, i % 13, self.random.randrange(40),
            base64.b64encode(self.random.randbytes(64))) for i in range(220)]
        return ("M", b"100644", "frontend/package-lock.json",
                b'{\n  "lockfileVersion": 1,\n  "requires": true,\n  "dependencies": {\n'
                + b"".join(rows) + b'    "zod": {}\n  }\n}\n')

    # ---- secrets that are none

    def plant(self, changes):
        """Puts a value into a file of its own; it goes again soon after."""
        kind = FORMS[len(self.secrets) % len(FORMS)]
        value, lines = planted(kind, self.random)
        path = f"{self.text.word()}/settings_{len(self.secrets)}.{'py' if kind != 'env' else 'env'}"
        body = b"".join(self.text.line() for _ in range(12)) + lines
        self.secrets.append(value)
        self.leaks.append((self.n + 1 + self.random.randrange(3), path))
        changes.append(("M", b"100644", path, body))

    def mend(self, changes):
        for due, path in list(self.leaks):
            if due <= self.n:
                changes.append(("D", path))
                self.leaks.remove((due, path))

    # ---- history

    def step(self):
        r = self.random
        busy = {f for side in self.sides for f in side["files"]}
        draw = r.random()
        if draw < 0.11 and len(self.sides) < 4:
            self.branch(busy)
        elif draw < 0.21 and self.sides:
            self.merge(self.sides.pop(int(r.random() * len(self.sides))))
        elif draw < 0.30 and self.sides:
            side = r.choice(self.sides)
            side["tip"] = self.commit("side", [self.edit(f) for f in side["files"]], side["tip"])
        else:
            self.main = self.commit("main", self.main_changes(busy), self.main)
        if self.n % 190 == 0:
            note = f"version {self.n // 190}.0".encode()
            self.out.write(b"tag v%d.0\nfrom :%d\ntagger %s %d +0200\ndata %d\n%s\n" % (
                self.n // 190, self.main, PEOPLE[0].encode(), self.when, len(note), note))

    def main_changes(self, busy):
        r = self.random
        changes = []
        if r.random() < 0.012:
            f = self.take(busy)
            new = self.text.path(f.language)
            if new not in self.paths:
                changes.append(("R", f.path, new))
                self.paths.add(new)
                f.path = new
        changes += [self.edit(f) for f in self.some(busy)]
        if r.random() < 0.14 or len(self.files) < 120:
            f = self.add_file()
            changes.append(("M", b"100644", f.path, b"".join(f.lines)))
        if r.random() < 0.03:
            changes.append(self.binary())
        if r.random() < 0.015:
            changes.append(self.lock())
        self.mend(changes)
        if self.n >= (len(self.secrets) + 1) * self.commits // (PLANTED + 2) and \
                len(self.secrets) < PLANTED:
            self.plant(changes)
        return changes

    def branch(self, busy):
        files = [f for f in self.some(busy)][:6]
        tip = self.commit("side", [self.edit(f) for f in files], self.main)
        self.sides.append({"files": files, "tip": tip})

    def merge(self, side):
        """The side's files as they are there; every eighth merge changes one of them."""
        changes = [("M", b"100644", f.path, b"".join(f.lines)) for f in side["files"]]
        if self.random.random() < 0.12:
            changes[0] = self.edit(side["files"][0])
        self.main = self.commit("main", changes, self.main, side["tip"],
                                f"Merge branch '{self.text.word()}'\n")

    def write(self):
        first = [self.add_file() for _ in range(90)]
        changes = [("M", b"100644", f.path, b"".join(f.lines)) for f in first]
        changes.append(("M", b"120000", "latest", b"docs"))
        self.main = self.commit("main", changes, None, message="Begin\n")
        while self.n < self.commits:
            self.step()
        while self.sides:
            self.merge(self.sides.pop())
        self.out.write(b"reset refs/heads/side\nfrom 0000000000000000000000000000000000000000\n\ndone\n")


def git(directory, *words, **more):
    return subprocess.run(["git", "-C", str(directory), *words], check=True, **more)


def make(directory, seed, commits, bytes_wanted):
    git(".", "init", "-q", "--bare", str(directory), "--initial-branch=main")
    for name, value in (("gc.auto", "0"), ("core.looseCompression", "0")):
        git(directory, "config", name, value)
    reader = subprocess.Popen(["git", "-C", str(directory), "-c", "pack.compression=0", "-c",
                               "core.compression=0", "fast-import", "--quiet", "--done",
                               "--depth=0", "--force"], stdin=subprocess.PIPE)
    history = History(reader.stdin, seed, commits, bytes_wanted)
    history.write()
    reader.stdin.close()
    if reader.wait():
        sys.exit("history.py: git fast-import failed")
    # -F: what fast-import wrote without compression is not kept
    git(directory, "repack", "-q", "-a", "-d", "-F", "--write-bitmap-index")
    git(directory, "pack-refs", "--all")
    git(directory, "commit-graph", "write", "--reachable", "--no-progress")
    return history


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--commits", type=int, default=9400)
    parser.add_argument("--bytes", type=float, default=None, help="of all unique blobs")
    parser.add_argument("--list", type=Path, help="write the planted values there")
    args = parser.parse_args()
    if args.directory.exists() and any(args.directory.iterdir()):
        sys.exit(f"history.py: {args.directory} is not empty")
    wanted = args.bytes or 1.72e9 * args.commits / 9400
    history = make(args.directory, args.seed, args.commits, wanted)
    if args.list:
        args.list.write_text("".join(f"{s}\n" for s in history.secrets))
    packs = sum(p.stat().st_size for p in args.directory.glob("objects/pack/*.pack"))
    print(f"{history.n} commits, {history.blobs} blobs of {history.bytes / 1e6:.0f} MB, "
          f"{len(history.secrets)} planted, packed in {packs / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
