#!/usr/bin/env python3
"""Pushes by many clients while client, receive-pack, hooks and drainer are killed and failed at system calls.

soak.py [--pushes N] [--clients N] [--seed TEXT] PROGRAMS TOOLS FOLDER

PROGRAMS has the hooks and codetrain-queue, TOOLS has trace and clock.so; all that is made is in FOLDER, which must
not exist. Prints one line that begins with "# seed" and then one for each thing that was wrong. Exit code 0: nothing
was; 1; 3: processes cannot be traced here. FOLDER/result.json keeps what oracle.py judged. See docs/soak.md.
"""
import argparse
import fcntl
import json
import os
import random
import re
import shlex
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import threading
import time

import oracle
import plan

HERE = os.path.dirname(os.path.abspath(__file__))
SANITIZERS = {"ASAN_OPTIONS": "detect_leaks=0"}     # the search for leaks traces, too, and a process has one tracer
HOOKS = ("reference-transaction", "post-receive")
PUSH_S, RUN_S, DRAIN_S = 60, 120, 600   # the bounds of waiting; to meet one is a fault
LOOK_BACK_MS = 600_000                  # ci.skip is waited for so long, by the queue's clock
AWAKE_MS = 100_000                      # no machine sleeps longer between a drainer's look at the clock and its request
LOCKS = ("HEAD.lock", "packed-refs.lock", "packed-refs.new", "config.lock", "gc.pid.lock")


class Shared:
    """Many hold it at once; `alone` waits for all of them."""

    def __init__(self):
        self.condition, self.holders, self.wanted = threading.Condition(), 0, 0

    def __enter__(self):
        with self.condition:
            self.condition.wait_for(lambda: not self.wanted)
            self.holders += 1

    def __exit__(self, *_):
        with self.condition:
            self.holders -= 1
            self.condition.notify_all()

    def alone(self, work):
        with self.condition:
            self.wanted += 1
            self.condition.wait_for(lambda: not self.holders)
            work()
            self.wanted -= 1
            self.condition.notify_all()


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:     # none there, or a process that has just ended
        return b""


def value(gitdir, ref):
    """Zeros when there is none. Loose first: packing writes packed-refs before it removes the loose file."""
    loose = read(f"{gitdir}/{ref}").strip().decode()
    if loose:
        return loose
    packed = re.search(rb"^([0-9a-f]{40}) " + re.escape(ref.encode()) + rb"$", read(f"{gitdir}/packed-refs"), re.M)
    return packed[1].decode() if packed else oracle.ZERO


class Soak:
    def __init__(self, args):
        self.args, self.t = args, os.path.abspath(args.folder)
        self.trace, self.clock = (os.path.abspath(f"{args.tools}/{n}") for n in ("trace", "clock.so"))
        self.gitdir, self.plain = f"{self.t}/r.git", f"{self.t}/plain.git"
        self.lock, self.world, self.done = threading.Lock(), {g: Shared() for g in (self.gitdir, self.plain)}, threading.Event()
        self.moves = {self.gitdir: {}, self.plain: {}}
        self.skip, self.faults, self.offset, self.ended = {}, [], 0, 0
        self.beside = random.Random(f"{args.seed}/hooks").random() < 0.4
        self.fired = {"kill": {}, "fault": {}}
        self.env = {"PATH": os.environ["PATH"], "HOME": self.t, "LANG": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1",
                    "GIT_TERMINAL_PROMPT": "0", "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com",
                    "GIT_COMMITTER_NAME": "push--1", "GIT_COMMITTER_EMAIL": "a@example.com",
                    **SANITIZERS, "AWS_EC2_METADATA_DISABLED": "true", "CODETRAIN_SESSION_CACHE": "off",
                    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE" + "EXAMPLE00", "AWS_SECRET_ACCESS_KEY": "soak" + "Secret/01234"}

    # ---- the world ----------------------------------------------------------------------

    def git(self, *args, **kw):
        return subprocess.run(["git", *args], env=self.env, check=True, capture_output=True, timeout=RUN_S, **kw).stdout

    def bare(self, gitdir):
        self.git("init", "-q", "--bare", "--template=", gitdir)
        os.mkdir(f"{gitdir}/hooks")
        for key, v in (("core.logAllRefUpdates", "always"), ("receive.advertisePushOptions", "true"),
                       ("codetrain.target", "codebuild"), ("codetrain.project", "iris"), ("codetrain.refs", "refs/*"),
                       ("codetrain.region", "us-east-2")):
            self.git("-C", gitdir, "config", key, v)

    def programs(self):
        os.makedirs(f"{self.t}/bin")
        for name in (*HOOKS, "codetrain-hooks"):
            shutil.copy(f"{self.args.programs}/{name}", f"{self.t}/bin/{name}")
        shutil.copy(f"{self.args.programs}/codetrain-queue", f"{self.t}/bin/codetrain-queue-real")
        # the hooks and drainers find this beside them: each drainer gets the clock, and the next plan of its own
        q = shlex.quote
        given = {"LD_PRELOAD": self.clock, "SOAK_CLOCK": f"{self.t}/clock", **SANITIZERS}
        given = [q(f"{name}={text}") for name, text in given.items()]
        with open(f"{self.t}/bin/codetrain-queue", "w", encoding="utf-8") as f:
            f.write(f"""#!/bin/sh
real={q(self.t + '/bin/codetrain-queue-real')}
case $* in
run*--background*) exec {q(self.trace)} -o {q(self.t + '/clock')} -r drainer -n {q(self.t + '/drainers')} -l {q(self.t + '/drainers.log')} \\
	{" ".join("-e " + g for g in given)} -- "$real" "$@" ;;
*) exec env {" ".join(given)} "$real" "$@" ;;
esac
""")
        os.chmod(f"{self.t}/bin/codetrain-queue", 0o755)

    def hooks(self):
        """Alone, or after others' that were there: then a script of `codetrain hooks install` runs both."""
        for name in HOOKS if self.beside else ():
            with open(f"{self.gitdir}/hooks/{name}", "w", encoding="utf-8") as f:
                f.write("#!/bin/sh\ncat >/dev/null\n")
            os.chmod(f"{self.gitdir}/hooks/{name}", 0o755)
        subprocess.run([f"{self.t}/bin/codetrain-hooks", "install", "--server"], cwd=self.gitdir, env=self.env, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=RUN_S)

    def plain_hook(self):
        """As many a team's: a line to a file for each ref. It is not even asked to reach a service."""
        with open(f"{self.plain}/hooks/post-receive", "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\nwhile read -r old new ref; do\n\techo \"$old $new $ref\" >>'{self.t}/plain.log'\ndone\n")
        os.chmod(f"{self.plain}/hooks/post-receive", 0o755)

    def work(self):
        self.git("init", "-q", f"{self.t}/w")
        tree = self.git("-C", f"{self.t}/w", "mktree", input=b"").strip().decode()
        self.commits = [self.git("-C", f"{self.t}/w", "commit-tree", "-m", str(n), tree).strip().decode()
                        for n in range(plan.COMMITS)]

    def serve(self):
        os.mkdir(f"{self.t}/aws")
        env = {**self.env, "LD_PRELOAD": self.clock, "SOAK_CLOCK": f"{self.t}/clock"}
        self.server = subprocess.Popen([sys.executable, f"{HERE}/../lib/fake_codebuild.py", f"{self.t}/aws"], env=env,
                                       stdin=subprocess.PIPE)
        end = time.monotonic() + 30
        while not os.path.exists(f"{self.t}/aws/up"):
            if time.monotonic() > end or self.server.poll() is not None:
                raise SystemExit("the fake CodeBuild does not start")
            time.sleep(0.02)
        self.env["AWS_ENDPOINT_URL"] = "http://127.0.0.1:" + read(f"{self.t}/aws/port").decode().strip()

    def set_clock(self, ms):
        self.offset = ms
        with open(f"{self.t}/clock", "r+b") as f:
            f.write(struct.pack("=q", ms))

    def leap_alone(self, ms):
        """With no drainer between its look at the clock and its request: none lives, and none can begin."""
        end = time.monotonic() + 5
        os.makedirs(f"{self.gitdir}/codetrain", 0o700, exist_ok=True)
        with open(f"{self.gitdir}/codetrain/drainer.lock", "a", encoding="ascii") as lock:
            while time.monotonic() < end:
                self.end_drainers()
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    time.sleep(0.01)
                    continue
                self.set_clock(ms)
                return

    def weather(self):
        """What CodeBuild answers, and a clock that leaps: the five minutes of a token pass while somebody is dead."""
        rng, leap = random.Random(f"{self.args.seed}/weather"), time.monotonic() + 2
        while not self.done.wait(rng.uniform(0.1, 1.0)):
            fault = rng.choice(("", "", "", "lost", "lost", "500", "503", "throttle", "html", "limit", "hang"))
            with open(f"{self.t}/aws/fault.new", "w", encoding="utf-8") as f:
                f.write(fault)
            os.rename(f"{self.t}/aws/fault.new", f"{self.t}/aws/fault")
            # a request that hangs may be carried out late, but not minutes late
            if fault == "hang":
                leap = time.monotonic() + 2
            elif time.monotonic() > leap:
                ms = rng.randint(1000, 400_000)
                if ms <= AWAKE_MS:
                    self.set_clock(self.offset + ms)
                else:
                    self.leap_alone(self.offset + ms)
                leap = time.monotonic() + rng.uniform(1.5, 4)
        with open(f"{self.t}/aws/fault", "w", encoding="utf-8"):
            pass

    # ---- one step -----------------------------------------------------------------------

    def command(self, step, gitdir):
        target = [None if n is None else self.commits[n] for _, n in step.moves]
        if step.kind == "pack-refs":
            return ["git", "-C", gitdir, "pack-refs", "--all"]
        if step.kind in ("update-ref", "unhooked"):
            (ref, _), new = step.moves[0], target[0]
            return (["git", "-C", gitdir] + ["-c", "core.hooksPath=/dev/null"] * (step.kind == "unhooked") +
                    ["update-ref", "-m", "by hand"] + ([ref, new] if new else ["-d", ref]))
        return (["git", "-C", f"{self.t}/w", "push", "-q"] + ["--atomic"] * step.atomic +
                ["--push-option=ci.skip"] * step.skip + [gitdir] +
                [f"+{new}:{ref}" if new else f":{ref}" for (ref, _), new in zip(step.moves, target)])

    def traced(self, step, gitdir, counting=False):
        log = f"{self.t}/step.{step.number}{'p' if gitdir == self.plain else ''}"
        argv = [self.trace, "-t", str(PUSH_S), "-o", f"{self.t}/clock", "-l", log, "-d", "codetrain-queue", "-d", "gc", "-e",
                f"LD_PRELOAD={self.clock}", "-e", f"SOAK_CLOCK={self.t}/clock"] + ["-c"] * counting
        for rule in step.rules:
            argv += ["-k", rule]
        code = subprocess.run(argv + ["--"] + self.command(step, gitdir), env={
            **self.env, "GIT_COMMITTER_NAME": f"push-{step.number}"}, stdin=subprocess.DEVNULL, check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
        lines = [line.split() for line in read(log).decode().splitlines()]
        if os.path.exists(log):
            os.unlink(log)
        if code in (124, 125):
            with self.lock:
                self.faults.append(f"push {step.number} (rules {step.rules}): " +
                                   (f"not over after {PUSH_S} s" if code == 124 else "could not be traced"))
        return lines

    def count(self, lines, plain=False):
        killed = [w[1] for w in lines if w[0] == "fired" and w[5].startswith("kill")]
        failed = {(w[1], w[8], w[5]) for w in lines if w[0] == "fired" and not w[5].startswith("kill")}
        with self.lock:
            for role in killed * (not plain):
                self.fired["kill"][role] = self.fired["kill"].get(role, 0) + 1
            for role, _, what in failed if not plain else ():
                self.fired["fault"][role + " " + what] = self.fired["fault"].get(role + " " + what, 0) + 1
        return killed, failed

    def mend(self, gitdir):
        """What an administrator does after a receive-pack was killed: its locks are in the way for ever."""
        for folder, _, names in os.walk(f"{gitdir}/refs"):
            for name in names:
                if name.endswith(".lock"):
                    os.unlink(f"{folder}/{name}")
        for name in LOCKS:
            if os.path.exists(f"{gitdir}/{name}"):
                os.unlink(f"{gitdir}/{name}")

    def locked(self, gitdir):
        return any(os.path.exists(f"{gitdir}/{name}") for name in LOCKS) or any(
            n.endswith(".lock") for _, _, names in os.walk(f"{gitdir}/refs") for n in names)

    def one(self, step, gitdir):
        refs = [ref for ref, _ in step.moves if ref not in plan.SHARED]
        with self.world[gitdir]:
            before, since = {ref: value(gitdir, ref) for ref in refs}, self.offset
            killed, failed = self.count(self.traced(step, gitdir), gitdir == self.plain)
            for ref in refs:        # nobody else moves them, and a push moves a ref once at most
                now = value(gitdir, ref)
                if now != before[ref]:
                    self.moves[gitdir].setdefault(ref, []).append((before[ref], now, step.number))
        if step.skip and gitdir == self.gitdir:
            sure = not killed and not failed and self.offset - since < LOOK_BACK_MS
            self.skip[str(step.number)] = "must" if sure else "may"
        if killed and self.locked(gitdir):
            self.world[gitdir].alone(lambda: self.mend(gitdir))

    def client(self, steps):
        for step in steps:
            self.one(step, self.gitdir)
            if step.plain:
                self.one(step, self.plain)

    def calibrate(self):
        """How many calls each role makes: rules are drawn from these, rounded, so that a plan does not change with
        one call more."""
        counts = {}
        moves = [[(plan.SHARED[0], 0)], [("refs/heads/first", 1)], [("refs/heads/first", 2), ("refs/heads/second", 2)],
                 [("refs/heads/first", None)]]
        steps = [plan.Step(-1 - n, "push", m) for n, m in enumerate(moves)]
        for step in steps + [plan.Step(-9, "update-ref", [("refs/heads/first", 3)]), plan.Step(-10, "pack-refs", [])]:
            before = {ref: value(self.gitdir, ref) for ref, _ in step.moves}
            for w in self.traced(step, self.gitdir, True):
                if w[0] == "count":
                    counts.setdefault(w[1], []).append((int(w[3]), int(w[4])))
            for ref, old in before.items():
                if ref not in plan.SHARED and value(self.gitdir, ref) != old:
                    self.moves[self.gitdir].setdefault(ref, []).append((old, value(self.gitdir, ref), step.number))
        counts.setdefault("reference-transaction:aborted", counts.get("reference-transaction:committed", []))
        # the hooks are two processes of the same role each, where a script runs before them
        return {role: (-(-max(c for c, _ in n) // 16) * 16, -(-max(f for _, f in n) // 4) * 4,
                       1 + (self.beside and role.split(":")[0] in HOOKS)) for role, n in sorted(counts.items()) if n}

    # ---- the end ------------------------------------------------------------------------

    def end_drainers(self):
        """Ours, by the repository in their command line."""
        for entry in os.listdir("/proc"):
            words = read(f"/proc/{entry}/cmdline").split(b"\0") if entry.isdigit() else []
            if b"--background" in words and self.gitdir.encode() in words:
                try:
                    os.kill(int(entry), signal.SIGKILL)
                    self.ended += b"drainer" not in words
                except ProcessLookupError:
                    pass

    def drain(self):
        """With nothing more in its way, it must come to an end."""
        end, why = time.monotonic() + DRAIN_S, ""
        while time.monotonic() < end:
            try:
                run = subprocess.run([f"{self.t}/bin/codetrain-queue", "run", "--json", "-C", self.gitdir], env=self.env,
                                     capture_output=True, timeout=RUN_S, check=False)
            except subprocess.TimeoutExpired:
                why = f"codetrain queue run: not over after {RUN_S} s"
                break
            why = f"codetrain queue run: {run.returncode} {run.stdout.decode()}{run.stderr.decode()[-600:]}"
            if run.returncode == 0 and not json.loads(run.stdout)["elsewhere"]:
                return
            self.set_clock(self.offset + 120_000)
            time.sleep(0.2)
        self.faults.append("the queue is not drained; " + why)

    def collect(self):
        db = sqlite3.connect(f"{self.gitdir}/codetrain/queue.db", timeout=20)
        db.text_factory = lambda b: b.decode(errors="surrogateescape")
        columns = {row[1] for row in db.execute("PRAGMA table_info(event)")}
        committed = " WHERE state = 'committed'" if "state" in columns else ""
        uuid, = db.execute("SELECT value FROM note WHERE key = 'uuid'").fetchone()
        events = [dict(zip(("seq", "ref", "old", "new"), row))
                  for row in db.execute(f"SELECT seq, ref, old, new FROM event{committed} ORDER BY seq")]
        whole, = db.execute("PRAGMA integrity_check").fetchone()
        if whole != "ok":
            self.faults.append(f"integrity_check: {whole}")
        if committed:
            n, = db.execute("SELECT count(*) FROM event WHERE state <> 'committed'").fetchone()
            if n:
                self.faults.append(f"{n} events are undecided")
        for state, n in db.execute("SELECT state, count(*) FROM delivery GROUP BY state"):
            if state not in ("delivered", "skipped"):
                self.faults.append(f"{n} deliveries are {state}")
        left = [n for _, _, names in os.walk(f"{self.gitdir}/codetrain/spool") for n in names]
        if left or read(f"{self.gitdir}/codetrain/moves"):
            self.faults.append(f"not taken in: {left[:5]}, {read(f'{self.gitdir}/codetrain/moves')[:500]}")
        builds = []
        for line in read(f"{self.t}/aws/builds").decode().splitlines():
            q = json.loads(line)["request"]
            marker = {v["name"]: v["value"] for v in q["environmentVariablesOverride"]}["CODETRAIN_EVENT"]
            builds.append({"event": int(marker.removeprefix(uuid + "/")), "commit": q["sourceVersion"]})
        return events, builds

    def all_moves(self, gitdir):
        moves = dict(self.moves[gitdir])
        for ref in plan.SHARED:
            moves[ref] = oracle.chain(read(f"{gitdir}/logs/{ref}"), value(gitdir, ref))
        for ref, mine in moves.items():     # two ways to know, where no deletion took the log away
            if all(m[1] != oracle.ZERO for m in mine):
                logged = oracle.chain(read(f"{gitdir}/logs/{ref}"), value(gitdir, ref))
                if [tuple(m) for m in mine] != logged:
                    self.faults.append(f"the soak itself: {ref} moved {len(mine)} times, its reflog has {len(logged)}")
        return moves

    def plain_losses(self):
        moves = [f"{old} {new} {ref}" for ref, m in self.all_moves(self.plain).items() for old, new, _ in m]
        left, lost = read(f"{self.t}/plain.log").decode().splitlines(), 0
        for move in moves:
            if move in left:
                left.remove(move)
            else:
                lost += 1
        return len(moves), lost

    def run(self):
        a = self.args
        os.makedirs(self.t)
        with open(f"{self.t}/clock", "wb") as f:
            f.write(bytes(8))
        self.bare(self.gitdir)
        self.bare(self.plain)
        self.programs()
        self.hooks()
        self.plain_hook()
        self.work()
        self.serve()
        open(f"{self.t}/drainers", "w", encoding="utf-8").close()
        ranges = self.calibrate()
        with open(f"{self.t}/drainers", "w", encoding="utf-8") as f:
            f.write("\n".join(plan.drainers(a.seed, a.pushes * 4)) + "\n")
        if os.path.exists(f"{self.t}/drainers.next"):
            os.unlink(f"{self.t}/drainers.next")
        self.end_drainers()
        plans = plan.clients(a.seed, a.clients, a.pushes, ranges)
        with open(f"{self.t}/plan.json", "w", encoding="utf-8") as f:
            json.dump({"ranges": ranges, "clients": [[vars(s) for s in p] for p in plans]}, f, indent=1)
        started = time.monotonic()
        threads = [threading.Thread(target=self.client, args=(p,)) for p in plans]
        above = threading.Thread(target=self.weather)
        for t in (above, *threads):
            t.start()
        for t in threads:
            t.join()
        self.done.set()
        above.join()
        pushed = time.monotonic() - started
        os.rename(f"{self.t}/drainers", f"{self.t}/drainers.used")
        open(f"{self.t}/drainers", "w", encoding="utf-8").close()
        self.end_drainers()
        self.drain()
        for c in range(a.clients):      # nothing tells of these but a look at the refs
            self.one(plan.Step(-20 - c, "unhooked", [(plan.own_refs(c)[0], c % plan.COMMITS)]), self.gitdir)
        self.drain()
        return self.report(pushed, time.monotonic() - started - pushed)

    def report(self, pushed, drained):
        events, builds = self.collect()
        run = {"moves": self.all_moves(self.gitdir), "events": events, "builds": builds, "skip": self.skip,
               "unhooked": [plan.unhooked_ref(c) for c in range(self.args.clients)]}
        with open(f"{self.t}/result.json", "w", encoding="utf-8") as f:
            json.dump(run, f)
        faults = self.faults + oracle.judge(run)
        self.count([line.split() for line in read(f"{self.t}/drainers.log").decode().splitlines()])
        plain, lost = self.plain_losses()
        a, n = self.args, read(f"{self.t}/drainers.next").decode().strip() or "0"
        print(f"# seed {a.seed}: {a.pushes} pushes by {a.clients} clients in {pushed:.0f} s and {drained:.0f} s; "
              f"{sum(map(len, run['moves'].values()))} moves, {len(events)} events, {len(builds)} builds; "
              f"{sum(self.fired['kill'].values())} processes killed, {sum(self.fired['fault'].values())} had faults, "
              f"{n} drainers, {self.ended} of them killed by hand; the clock leapt {self.offset / 3.6e6:.1f} h; "
              f"a plain hook beside it lost {lost} of {plain} moves; "
              f"the hooks are {'behind others' if self.beside else 'alone'}")
        for what, by in self.fired.items():
            print(f"# {what}: " + ", ".join(f"{role} {n}" for role, n in sorted(by.items())))
        if not lost:
            faults.append("no test: the plain hook lost nothing")
        print("\n".join(faults), end="\n" if faults else "")
        return 1 if faults else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pushes", type=int, default=150)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seed", default=str(int(time.time())))
    for name in ("programs", "tools", "folder"):
        parser.add_argument(name)
    args = parser.parse_args()
    if subprocess.run([f"{args.tools}/trace", "true"], check=False, capture_output=True).returncode:
        print("processes cannot be traced here")
        return 3
    soak = Soak(args)
    try:
        return soak.run()
    finally:
        soak.done.set()
        soak.end_drainers()
        if hasattr(soak, "server"):
            soak.server.stdin.close()
            soak.server.wait(10)


if __name__ == "__main__":
    sys.exit(main())
