"""Checks automata against an independent matcher: Python's re, on samples of
every length that matters. Run by `tools/shapes.py --self-test`; with a C
compiler there, the generated C and lib/spec/shape_pattern.c judge the same
samples too.
"""
import itertools
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

import automaton

SEED = 20170724
EXHAUSTIVE = 3000   # strings of all class representatives, shortest first
RANDOM = 1500       # per pattern and way of making them
ROOT = Path(__file__).resolve().parent.parent


def category_text(letter):
    spans, start, last = [], None, None
    for point in range(automaton.TOP + 2):
        inside = point <= automaton.TOP and \
            unicodedata.category(chr(point)).startswith(letter)
        if inside and start is None:
            start = point
        if not inside and start is not None:
            spans.append(f"\\U{start:08x}-\\U{last:08x}")
            start = None
        last = point
    return "".join(spans)


CATEGORIES = {letter: category_text(letter) for letter in "LNZ"}
JAVA = re.compile(r"\\u(?P<high>D[89AB]..)\\u(?P<low>D[C-F]..)|\\p\{(?P<name>\w+)\}"
                  r"|(?P<other>\\.)|(?P<open>\[\^?)|(?P<close>\])|(?P<dot>\.)", re.S)


def to_python(pattern):
    """What Python writes differently from Java; every other character stays."""
    inside = False

    def replace(match):
        nonlocal inside
        if match["high"]:
            return chr(0x10000 + ((int(match["high"], 16) - 0xD800) << 10)
                       + (int(match["low"], 16) - 0xDC00))
        if match["name"]:
            text = "a-zA-Z0-9" if match["name"] == "Alnum" else CATEGORIES[match["name"]]
            return text if inside else f"[{text}]"
        if match["open"]:
            was, inside = inside, True
            return "\\[" if was else match[0]
        if match["close"]:
            inside = False
        if match["dot"] and not inside:
            return "[^\\n\\r\\u0085\\u2028\\u2029]"
        return match[0]

    return re.compile(JAVA.sub(replace, pattern), re.ASCII)


def alphabet(machine):
    """The first and last code point of every class's ranges, and a few in between."""
    points = set()
    ends = [first - 1 for first, _ in machine.ranges[1:]] + [automaton.TOP]
    pairs = list(zip((first for first, _ in machine.ranges), ends))
    if len(pairs) > 60:
        pairs = random.sample(pairs, 60)
    for first, last in pairs:
        points |= {first, last, (first + last) // 2}
    points |= set(map(ord, "aZ09_-./:@ \t\n\r\v\x1c\x85\u2028é𝒳")) | {0x660, 0xA0}
    # a surrogate alone is no character: UTF-8 cannot carry it. NUL ends a C string.
    return [chr(p) for p in sorted(points) if p and not 0xD800 <= p <= 0xDFFF]


def walk(machine, letters, longest):
    """A string that the automaton accepts, with a bias to long or short ones."""
    by_class = {}
    for letter in letters:
        by_class.setdefault(machine.klass(ord(letter)), []).append(letter)
    stop = random.choice((0.5, 0.1, 0.01, 0.001))
    state, out = 0, []
    while len(out) < longest:
        if state in machine.accepting and random.random() < stop:
            break
        ways = [(k, to) for k, to in machine.states[state].items() if k in by_class]
        if not ways:
            break
        klass, state = random.choice(ways)
        out.append(random.choice(by_class[klass]))
    return "".join(out)


def mutate(text, letters):
    out = list(text)
    for _ in range(random.choice((1, 1, 2, 5))):
        at = random.randrange(len(out) + 1)
        way = random.randrange(4)
        if way == 0:
            out.insert(at, random.choice(letters))
        elif way == 1 and out:
            del out[min(at, len(out) - 1)]
        elif way == 2 and out:
            out[min(at, len(out) - 1)] = random.choice(letters)
        elif out:
            at = min(at, len(out) - 1)
            out[at:at] = out[at:at + random.randrange(1, 6)]
    return "".join(out)


def samples(machine, longest):
    longest = longest or 300
    letters = alphabet(machine)
    one_each = list({machine.klass(ord(c)): c for c in letters}.values())
    found = set()
    for length in itertools.count():
        if length > longest or len(found) + len(one_each) ** length > EXHAUSTIVE:
            break
        found |= {"".join(p) for p in itertools.product(one_each, repeat=length)}
    for _ in range(RANDOM):
        good = walk(machine, letters, longest)
        found |= {good, mutate(good, letters)}
        found.add("".join(random.choices(letters, k=random.randrange(12))))
    for letter in one_each:  # the bounds of lengths
        for length in (1, 2, 31, 32, 62, 63, 64, 119, 120, longest - 1, longest):
            found.add((letter * length)[:longest])
            found.add(("a" + letter * length)[:longest])
    return sorted(text for text in found if len(text) <= longest)


HARNESS = r"""
#include "lib/spec/shape.h"
#include <stdio.h>
#include <stdlib.h>
int main(void)
{
	char *line = NULL;
	size_t cap = 0, at;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 1) {
		char *hex = line;
		size_t pattern = strtoul(line, &hex, 10);
		char *out = line;

		for (hex++; hex + 1 < line + n; hex += 2) {
			char byte[3] = {hex[0], hex[1], 0};
			*out++ = (char)strtoul(byte, NULL, 16);
		}
		*out = '\0';
		putchar(shape_pattern_match(&shapes_sagemaker_patterns[pattern], line, &at) ? '1' : '0');
	}
	free(line);
	return 0;
}
"""


def judge_in_c(source, cases):
    """The verdicts of the C matcher for (pattern number, text), or None without
    a compiler."""
    compiler = os.environ.get("CC") or shutil.which("cc")
    if not compiler:
        return None
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("harness.c", HARNESS), ("shapes.c", source)):
            Path(folder, name).write_text(text)
        program = Path(folder, "harness")
        subprocess.run([compiler, "-std=c11", "-D_GNU_SOURCE", "-I", ROOT, "-o", program,
                        Path(folder, "harness.c"), Path(folder, "shapes.c"),
                        ROOT / "lib/spec/shape_pattern.c"], check=True)
        lines = "".join(f"{number} {text.encode().hex()}\n" for number, text in cases)
        done = subprocess.run([program], input=lines.encode(), stdout=subprocess.PIPE,
                              check=True)
    return [verdict == ord("1") for verdict in done.stdout]


def refused_constructs():
    """What has no exact conversion must be said, not guessed."""
    wrong = []
    for pattern in ("a++", "(?i)a", "(a)\\1", "\\bword", "[a&&b]", "\\p{IsGreek}", "(a(?!b))c",
                    "(?<name>a)", "a^b", "*a", "(a", "[a", "a)"):
        try:
            automaton.compile(pattern)
            wrong.append(pattern)
        except automaton.Unsupported:
            pass
    return wrong


def run(patterns, source):
    random.seed(SEED)
    faults, cases, verdicts = 0, [], []
    for key, number in sorted(patterns.number.items(), key=lambda item: item[1]):
        (pattern, longest), machine = key, patterns.machines[key]
        oracle, yes = to_python(pattern), 0
        texts = samples(machine, longest)
        for text in texts:
            want = oracle.fullmatch(text) is not None
            yes += want
            cases.append((number, text))
            verdicts.append(want)
            if machine.matches(text) != want:
                faults += 1
                print(f"differs: {pattern!r} on {text!r}: re says {want}")
        if yes == 0:
            faults += 1
            print(f"no sample matches {pattern!r}")
    in_c = judge_in_c(source, cases)
    for case, want, got in zip(cases, verdicts, in_c or verdicts):
        if want != got:
            faults += 1
            print(f"C differs: pattern {case[0]} on {case[1]!r}: re says {want}")
    for pattern in refused_constructs():
        faults += 1
        print(f"converted, but must not be: {pattern}")
    print(f"{len(patterns.number)} patterns, {len(cases)} samples ({sum(verdicts)} match), "
          f"{'Python and C' if in_c else 'Python only: no C compiler'}: {faults} faults")
    return 1 if faults or len(in_c or verdicts) != len(cases) else 0


if __name__ == "__main__":
    sys.exit("run: tools/shapes.py --self-test")
