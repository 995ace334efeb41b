"""Judges a soak by what git itself kept: which moves each ref made, whether each is one event, and each event one build.

A move is (old, new, push): the push is the number that its client gave it, -1 when none did. Nothing here reads
the queue's own idea of what happened; moves come from reflogs and from the refs before and after each push.
"""
import json
import re
import sys

ZERO = "0" * 40
ENTRY = re.compile(rb"([0-9a-f]{40}) ([0-9a-f]{40}) push-(-?\d+) <")


def chain(log, value):
    """The moves in a reflog's bytes: git writes an entry before it moves the ref, so one whose new value is not the
    next one's old value (or, if last, the ref's `value`) never came to be."""
    entries = [(old.decode(), new.decode(), int(push)) for old, new, push in ENTRY.findall(log)]
    after = [e[0] for e in entries[1:]] + [value]
    return [e for e, then in zip(entries, after) if e[1] == then and e[0] != e[1]]


def compare(ref, moves, events):
    """`moves` and `events` of one ref, in order."""
    pairs = [(e["old"], e["new"]) for e in events]
    wanted = [(old, new) for old, new, _ in moves]
    if pairs == wanted:
        return []
    n = next((i for i, (a, b) in enumerate(zip(pairs, wanted)) if a != b), min(len(pairs), len(wanted)))
    at = f"{ref}, move {n + 1} of {len(wanted)} ({len(pairs)} events): "
    got = f"event {events[n]['seq']} {pairs[n][0][:7]}..{pairs[n][1][:7]}" if n < len(pairs) else "no event"
    if n == len(wanted):
        return [at + f"{got}, which is no move"]
    word = "lost" if len(pairs) < len(wanted) else "twice or out of order"
    return [at + f"{word}: push {moves[n][2]} moved {wanted[n][0][:7]}..{wanted[n][1][:7]}, there is {got}"]


def compare_unhooked(ref, moves, events):
    """Moves that no hook told of are one event for all between two looks at the refs."""
    at, values = ZERO, [new for _, new, _ in moves]
    for e in events:
        if e["old"] != at or e["new"] not in values:
            return [f"{ref}: event {e['seq']} {e['old'][:7]}..{e['new'][:7]} is no move, or out of order"]
        del values[:values.index(e["new"]) + 1]
        at = e["new"]
    return [f"{ref}: lost: it is at {moves[-1][1][:7]}, the last event at {at[:7]}"] if moves and at != moves[-1][1] else []


def judge(run):
    """`run`: moves {ref: [[old, new, push]]}, events [{seq, ref, old, new}] by seq, builds [{event, commit}] in the
    order of their start, skip {push: "must" | "may"}, unhooked [ref]. A list of what is wrong."""
    faults, by_ref, started, order = [], {}, {}, {}
    for e in run["events"]:
        by_ref.setdefault(e["ref"], []).append(e)
    events = {e["seq"]: e for e in run["events"]}
    for b in run["builds"]:
        e = events.get(b["event"])
        if not e:
            faults.append(f"a build of event {b['event']}, which there is not")
            continue
        started[b["event"]] = started.get(b["event"], 0) + 1
        if b["commit"] != e["new"]:
            faults.append(f"event {b['event']} built {b['commit']} in place of {e['new']}")
        if b["event"] < order.get(e["ref"], 0):
            faults.append(f"event {b['event']} of {e['ref']} was built after {order[e['ref']]}")
        order[e["ref"]] = b["event"]
    for ref in sorted(set(run["moves"]) | set(by_ref)):
        moves, mine = run["moves"].get(ref, []), by_ref.get(ref, [])
        unhooked = ref in run["unhooked"]
        wrong = compare_unhooked(ref, moves, mine) if unhooked else compare(ref, moves, mine)
        faults += wrong
        pushes = [m[2] for m in moves] if not wrong and not unhooked else [None if wrong else 0] * len(mine)
        for e, push in zip(mine, pushes):
            skip = None if unhooked else run["skip"].get(str(push))
            n = started.get(e["seq"], 0)
            allowed = {0} if skip == "must" or e["new"] == ZERO else {0, 1} if skip or push is None else {1}
            if n not in allowed:
                faults.append(f"event {e['seq']} of {ref} (push {push}{', ci.skip' if skip else ''}) "
                              f"was started {n} times")
    return faults


def spoil(run):
    """Copies of a good run with one thing wrong in each, and the word that must be in the answer."""
    def copy():
        return json.loads(json.dumps(run))

    built = [b["event"] for b in run["builds"]]
    refs = {e["seq"]: e["ref"] for e in run["events"]}
    later = next((i for i in range(1, len(built)) if refs[built[i]] in [refs[b] for b in built[:i]]), None)
    bad = copy()
    hooked = [i for i, e in enumerate(bad["events"]) if e["ref"] not in run["unhooked"]]
    del bad["events"][hooked[len(hooked) // 2]]
    yield bad, "lost"
    bad = copy()
    bad["events"].append({**bad["events"][0], "seq": bad["events"][-1]["seq"] + 1})
    yield bad, "no move"
    bad = copy()
    bad["builds"].append(bad["builds"][-1])
    yield bad, "started 2 times"
    bad = copy()
    del bad["builds"][0]
    yield bad, "started 0 times"
    bad = copy()
    bad["builds"].insert(0, bad["builds"].pop(later))
    yield bad, "was built after"
    ref = max(run["moves"], key=lambda r: len(run["moves"][r]))
    bad = copy()
    first = [i for i, e in enumerate(bad["events"]) if e["ref"] == ref][:2]
    for a, b in (("old", "old"), ("new", "new")):
        bad["events"][first[0]][a], bad["events"][first[1]][b] = bad["events"][first[1]][b], bad["events"][first[0]][a]
    yield bad, "out of order"


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        run = json.load(f)
    for bad, word in spoil(run):
        found = [fault for fault in judge(bad) if word in fault]
        print(f"{'noticed' if found else 'MISSED'}: {word}")


if __name__ == "__main__":
    main()
