#!/usr/bin/env python3
"""Pushes by many clients while hooks and drainers are killed at random moments.

queue_soak.py BIN GITDIR AWS_FOLDER PUSHES SEED

Runs BIN/post-receive as git would, for 4 clients at once, each with branches of its own; kills (SIGKILL) every fifth
hook and, all the time, the drainer. Then lets `codetrain queue run` finish, and checks against the builds of
fake_codebuild.py: each event that a hook recorded was started exactly once, in the order of its ref, and no event
that a hook said was recorded is missing. Prints what was wrong, and nothing when all is well. The seed repeats the
choices (not the scheduler's).
"""
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time

BIN, GITDIR, AWS, PUSHES, SEED = *sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
ENV = {**os.environ, "GIT_DIR": "."}
done = threading.Event()
lock = threading.Lock()
promised = set()
killed = {"hooks": 0, "drainers": 0}


def push(ref, old, new, kill_after):
    hook = subprocess.Popen([BIN + "/post-receive"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=GITDIR, env=ENV)
    hook.stdin.write(f"{old} {new} {ref}\n".encode())
    hook.stdin.close()
    if kill_after is not None:
        time.sleep(kill_after)
        hook.kill()
    if hook.wait(60) == 0:
        with lock:
            promised.add((ref, new))
    elif kill_after is not None:
        killed["hooks"] += 1


def client(number):
    rng = random.Random(SEED * 10 + number)
    tips = ["0" * 40, "0" * 40]
    for n in range(PUSHES // 4):
        branch = rng.randrange(2)
        new = f"{number:04x}{branch:04x}{n + 1:032x}"
        push(f"refs/heads/c{number}b{branch}", tips[branch], new, rng.random() * 0.02 if rng.random() < 0.2 else None)
        tips[branch] = new


def drainers():
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as f:
                    words = f.read().split(b"\0")
            except OSError:
                continue
            if b"--background" in words and GITDIR.encode() in words:
                yield int(entry)


def killer():
    rng = random.Random(SEED)
    while not done.is_set():
        time.sleep(rng.random() * 0.1)
        for pid in drainers():
            try:
                os.kill(pid, signal.SIGKILL)
                killed["drainers"] += 1
            except ProcessLookupError:
                pass


threads = [threading.Thread(target=client, args=(n,)) for n in range(4)]
reaper = threading.Thread(target=killer)
reaper.start()
for t in threads:
    t.start()
for t in threads:
    t.join()
done.set()
reaper.join()

faults = []
for _ in range(50):     # a drainer that the last push started may be at work still
    run = subprocess.run([BIN + "/codetrain-queue", "run", "--json", "-C", GITDIR], capture_output=True, timeout=120, check=False)
    if run.returncode == 0 and not json.loads(run.stdout)["elsewhere"]:
        break
    time.sleep(0.1)
else:
    faults.append(f"the queue is not drained: {run.returncode} {run.stderr.decode()}")

db = sqlite3.connect(GITDIR + "/codetrain/queue.db", timeout=20)
uuid, = db.execute("SELECT value FROM note WHERE key = 'uuid'").fetchone()
events = {seq: (ref, new) for seq, ref, new in db.execute("SELECT seq, ref, new FROM event")}
for missing in promised - set(events.values()):
    faults.append(f"lost: {missing}")
for state, n in db.execute("SELECT state, count(*) FROM delivery GROUP BY state"):
    if state != "delivered":
        faults.append(f"{n} {state}")
started, last = {}, {}
with open(AWS + "/builds", encoding="utf-8") as f:
    for line in f:
        q = json.loads(line)["request"]
        marker = {v["name"]: v["value"] for v in q["environmentVariablesOverride"]}["CODETRAIN_EVENT"]
        seq = int(marker.removeprefix(uuid + "/"))
        ref, new = events[seq]
        started[seq] = started.get(seq, 0) + 1
        if new != q["sourceVersion"]:
            faults.append(f"event {seq} built {q['sourceVersion']} in place of {new}")
        if seq < last.get(ref, 0):
            faults.append(f"event {seq} of {ref} came after {last[ref]}")
        last[ref] = seq
for seq in events:
    if started.get(seq, 0) != 1:
        faults.append(f"event {seq} was started {started.get(seq, 0)} times")
if killed["drainers"] < 3 or len(promised) < PUSHES // 2:
    faults.append(f"not a test: {killed}, {len(promised)} recorded")
print(f"# seed {SEED}: {PUSHES} pushes, {len(promised)} recorded for sure, {len(events)} events, "
      f"{killed['hooks']} hooks and {killed['drainers']} drainers killed", file=sys.stderr)
print("\n".join(faults), end="")
