"""What a soak does, from its seed: the pushes of each client, what happens to their processes, and to each drainer."""
import dataclasses
import random

COMMITS = 6         # each ref moves among so few that A, B, A, B is common
ODD = "a'b\"$(touch${IFS}x);&"
# How often a rule is about each role. The plain hook's repository gets the same rules.
ROLES = {"receive-pack": 34, "post-receive": 20, "push": 14, "reference-transaction:prepared": 15,
         "reference-transaction:committed": 12, "unpack-objects": 2, "reference-transaction:aborted": 3}
ADMIN = {"update-ref": 40, "reference-transaction:prepared": 30, "reference-transaction:committed": 30}
HOOKS = ("reference-transaction:prepared", "reference-transaction:committed", "post-receive")
FAULTS = ("ENOSPC", "ENOSPC", "EIO", "EIO", "short")


@dataclasses.dataclass
class Step:
    number: int
    kind: str               # push, update-ref, pack-refs, unhooked
    moves: list             # (ref, number of a commit, None: delete it)
    atomic: bool = False
    skip: bool = False
    plain: bool = False
    rules: list = dataclasses.field(default_factory=list)


def own_refs(client):
    return [f"refs/heads/c{client}/a", f"refs/heads/c{client}/b", f"refs/heads/c{client}/{ODD}", f"refs/tags/c{client}"]


def unhooked_ref(client):
    """Moved past all hooks, and by nothing else."""
    return f"refs/heads/c{client}/unhooked"


SHARED = ["refs/heads/shared", "refs/heads/common"]


def pick(rng, weights):
    return rng.choices(list(weights), list(weights.values()))[0]


def rule(rng, roles, ranges, refs):
    role = pick(rng, roles)
    calls, faultable, each = ranges.get(role, (0, 0, 1))
    process = rng.randint(1, each * (refs if role.startswith("reference-transaction") else 1))
    kill, u, when = rng.random() < 0.72, rng.random(), rng.choice(("enter", "exit"))
    what, times = rng.choice(FAULTS), rng.choice((1, 1, 2, 4, 0))
    if kill or not faultable:
        return f"{role} {process} {1 + int(u * calls)} {when} {'all' if rng.random() < 0.2 else 'kill'}" if calls else None
    return f"{role} {process} {1 + int(u * faultable)} {what} {times}"


def full_disk(rng):
    """For some of the hooks, from some call on, for all of their processes."""
    return [f"{role} 0 {rng.choice((1, 1, 2, 5, 9))} ENOSPC 0" for role in HOOKS if rng.random() < 0.6]


def step(rng, client, number, ranges):
    kind = pick(rng, {"push": 91, "update-ref": 6, "unhooked": 2, "pack-refs": 1})
    mine = own_refs(client)
    if kind == "pack-refs":
        moves = []
    elif kind == "unhooked":
        moves = [(unhooked_ref(client), None)]
    elif kind == "push" and rng.random() < 0.12:
        moves = [(ref, None) for ref in rng.sample(mine, rng.randint(2, len(mine)))]
    elif rng.random() < 0.12:
        moves = [(rng.choice(SHARED), None)]
    else:
        moves = [(rng.choice(mine), None)]
    # those that several clients move are never deleted: their reflog has to last
    moves = [(ref, None if ref not in SHARED and rng.random() < 0.15 else rng.randrange(COMMITS)) for ref, _ in moves]
    s = Step(number, kind, moves, atomic=rng.random() < 0.5, skip=kind == "push" and rng.random() < 0.1)
    n = rng.choices((0, 1, 2), (38, 50, 12))[0]
    if kind == "push" and rng.random() < 0.04:
        s.rules = full_disk(rng)
    elif kind != "unhooked" and not (s.skip and rng.random() < 0.5):
        roles = ROLES if kind == "push" else ADMIN if kind == "update-ref" else {"pack-refs": 1}
        s.rules = [r for r in (rule(rng, roles, ranges, max(1, len(moves))) for _ in range(n)) if r]
    s.plain = kind == "push" and number % 4 == 0
    return s


def clients(seed, count, pushes, ranges):
    """A list of steps for each client; numbers are unique over all."""
    plans = []
    for c in range(count):
        rng = random.Random(f"{seed}/client {c}")
        plans.append([step(rng, c, n, ranges) for n in range(c, pushes, count)])
    # one that every plain hook loses, so that a short run shows the difference, too
    plans[0][:1] = [Step(0, "push", [(own_refs(0)[0], 0)], plain=True, rules=["post-receive 1 1 enter kill"])]
    return plans


def drainers(seed, count):
    """A line for each drainer: all are killed sooner or later, some after faults of the disk."""
    rng = random.Random(f"{seed}/drainers")
    lines = []
    for _ in range(count):
        rules = [f"drainer 1 {int(10 ** rng.uniform(1.5, 3.7))} {rng.choice(('enter', 'exit'))} kill"]
        if rng.random() < 0.5:
            rules.append(f"drainer 1 {int(10 ** rng.uniform(0, 2))} {rng.choice(FAULTS)} {rng.choice((1, 1, 3, 10))}")
        lines.append(";".join(rules))
    return lines
