#!/usr/bin/env python3
"""How fast a backlog is delivered: events that were recorded while CodeBuild was away.

bench-drain.py BUILD [--events 10000] [--folder FOLDER] [--small]

Records the events in a bare repository, on one ref and on a hundred, starts tests/lib/fake_codebuild.py,
and lets `codetrain-queue run` deliver them. Checks that each was built once and those of a ref in order.
Prints a Markdown table: events a second, fsyncs an event and the most memory, beside what one fdatasync takes in
the same folder and how many requests a second the fake itself answers.
--small: only a hundred refs, and "EVENTS RATE MEGABYTES", for tests.
"""
import argparse
import collections
import http.client
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE" + "EXAMPLE00", "AWS_SECRET_ACCESS_KEY": "bench" + "Secret/0123456789"}


def repository(folder, build, events, refs):
    """events over refs, round and round; refs stand where their last event left them"""
    path = folder / f"backlog-{refs}.git"
    subprocess.run(["git", "init", "-q", "--bare", str(path)], check=True)
    for key, value in {"target": "codebuild", "project": "iris", "region": "us-east-2", "drainer": "none"}.items():
        subprocess.run(["git", "-C", str(path), "config", f"codetrain.{key}", value], check=True)
    at, lines = {}, []
    for n in range(1, events + 1):
        ref = f"refs/heads/b{n % refs:03d}"
        lines.append(f"{at.get(ref, '0' * 40)} {n:040x} {ref}\n")
        at[ref] = f"{n:040x}"
    (path / "packed-refs").write_text("# pack-refs with: peeled fully-peeled sorted \n"
                                      + "".join(f"{at[ref]} {ref}\n" for ref in sorted(at)))
    for first in range(0, events, 4000):
        subprocess.run([str(build / "codetrain-queue"), "record", "-C", str(path)], check=True,
                       input="".join(lines[first:first + 4000]).encode(), stderr=subprocess.DEVNULL)
    return path


class Fake:
    def __init__(self, folder):
        folder.mkdir()
        self.folder = folder
        self.process = subprocess.Popen([sys.executable, str(HERE / "tests/lib/fake_codebuild.py"), str(folder)],
                                        stdin=subprocess.PIPE)
        end = time.monotonic() + 30
        while not (folder / "port").exists() or not (folder / "port").read_text().strip():
            if time.monotonic() > end:
                sys.exit("bench-drain: the fake does not start")
            time.sleep(0.01)
        self.port = int((folder / "port").read_text())

    def rate(self, n):
        """requests a second, one after the other on one connection"""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        head = {"X-Amz-Target": "CodeBuild_20161006.ListBuildsForProject",
                "Content-Type": "application/x-amz-json-1.1"}
        begin = time.monotonic()
        for _ in range(n):
            c.request("POST", "/", json.dumps({"projectName": "iris"}), head)
            c.getresponse().read()
        return n / (time.monotonic() - begin)

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


def check(fake, events, refs):
    seen = collections.Counter()
    last = {}
    for line in (fake.folder / "builds").read_text().splitlines():
        request = json.loads(line)["request"]
        n = int(request["sourceVersion"], 16)
        names = {v["name"]: v["value"] for v in request["environmentVariablesOverride"]}
        ref = names["CODETRAIN_REF"]
        if n <= last.get(ref, 0):
            sys.exit(f"bench-drain: {ref}: {n} was built after {last[ref]}")
        last[ref] = n
        seen[n] += 1
    if len(seen) != events or max(seen.values()) != 1 or len(last) != refs:
        sys.exit(f"bench-drain: {len(seen)} of {events} events were built, one of them {max(seen.values())} times")


def counter(folder):
    library = folder / "count_fsync.so"
    done = subprocess.run([os.environ.get("CC", "cc"), "-O2", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", str(library),
                           str(HERE / "tests/lib/count_fsync.c"), "-ldl"], check=False)
    return library if done.returncode == 0 else None


def drain(folder, build, events, refs, library):
    path = repository(folder, build, events, refs)
    fake = Fake(folder / f"aws-{refs}")
    counts = folder / f"counts-{refs}"
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "AWS_MAX_ATTEMPTS": "1",
           "AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL": f"http://127.0.0.1:{fake.port}", **KEYS}
    if library:
        env.update({"LD_PRELOAD": str(library), "COUNT_FSYNC": str(counts)})
    begin = time.monotonic()
    subprocess.run([str(build / "codetrain-queue"), "run", "-C", str(path)], check=True, env=env,
                   stderr=subprocess.DEVNULL, timeout=3600)
    took = time.monotonic() - begin
    check(fake, events, refs)
    result = {"refs": refs, "events": events, "rate": events / took, "seconds": took, "fake": fake.rate(200),
              "memory": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, "fsyncs": None}
    fake.close()
    if library and counts.exists():
        _, calls, micros = counts.read_text().split()[:3]
        result.update({"fsyncs": int(calls) / events, "share": int(micros) / 1e6 / took})
    shutil.rmtree(path)
    return result


def disk(folder):
    """milliseconds of one fdatasync of a page that is appended"""
    times = []
    fd = os.open(folder / "disk", os.O_WRONLY | os.O_CREAT, 0o600)
    for _ in range(200):
        os.write(fd, b"x" * 4096)
        begin = time.perf_counter()
        os.fdatasync(fd)
        times.append((time.perf_counter() - begin) * 1000)
    os.close(fd)
    return statistics.median(times)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build", type=Path)
    p.add_argument("--events", type=int, default=10000)
    p.add_argument("--folder", type=Path)
    p.add_argument("--small", action="store_true")
    o = p.parse_args()
    build = o.build.resolve()
    folder = Path(tempfile.mkdtemp(prefix="bench-drain.", dir=o.folder or build))
    try:
        sync = disk(folder)
        library = None if o.small else counter(folder)
        rows = [drain(folder, build, o.events, refs, library) for refs in ([100] if o.small else [1, 100])]
    finally:
        shutil.rmtree(folder)
    if o.small:
        r = rows[0]
        print(f"{r['events']} {r['rate']:.0f} {r['memory']}")
        return
    print(f"One fdatasync of this folder: {sync:.2f} ms, so at most {1000 / sync:.0f} a second. Each event built "
          f"once, those of a ref in order: checked.\n")
    print("| Backlog | events/s | seconds | fsyncs an event | of the time in fsync | the fake alone, requests/s | "
          "most memory |")
    print("|---|---|---|---|---|---|---|")
    for r in rows:
        fsyncs = "?" if r["fsyncs"] is None else f"{r['fsyncs']:.2f}"
        share = f"{100 * r['share']:.0f} %" if "share" in r else "?"
        print(f"| {r['events']:,} on {r['refs']} ref{'s' if r['refs'] > 1 else ''} | {r['rate']:.0f} | "
              f"{r['seconds']:.1f} | {fsyncs} | {share} | {r['fake']:.0f} | {r['memory']} MiB |")


main()
