"""What a push pays for its hooks: bench-push.py BUILD FOLDER ROUNDS BACKLOG; see bench-queue.sh."""
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

GIT = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.com"]
# nothing listens on the port "discard" of this machine: every connection is refused at once
NOWHERE = "http://127.0.0.1:9"
EMPTY = "#!/bin/sh\n"


def run(*words, **more):
    return subprocess.run(words, check=True, **more)    # with a time-out it would look every 32 ms


def repository(folder, name, hooks):
    path = folder / f"{name}.git"
    run(*GIT, "init", "-q", "--bare", str(path))
    for hook, content in hooks.items():
        file = path / "hooks" / hook
        if isinstance(content, Path):
            file.symlink_to(content)
        else:
            file.write_text(content)
            file.chmod(0o755)
    return path


def ours(build, folder, name, backlog, work, commits_of):
    """With a backlog of so many moves, of a hundred branches: more refs would be git's own time."""
    path = repository(folder, name, {hook: build / hook for hook in ("post-receive", "reference-transaction")})
    for key, value in {"target": "codebuild", "project": "iris", "region": "us-east-2"}.items():
        run(*GIT, "-C", str(path), "config", f"codetrain.{key}", value)
    if not backlog:
        return path
    run("git", "-C", str(path), "fetch", "-q", str(work), commits_of[1])
    run("git", "-C", str(path), "config", "codetrain.drainer", "none")
    run(str(build / "codetrain-queue"), "init", "-C", str(path), stdout=subprocess.DEVNULL)
    names, old = sorted(f"refs/heads/waiting-{i}" for i in range(100)), "0" * 40
    for turn in range(backlog // len(names)):
        new = commits_of[turn % 2]
        lines = "".join(f"{old} {new} {name}\n" for name in names)
        run(str(build / "codetrain-queue"), "record", "-C", str(path), input=lines.encode(),
            stderr=subprocess.DEVNULL)
        old = new
    with open(path / "packed-refs", "w", encoding="ascii") as f:
        f.write("# pack-refs with: peeled fully-peeled sorted \n")
        f.writelines(f"{old} {name}\n" for name in names)
    run("git", "-C", str(path), "config", "--unset", "codetrain.drainer")
    return path


def drainers(paths):
    """The background drainers of these repositories, by number."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
        except OSError:
            continue
        if b"--background" in words and any(str(path).encode() in words for path in paths):
            found.append(int(entry.name))
    return found


def disk(folder):
    """What the disk takes for the smallest thing that is safe there."""
    times = []
    fd = os.open(folder / "disk", os.O_WRONLY | os.O_CREAT, 0o600)
    for i in range(200):
        os.pwrite(fd, b"x" * 4096, i * 4096)
        start = time.perf_counter()
        os.fdatasync(fd)
        times.append(time.perf_counter() - start)
    os.close(fd)
    return times


def commits(work, count):
    run(*GIT, "init", "-q", str(work))
    for i in range(count):
        run(*GIT, "-C", str(work), "commit", "-q", "--allow-empty", "-m", str(i))
    out = run(*GIT, "-C", str(work), "rev-list", "--reverse", "HEAD", stdout=subprocess.PIPE).stdout
    return out.decode().split()


def push(work, path, commit):
    start = time.perf_counter()
    run("git", "-C", str(work), "push", "-q", str(path), f"{commit}:refs/heads/main", stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def measure(work, rows, all_commits):
    times = {name: [] for name in rows}
    names = list(rows)
    for i, commit in enumerate(all_commits):
        for k in range(len(names)):     # each is first, second and so on as often as the others
            name = names[(i + k) % len(names)]
            taken = push(work, rows[name], commit)
            if i >= 10:
                times[name].append(taken)
    return times


def milliseconds(values):
    ordered = sorted(values)
    return statistics.median(ordered) * 1000, ordered[int(len(ordered) * 0.95)] * 1000


def table(times, disk_times):
    base, _ = milliseconds(times["an empty hook"])
    print("| push of one commit, AWS away | median | p95 | over an empty hook |\n|---|--:|--:|--:|")
    for name, values in times.items():
        median, p95 = milliseconds(values)
        more = statistics.median(b - a for a, b in zip(times["an empty hook"], values)) * 1000
        print(f"| {name} | {median:.1f} ms | {p95:.1f} ms | {median - base:+.1f} ms (pairwise {more:+.1f}) |")
    median, p95 = milliseconds(disk_times)
    print(f"| (fdatasync of 4 KiB in the same folder) | {median:.2f} ms | {p95:.2f} ms | |")


def main():
    build, folder, rounds, backlog = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    os.environ.update(AWS_ENDPOINT_URL=NOWHERE, AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY="x",
                      AWS_EC2_METADATA_DISABLED="true")
    signal.alarm(3600)
    (folder / "home").mkdir()
    work = folder / "work"
    history = commits(work, rounds + 11)
    curl = f"#!/bin/sh\nwhile read -r old new ref; do curl -s -o /dev/null -m 5 -d \"$ref=$new\" {NOWHERE}/; done\n"
    rows = {
        "an empty hook": repository(folder, "empty", {"post-receive": EMPTY}),
        "the same, and an empty reference-transaction":
            repository(folder, "both", {"post-receive": EMPTY, "reference-transaction": EMPTY}),
        "codetrain": ours(build, folder, "ours", 0, work, history),
        f"codetrain, {backlog:,} events wait": ours(build, folder, "backlog", backlog, work, history),
        "a curl in the hook": repository(folder, "curl", {"post-receive": curl}),
    }
    try:
        times = measure(work, rows, history[1:])
    finally:
        while found := drainers(rows.values()):
            for pid in found:
                try:
                    os.kill(pid, 9)
                except ProcessLookupError:
                    pass
            time.sleep(0.05)
    table(times, disk(folder))


main()
