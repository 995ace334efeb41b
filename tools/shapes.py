#!/usr/bin/env python3
"""Write lib/spec/shapes_sagemaker.c from botocore's service model of SageMaker.

    python3 -m venv /tmp/shapes && /tmp/shapes/bin/pip install botocore
    /tmp/shapes/bin/python tools/shapes.py              write the file
    /tmp/shapes/bin/python tools/shapes.py --check      exit 1 when it would change
    /tmp/shapes/bin/python tools/shapes.py --self-test  check every pattern against `re`

The table holds the input shapes of OPERATIONS and all that they reach. The same
botocore gives the same bytes. The patterns become automata, by tools/automaton.py.
"""
import argparse
import gzip
import json
import sys
import unicodedata
from pathlib import Path

import automaton

SERVICE = "sagemaker/2017-07-24"
OPERATIONS = [
    "CreateHyperParameterTuningJob",
    "CreateModel",
    "CreateProcessingJob",
    "CreateTrainingJob",
    "CreateTransformJob",
]
TARGET = Path(__file__).resolve().parent.parent / "lib/spec/shapes_sagemaker.c"
KINDS = ["structure", "list", "map", "string", "integer", "long", "float", "double",
         "boolean", "timestamp", "blob"]
WIDTH = 100
DEAD = 0xFFFF


def load():
    import botocore
    path = Path(botocore.__file__).parent / "data" / SERVICE / "service-2.json.gz"
    with gzip.open(path) as file:
        return json.load(file), botocore.__version__


def children(shape):
    if shape["type"] == "structure":
        return [member["shape"] for member in shape["members"].values()]
    if shape["type"] == "list":
        return [shape["member"]["shape"]]
    if shape["type"] == "map":
        return [shape["key"]["shape"], shape["value"]["shape"]]
    return []


def closure(model):
    """The shapes that the operations' inputs reach, by name, sorted."""
    shapes = model["shapes"]
    todo = [model["operations"][name]["input"]["shape"] for name in OPERATIONS]
    found = set()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += children(shapes[name])
    return {name: shapes[name] for name in sorted(found)}


class Patterns:
    """The automata that the shapes need: one for each (pattern, longest value), and
    one row of the table for all that come out alike."""

    def __init__(self, shapes):
        self.machines = {}   # (pattern, longest value): automaton
        self.rows = []       # (pattern, automaton)
        self.number = {}     # (pattern, longest value): row
        self.refused = []    # (shape, pattern, reason): no exact conversion
        for name, shape in shapes.items():
            key = (shape.get("pattern"), shape.get("max"))
            if key[0] is None or key in self.machines:
                continue
            try:
                self.machines[key] = automaton.compile(*key)
            except automaton.Unsupported as reason:
                self.refused.append((name, key[0], str(reason)))
        for key in sorted(self.machines, key=lambda key: (key[0], key[1] or 0)):
            row = (key[0], self.machines[key])
            if row not in self.rows:
                self.rows.append(row)
            self.number[key] = self.rows.index(row)


def quote(text):
    out = []
    for byte in text.encode("utf-8"):
        if byte in b'"\\?':
            out.append("\\" + chr(byte))
        elif 32 <= byte < 127:
            out.append(chr(byte))
        else:
            out.append(f"\\{byte:03o}")
    return '"' + "".join(out) + '"'


def rows(items):
    """Items as lines of a C initialiser, filled to WIDTH."""
    lines, line = [], "\t"
    for item in items:
        if len(line.expandtabs(8)) + len(item) + 2 > WIDTH and line != "\t":
            lines.append(line.rstrip())
            line = "\t"
        line += item + ", "
    if line != "\t":
        lines.append(line.rstrip())
    return "\n".join(lines)


def array(declaration, items):
    return f"static const {declaration}[] = {{\n{rows(items)}\n}};\n"


def state_rows(machine):
    """The states and their edges: the commonest way out of a state needs no edge."""
    classes = sorted({klass for _, klass in machine.ranges})
    states, edges = [], []
    for number, row in enumerate(machine.states):
        ways = [row.get(klass, DEAD) for klass in classes]
        otherwise = max(sorted(set(ways)), key=ways.count)
        accepts = str(number in machine.accepting).lower()
        states.append(f"{{{len(edges)}, {otherwise}, {accepts}}}")
        edges += [f"{{{klass}, {to}}}" for klass, to in zip(classes, ways) if to != otherwise]
    return states + [f"{{{len(edges)}, {DEAD}, false}}"], edges


def pattern_source(number, machine):
    states, edges = state_rows(machine)
    ranges = [f"{{0x{first:X}, {klass}}}" for first, klass in machine.ranges]
    return "\n".join(
        [array(f"struct shape_range p{number}_ranges", ranges)]
        + [array(f"struct shape_edge p{number}_edges", edges)] * bool(edges)
        + [array(f"struct shape_state p{number}_states", states)])


def pattern_row(number, text, machine):
    edges = f".edges = p{number}_edges, " if state_rows(machine)[1] else ""
    return (f"\t[{number}] = {{\n\t\t.text = {quote(text)},\n"
            f"\t\t.ranges = p{number}_ranges, .n_ranges = {len(machine.ranges)},\n"
            f"\t\t{edges}.states = p{number}_states,\n\t}},\n")


def member_rows(index, shape):
    required = set(shape.get("required", []))
    if shape["type"] == "structure":
        members = [(name, member["shape"], name in required)
                   for name, member in sorted(shape["members"].items())]
    elif shape["type"] == "list":
        members = [("member", shape["member"]["shape"], False)]
    else:
        members = [("key", shape["key"]["shape"], False),
                   ("value", shape["value"]["shape"], False)]
    return "".join(f"\t{{{quote(name)}, &shapes[{index[to]}], {str(need).lower()}}},\n"
                   for name, to, need in members), len(members)


def shape_source(name, shape, index, numbers):
    """The arrays that a shape's row needs, and the row."""
    if shape["type"] not in KINDS:
        raise SystemExit(f"shapes.py: {name} is of the unknown type {shape['type']}")
    number = index[name]
    before = []
    fields = [f".name = {quote(name)}", f".kind = SHAPE_{shape['type'].upper()}"]
    for bound in ("min", "max"):
        if bound in shape:
            if int(shape[bound]) != shape[bound]:
                raise SystemExit(f"shapes.py: {name}: {bound} is not a whole number")
            fields += [f".has_{bound} = true", f".{bound} = {int(shape[bound])}"]
    key = (shape.get("pattern"), shape.get("max"))
    if key in numbers:
        fields.append(f".pattern = &shapes_sagemaker_patterns[{numbers[key]}]")
    if children(shape) or shape["type"] == "structure":
        text, count = member_rows(index, shape)
        if count:
            before.append(f"static const struct shape_member s{number}_members[] = {{\n{text}}};\n")
            fields += [f".members = s{number}_members", f".n_members = {count}"]
    if shape.get("enum"):
        values = sorted(set(shape["enum"]))
        before.append(array(f"char *const s{number}_values", map(quote, values)))
        fields += [f".values = s{number}_values", f".n_values = {len(values)}"]
    indented = rows(fields).replace("\t", "\t\t")
    return "\n".join(before), f"\t[{number}] = {{\n{indented}\n\t}},\n"


HEADER = """\
/*
 * Generated by tools/shapes.py; do not edit. The input shapes of SageMaker's
 * {operations}.
 *
 * Source: botocore {version}, data/{service}/service-2.json.gz
 * (Apache-2.0; Copyright Amazon.com, Inc. or its affiliates).
 * Again: pip install botocore=={version} && python tools/shapes.py
 * \\p{{L}} and its like are those of Unicode {unicode}.
 *
 * {shapes} shapes; {patterns} patterns checked, {refused} not (no exact conversion).
 */
#include "lib/spec/shape.h"
"""


def table(declaration, rows_of_it):
    return f"{declaration} = {{\n{''.join(rows_of_it)}}};\n"


def generate(model, version):
    shapes = closure(model)
    patterns = Patterns(shapes)
    index = {name: number for number, name in enumerate(shapes)}
    sources = [shape_source(name, shape, index, patterns.number)
               for name, shape in shapes.items()]
    inputs = [(name, index[model["operations"][name]["input"]["shape"]]) for name in OPERATIONS]
    parts = [HEADER.format(operations=",\n * ".join(OPERATIONS), version=version,
                           service=SERVICE, unicode=unicodedata.unidata_version,
                           shapes=len(shapes), patterns=len(patterns.rows),
                           refused=len(patterns.refused))]
    parts += [f"/* not checked: {name}: {reason} */\n" for name, _, reason in patterns.refused]
    parts += [pattern_source(number, machine)
              for number, (_, machine) in enumerate(patterns.rows)]
    parts.append(table(f"const struct shape_pattern shapes_sagemaker_patterns"
                       f"[{len(patterns.rows)}]",
                       (pattern_row(number, *row) for number, row in enumerate(patterns.rows))))
    parts.append(f"const size_t shapes_sagemaker_n_patterns = {len(patterns.rows)};\n")
    parts.append(f"static const struct shape shapes[{len(shapes)}];\n")
    parts += [before for before, _ in sources if before]
    parts.append(table(f"static const struct shape shapes[{len(shapes)}]",
                       (row for _, row in sources)))
    parts.append(table(f"const struct shape_operation shapes_sagemaker[{len(inputs) + 1}]",
                       [f"\t{{{quote(name)}, &shapes[{number}]}},\n" for name, number in inputs]
                       + ["\t{NULL, NULL},\n"]))
    return "\n".join(parts), patterns


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--check", action="store_true", help="compare, write nothing")
    options.add_argument("--self-test", action="store_true",
                         help="check every pattern's automaton against Python's re")
    options.add_argument("-o", "--output", type=Path, default=TARGET)
    options = options.parse_args()
    model, version = load()
    text, patterns = generate(model, version)
    for name, pattern, reason in patterns.refused:
        print(f"not checked: {name}: {pattern}: {reason}", file=sys.stderr)
    print(f"botocore {version}: {len(patterns.rows)} patterns converted, "
          f"{len(patterns.refused)} not", file=sys.stderr)
    if options.self_test:
        import automaton_test
        return automaton_test.run(patterns, text)
    if options.check:
        same = options.output.read_text(encoding="utf-8") == text
        print(f"{options.output.name}: {'up to date' if same else 'differs'}", file=sys.stderr)
        return 0 if same else 1
    options.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
