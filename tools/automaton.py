"""Patterns of AWS's service models to automata.

compile(pattern, longest) gives the minimal deterministic automaton over code
points that accepts exactly the strings that java.util.regex matches as a whole,
among those of at most `longest` code points (the model limits the length on its
own: a repeat like {0,62} that the length implies costs no states).
"""
import java_regex
from java_regex import Unsupported
from regex_terms import TOP, derive, nullable, relax

STATES_MAX = 5000


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
        if len(states) > STATES_MAX:
            raise Unsupported(f"more than {STATES_MAX} states")
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
        term = java_regex.Parser(pattern).whole()
    except (ValueError, IndexError) as error:
        raise Unsupported(f"not understood: {error}") from error
    if longest is not None:
        term = relax(term, longest)
    ranges, samples = partition(term)
    states, accepting = minimise(*explore(term, samples))
    return Automaton(ranges, states, accepting)
