"""Regular expressions as terms: tuples that are equal when they are alike, made
only by the functions below, and derived by Brzozowski's rules.
"""
import functools

TOP = 0x10FFFF
INFINITE = None


# ---- sets of code points: sorted tuples of (first, last) ----

def union(*sets):
    out = []
    for first, last in sorted(r for s in sets for r in s):
        if out and first <= out[-1][1] + 1:
            out[-1][1] = max(out[-1][1], last)
        else:
            out.append([first, last])
    return tuple(map(tuple, out))


def complement(ranges):
    out, start = [], 0
    for first, last in ranges:
        if first > start:
            out.append((start, first - 1))
        start = last + 1
    if start <= TOP:
        out.append((start, TOP))
    return tuple(out)


def chars(text):
    return union(*[((ord(c), ord(c)),) for c in text])


# ---- terms: tuples, made only by the functions below, equal when they are alike ----

NONE = ("none",)      # matches nothing
EMPTY = ("empty",)    # matches the empty string


def lit(ranges):
    return ("set", ranges) if ranges else NONE


def cat(a, b):
    if NONE in (a, b):
        return NONE
    if a == EMPTY:
        return b
    if b == EMPTY:
        return a
    if a[0] == "cat":  # lean right, so that equal languages meet more often
        return ("cat", a[1], cat(a[2], b))
    return ("cat", a, b)


def alt(*terms):
    flat = set()
    for term in terms:
        flat |= term[1] if term[0] == "alt" else {term}
    flat.discard(NONE)
    if ("not", NONE) in flat:
        return ("not", NONE)
    if not flat:
        return NONE
    return flat.pop() if len(flat) == 1 else ("alt", frozenset(flat))


def both(a, b):
    if NONE in (a, b):
        return NONE
    if a == ("not", NONE) or a == b:
        return b
    if b == ("not", NONE):
        return a
    return ("and", frozenset((a, b)))


def inverse(term):
    return term[1] if term[0] == "not" else ("not", term)


def repeat(term, low, high):
    if nullable(term):
        low = 0
    if high == 0 or term == EMPTY:
        return EMPTY
    if term == NONE:
        return EMPTY if low == 0 else NONE
    if (low, high) == (1, 1):
        return term
    if term[0] == "repeat" and term[2] == 0 and term[3] is INFINITE and low <= 1 \
            and high is INFINITE:
        return term
    return ("repeat", term, low, high)


EVERYTHING = ("not", NONE)


@functools.lru_cache(maxsize=None)
def nullable(term):
    kind = term[0]
    if kind in ("none", "set"):
        return False
    if kind == "empty":
        return True
    if kind == "cat":
        return nullable(term[1]) and nullable(term[2])
    if kind == "alt":
        return any(map(nullable, term[1]))
    if kind == "and":
        return all(map(nullable, term[1]))
    if kind == "not":
        return not nullable(term[1])
    return term[2] == 0


@functools.lru_cache(maxsize=None)
def derive(term, point):
    """What is left to match after the code point."""
    kind = term[0]
    if kind in ("none", "empty"):
        return NONE
    if kind == "set":
        return EMPTY if any(a <= point <= b for a, b in term[1]) else NONE
    if kind == "cat":
        first = cat(derive(term[1], point), term[2])
        return alt(first, derive(term[2], point)) if nullable(term[1]) else first
    if kind == "alt":
        return alt(*(derive(t, point) for t in term[1]))
    if kind == "and":
        return both(*(derive(t, point) for t in term[1])) if len(term[1]) == 2 else \
            derive(next(iter(term[1])), point)
    if kind == "not":
        return inverse(derive(term[1], point))
    _, inner, low, high = term
    rest = repeat(inner, max(low - 1, 0), high if high is INFINITE else high - 1)
    return cat(derive(inner, point), rest)


# ---- bounded lengths ----

@functools.lru_cache(maxsize=None)
def shortest(term):
    """A lower bound of the length of what a term matches."""
    kind = term[0]
    if kind == "set":
        return 1
    if kind == "cat":
        return shortest(term[1]) + shortest(term[2])
    if kind == "alt":
        return min(map(shortest, term[1]))
    if kind == "and":
        return max(map(shortest, term[1]))
    if kind == "repeat":
        return shortest(term[1]) * term[2]
    return 0


def relax(term, room):
    """Drop the upper bounds of repeats that no string of `room` code points or
    fewer can go over: the terms agree on all these strings."""
    kind = term[0]
    if kind == "cat":
        return cat(relax(term[1], room - shortest(term[2])),
                   relax(term[2], room - shortest(term[1])))
    if kind == "alt":
        return alt(*(relax(t, room) for t in term[1]))
    if kind == "repeat":
        _, inner, low, high = term
        length = shortest(inner)
        if high is not INFINITE and (high + 1) * length > room:
            high = INFINITE
        return repeat(relax(inner, room - max(low - 1, 0) * length), low, high)
    return term
