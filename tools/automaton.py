"""Java regular expressions, as AWS's service models have them, to automata.

compile(pattern, longest) gives the minimal deterministic automaton over code
points that accepts exactly the strings that java.util.regex matches as a whole,
among those of at most `longest` code points (the model limits the length on its
own: a repeat like {0,62} that the length implies costs no states).

The expression is parsed into a term and derived by Brzozowski's rules, under
which a lookaround is an intersection with a complement:
    A(?!B)C  =  A (C and not B.*)        A(?<!B)C  =  (A and not .*B) C
What has no exact conversion raises Unsupported.
"""
import functools
import unicodedata

TOP = 0x10FFFF
INFINITE = None


class Unsupported(Exception):
    pass


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


@functools.lru_cache(maxsize=None)
def category(letter):
    """The code points of a general category such as L, Z or N."""
    return union(*[((c, c),) for c in range(TOP + 1)
                   if unicodedata.category(chr(c)).startswith(letter)])


ANY = ((0, TOP),)
DIGIT = ((48, 57),)
WORD = union(DIGIT, ((65, 90), (95, 95), (97, 122)))
SPACE = ((9, 13), (32, 32))
ALNUM = union(DIGIT, ((65, 90), (97, 122)))
# Java's line terminators, which its `.` does not match
DOT = complement(union(((10, 10), (13, 13), (0x85, 0x85), (0x2028, 0x2029))))
ESCAPES = {"d": DIGIT, "D": complement(DIGIT), "w": WORD, "W": complement(WORD),
           "s": SPACE, "S": complement(SPACE), "t": ((9, 9),), "n": ((10, 10),),
           "r": ((13, 13),)}


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


# ---- the parser ----

class Parser:
    def __init__(self, pattern):
        self.text = pattern
        self.at = 0

    def peek(self, words="", count=1):
        found = self.text[self.at:self.at + count]
        return found if not words or found in words else ""

    def take(self, word):
        if self.text.startswith(word, self.at):
            self.at += len(word)
            return True
        return False

    def whole(self):
        self.take("^")
        if self.text.endswith("$") and not self.text.endswith("\\$"):
            self.text = self.text[:-1]
        term = self.alternatives(top=True)
        if self.at != len(self.text):
            raise Unsupported(f"unexpected {self.peek()!r}")
        return term

    def alternatives(self, top=False):
        terms = [self.sequence(top)]
        while self.take("|"):
            terms.append(self.sequence(top))
        return alt(*terms)

    def sequence(self, top):
        before = EMPTY
        while self.at < len(self.text) and self.peek() not in ("|", ")"):
            if self.take("(?!") or self.take("(?="):
                negative = self.text[self.at - 1] == "!"
                ahead = self.lookaround(top)
                rest = self.sequence(top)
                ahead = cat(ahead, EVERYTHING)
                return cat(before, both(rest, inverse(ahead) if negative else ahead))
            if self.take("(?<!") or self.take("(?<="):
                negative = self.text[self.at - 1] == "!"
                behind = cat(EVERYTHING, self.lookaround(top))
                before = both(before, inverse(behind) if negative else behind)
                continue
            before = cat(before, self.repeated())
        return before

    def lookaround(self, top):
        # inside a group it would also see what is outside the group
        if not top:
            raise Unsupported("a lookaround inside a group")
        term = self.alternatives()
        if not self.take(")"):
            raise Unsupported("a parenthesis is open")
        return term

    def repeated(self):
        term = self.atom()
        while True:
            if self.take("*"):
                low, high = 0, INFINITE
            elif self.take("+"):
                low, high = 1, INFINITE
            elif self.take("?"):
                low, high = 0, 1
            elif self.peek() == "{":
                low, high = self.braces()
            else:
                return term
            if self.take("+"):
                raise Unsupported("a possessive quantifier")
            self.take("?")  # lazy: the same strings match as a whole
            term = repeat(term, low, high)

    def braces(self):
        end = self.text.index("}", self.at)
        low, comma, high = self.text[self.at + 1:end].partition(",")
        self.at = end + 1
        if not low.isdigit() or not (high.isdigit() or high == ""):
            raise Unsupported("braces without numbers")
        return int(low), (int(high) if high else INFINITE if comma else int(low))

    def atom(self):
        if self.take("("):
            if self.peek() == "?" and not self.take("?:"):
                raise Unsupported("group " + self.text[self.at - 1:self.at + 3])
            term = self.alternatives()
            if not self.take(")"):
                raise Unsupported("a parenthesis is open")
            return term
        if self.take("["):
            return lit(self.char_class())
        if self.take("."):
            return lit(DOT)
        if self.peek() in ("^", "$"):
            raise Unsupported("an anchor inside")
        if self.take("\\"):
            return lit(self.escape())
        char = self.peek()
        if char in ("*", "+", "?", "{"):
            raise Unsupported(f"nothing before {char}")
        self.at += 1
        return lit(chars(char))

    def escape(self):
        char = self.peek()
        self.at += 1
        if char == "u":
            return ((self.hex4(), ) * 2,)
        if char == "p" and self.peek() == "{":
            end = self.text.index("}", self.at)
            name, self.at = self.text[self.at + 1:end], end + 1
            if name == "Alnum":
                return ALNUM
            if name in ("L", "M", "N", "P", "S", "Z"):
                return category(name)
            raise Unsupported(f"\\p{{{name}}}")
        if char in ESCAPES:
            return ESCAPES[char]
        if not char or char.isalnum():
            raise Unsupported(f"\\{char}")
        return chars(char)

    def hex4(self):
        """After \\u; a pair of surrogates is one code point, as in Java."""
        high = int(self.text[self.at:self.at + 4], 16)
        self.at += 4
        if 0xD800 <= high <= 0xDBFF and self.text.startswith("\\u", self.at):
            low = int(self.text[self.at + 2:self.at + 6], 16)
            if 0xDC00 <= low <= 0xDFFF:
                self.at += 6
                return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)
        return high

    def class_item(self):
        if self.take("\\"):
            return self.escape()
        char = self.peek()
        if char == "[" or self.text.startswith("&&", self.at):
            raise Unsupported("a class inside a class")
        self.at += 1
        return chars(char)

    def char_class(self):
        negative = self.take("^")
        found, first = [], True
        while first or self.peek() != "]":
            if self.at >= len(self.text) or (first and self.peek() == "]"):
                raise Unsupported("a class is open")
            first = False
            item = self.class_item()
            single = len(item) == 1 and item[0][0] == item[0][1]
            if single and self.peek() == "-" and self.text[self.at + 1:self.at + 2] not in \
                    ("]", ""):
                self.at += 1
                last = self.class_item()
                if len(last) != 1 or last[0][0] != last[0][1] or last[0][0] < item[0][0]:
                    raise Unsupported("a range without a last character")
                item = ((item[0][0], last[0][0]),)
            found.append(item)
        self.at += 1
        ranges = union(*found)
        return complement(ranges) if negative else ranges


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


# ---- the automaton ----

class Automaton:
    """ranges: (first code point, class) ascending, from 0; a code point belongs
    to the class of the last range that starts at or before it.
    states: a dict {class: next state} each, state 0 the start; what is missing
    ends the match: from every state there is a way to accept."""

    def __init__(self, ranges, states, accepting):
        self.ranges, self.states, self.accepting = ranges, states, accepting

    def __eq__(self, other):
        return vars(self) == vars(other)

    def klass(self, point):
        low, high = 0, len(self.ranges)
        while high - low > 1:
            middle = (low + high) // 2
            if self.ranges[middle][0] <= point:
                low = middle
            else:
                high = middle
        return self.ranges[low][1]

    def matches(self, text):
        state = 0
        for char in text:
            state = self.states[state].get(self.klass(ord(char)))
            if state is None:
                return False
        return state in self.accepting


def sets_of(term):
    if term[0] == "set":
        yield term[1]
    elif term[0] in ("alt", "and"):
        for inner in term[1]:
            yield from sets_of(inner)
    else:
        for inner in term[1:]:
            if isinstance(inner, tuple):
                yield from sets_of(inner)


def partition(term):
    """The code points by which sets they are in: [(first, class)], {class: one of it}."""
    sets = sorted(set(sets_of(term)))
    starts = sorted({0} | {p for s in sets for a, b in s for p in (a, b + 1) if p <= TOP})
    classes, ranges, samples = {}, [], {}
    for start in starts:
        inside = tuple(any(a <= start <= b for a, b in s) for s in sets)
        number = classes.setdefault(inside, len(classes))
        samples.setdefault(number, start)
        if not ranges or ranges[-1][1] != number:
            ranges.append((start, number))
    return ranges, samples


def explore(term, samples):
    numbers, todo, states = {term: 0}, [term], []
    while len(states) < len(todo):
        here, row = todo[len(states)], {}
        for klass, point in samples.items():
            there = derive(here, point)
            if there not in numbers:
                numbers[there] = len(todo)
                todo.append(there)
            row[klass] = numbers[there]
        states.append(row)
        if len(states) > 5000:
            raise Unsupported("more than 5000 states")
    return states, {numbers[t] for t in todo if nullable(t)}


def minimise(states, accepting):
    """Moore's refinement, then numbers in the order of a walk from the start."""
    group = [int(state in accepting) for state in range(len(states))]
    while True:
        signs = [(group[s], tuple(group[to] for _, to in sorted(row.items())))
                 for s, row in enumerate(states)]
        names = {}
        refined = [names.setdefault(sign, len(names)) for sign in signs]
        if len(names) == len(set(group)):
            break
        group = refined
    live = {group[s] for s in accepting}
    while True:
        more = {group[s] for s, row in enumerate(states)
                if any(group[to] in live for to in row.values())} - live
        if not more:
            break
        live |= more
    rows = {}
    for s, row in enumerate(states):
        rows.setdefault(group[s], {k: group[to] for k, to in sorted(row.items())
                                   if group[to] in live})
    order = [group[0]]
    for name in order:
        order += [to for to in dict.fromkeys(rows[name].values()) if to not in order]
    number = {name: at for at, name in enumerate(order)}
    return ([{k: number[to] for k, to in rows[name].items()} for name in order],
            {number[group[s]] for s in accepting if group[s] in number})


def compile(pattern, longest=None):
    try:
        term = Parser(pattern).whole()
    except (ValueError, IndexError) as error:
        raise Unsupported(f"not understood: {error}") from error
    if longest is not None:
        term = relax(term, longest)
    ranges, samples = partition(term)
    states, accepting = minimise(*explore(term, samples))
    return Automaton(ranges, states, accepting)
