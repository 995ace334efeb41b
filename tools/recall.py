#!/usr/bin/env python3
"""Recall and false positives of `codetrain check --type secrets` on labelled texts.

recall.py --check PROGRAM --cases FILE.jsonl --modules FOLDER [--oracle] [--write PAGE.md] [--least PERCENT]

Each line of the cases is {"rule", "expect", "text"}. Each text becomes a file of a temporary folder, and
the folder is scanned with the built-in rules and with gitleaks' rule file. That is got by Go's module cache
in FOLDER; without Go this part is skipped. With --oracle, gitleaks itself is built there, too: what it finds
with the same rules in the same files and we do not, or the other way round, is listed.
Exits 1 when the recall with the file is below --least, when a text is told that its rule must not match, when
one of AWS's secrets is missed by the built-in rules, or when a difference to the oracle is none that
EXPLAINED names.
"""
import argparse
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

# Rules that look only at files of these names.
NAMES = {
    "freemius-secret-key": "case.php",
    "hashicorp-tf-password": "case.tf",
    "kubernetes-secret-yaml": "case.yaml",
    "nuget-config-password": "nuget.config",
    "pkcs12-file": "case.p12",
}
MODULE, VERSION = "github.com/zricethezav/gitleaks/v8", "v8.30.1"
SECONDS = 900
EXPLAINED = {
    "place": "two rules find the same bytes, and one of them tells it",
    "decoded": "it stands in base64: gitleaks looks there when it is told to",
    "empty": "the file's name alone is the finding, and the file is empty: gitleaks opens no such file",
}

Finding = collections.namedtuple("Finding", "rule decoded")


def go(folder, *command):
    """Go with its modules in FOLDER; None when there is no Go, or it fails (no network)."""
    program = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if not program:
        return None
    env = {**os.environ, "GOMODCACHE": os.path.abspath(folder), "GOBIN": os.path.abspath(folder) + "/bin",
           "GOCACHE": os.path.abspath(folder) + "/build", "GOFLAGS": "-modcacherw", "GOTOOLCHAIN": "local"}
    done = subprocess.run([program, *command], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=SECONDS, check=False)
    return done.stdout if done.returncode == 0 else None


def fetch_rules(folder):
    answer = go(folder, "mod", "download", "-json", f"{MODULE}@{VERSION}")
    return json.loads(answer)["Dir"] + "/config/gitleaks.toml" if answer else None


def build_gitleaks(folder):
    return None if go(folder, "install", f"{MODULE}@{VERSION}") is None else folder + "/bin/gitleaks"


def read_cases(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.strip()]


def write_cases(cases, folder):
    """One folder a case: a rule's path may look at the whole name. What must not match although another
    case of the same text must was in a file of another name."""
    secrets = {(c["rule"], c["text"]) for c in cases if c["expect"]}
    for i, case in enumerate(cases):
        os.mkdir(os.path.join(folder, f"{i:05d}"))
        name = NAMES.get(case["rule"], "case.txt")
        if not case["expect"] and (case["rule"], case["text"]) in secrets:
            name = "case.txt"
        with open(os.path.join(folder, f"{i:05d}", name), "w", encoding="utf-8", newline="") as f:
            f.write(case["text"])


def number_of(path):
    found = re.search(r"(?:^|/)(\d{5})/", path)
    return int(found.group(1)) if found else None


def run(command, folder):
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=SECONDS, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{command[0]} ended with {done.returncode}: {done.stderr.decode(errors='replace')[-400:]}")
    return done.stdout


def scan(program, folder, options):
    """Findings by case."""
    out = collections.defaultdict(list)
    report = json.loads(run([program, "--type", "secrets", "--json", *options, "."], folder))
    for f in report["findings"]:
        i = number_of(f["file"])
        out[i].append(Finding(f["rule"], "**** in " in f["message"]))
    return out


def ask_gitleaks(program, folder, rules):
    out = collections.defaultdict(list)
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        common = ["--no-banner", "--ignore-gitleaks-allow", "--report-format", "json",
                  "--report-path", report.name, "--exit-code", "0", "--config", rules]
        run([program, "dir", *common, "."], folder)
        for f in json.load(open(report.name, encoding="utf-8")):
            out[number_of(f["File"])].append(Finding(f["RuleID"], False))
    return out


def table(cases, columns):
    """By rule: texts that are secrets, found by each column; texts that are none, told by each."""
    rows = {}
    for i, case in enumerate(cases):
        row = rows.setdefault(case["rule"], [0, 0, collections.Counter(), collections.Counter()])
        row[0 if case["expect"] else 1] += 1
        for name, found in columns.items():
            if case["expect"]:
                row[2][name] += bool(found[i])
            elif name == "built-in":	# its rules have other names
                row[3][name] += bool(found[i])
            else:
                row[3][name] += any(f.rule == case["rule"] for f in found[i])
    return rows


def percent(part, whole):
    return "-" if whole == 0 else f"{100 * part / whole:.1f} %"


def totals(rows, name):
    return (sum(r[2][name] for r in rows.values()), sum(r[0] for r in rows.values()),
            sum(r[3][name] for r in rows.values()), sum(r[1] for r in rows.values()))


def differences(cases, ours, theirs):
    """(case, rule, whose, why): rules that only one of the two tells of a text."""
    out = []
    for i in range(len(cases)):
        mine, its = {f.rule for f in ours[i]}, {f.rule for f in theirs[i]}
        decoded = {f.rule for f in ours[i] if f.decoded}
        for rule in sorted(its - mine):
            out.append((i, rule, "gitleaks only", "place" if mine else None))
        for rule in sorted(mine - its):
            empty = None if cases[i]["text"] else "empty"
            out.append((i, rule, "codetrain only", "decoded" if rule in decoded else empty))
    return out


def differ_table(found):
    kinds = collections.Counter((whose, why) for _, _, whose, why in found)
    lines = ["| whose | why | texts and rules |", "|---|---|---|"]
    for (whose, why), n in sorted(kinds.items(), key=str):
        lines.append(f"| {whose} | {EXPLAINED.get(why, '**not explained**')} | {n} |")
    return lines if found else ["None."]


def missed_by_file(cases, columns):
    """Rule by rule, and whether gitleaks finds it."""
    ours, theirs = columns.get("gitleaks' file"), columns.get("gitleaks")
    if ours is None:
        return []
    count = collections.Counter()
    for i, case in enumerate(cases):
        if case["expect"] and not ours[i]:
            asked = "" if theirs is None else " (gitleaks finds it)" if theirs[i] else " (nor does gitleaks)"
            count[f"{case['rule']}{asked}"] += 1
    return [f"{n} of {what}" for what, n in sorted(count.items())]


def page(cases, rows, columns, found):
    names = list(columns)
    lines = [
        "# What is found, and what is told wrongly",
        "",
        "Made by `make recall`. The texts are the true and false positives of gitleaks' own rules: "
        f"{sum(c['expect'] for c in cases)} that are secrets and {sum(not c['expect'] for c in cases)} "
        "that are not, each labelled with one rule.",
        "",
        f"*built-in*: codetrain with its own rules, which have the services that it is for; *gitleaks' file*: "
        f"codetrain with the rule file of gitleaks {VERSION} and nothing else; *both*: the two together; *gitleaks*: that "
        "program with the same file. A secret counts as found when anything is told of its text. A text that is "
        "none counts as told when its own rule tells it; with built-in rules, whose names are others, when anything "
        "does, so that is more than the false positives: another rule may rightly see a secret in it.",
        "",
        "| rules | secrets found | recall | told of texts that are none |",
        "|---|---|---|---|",
    ]
    for name in names:
        got, of, wrong, none = totals(rows, name)
        lines.append(f"| {name} | {got} of {of} | {100 * got / of:.2f} % | {wrong} of {none} |")
    missed = missed_by_file(cases, columns)
    if missed:
        lines += ["", "Not found with gitleaks' file: " + "; ".join(missed) + "."]
    if found is not None:
        lines += ["", "## Where codetrain and gitleaks differ with the same file", "", *differ_table(found)]
    lines += ["", "## By rule", "", "| rule | secrets | " + " | ".join(names) + " | none | " +
              " | ".join(names) + " |", "|---|" + "---|" * (2 + 2 * len(names))]
    for rule in sorted(rows):
        secrets, none, right, wrong = rows[rule]
        lines.append(f"| {rule} | {secrets} | " + " | ".join(percent(right[n], secrets) for n in names) +
                     f" | {none} | " + " | ".join(str(wrong[n]) if none else "-" for n in names) + " |")
    return "\n".join(lines) + "\n"


def judge(rows, columns, found, least):
    """What is not as it must be."""
    faults = []
    if "gitleaks' file" in columns:
        got, of, wrong, _ = totals(rows, "gitleaks' file")
        if 100 * got / of < least:
            faults.append(f"recall with the file is {100 * got / of:.2f} %, less than {least}")
        if wrong:
            faults.append(f"{wrong} texts told that a rule must not match")
    for rule, (secrets, _, right, _) in rows.items():
        if rule.startswith("aws-") and right["built-in"] < secrets:
            faults.append(f"{rule}: {secrets - right['built-in']} of {secrets} missed by built-in rules")
    faults += [f"case {i}: {rule}: {whose}" for i, rule, whose, why in found or [] if why is None]
    return faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", required=True)
    parser.add_argument("--cases", required=True)
    parser.add_argument("--modules", required=True)
    parser.add_argument("--oracle", action="store_true")
    parser.add_argument("--write")
    parser.add_argument("--least", type=float, default=99.5)
    args = parser.parse_args()
    cases = read_cases(args.cases)
    found = None
    rules = fetch_rules(args.modules)
    oracle = build_gitleaks(args.modules) if rules and args.oracle else None
    if not rules:
        print(f"# skipped: {MODULE}@{VERSION} cannot be downloaded by Go, so only built-in rules are measured")
    with tempfile.TemporaryDirectory(prefix="codetrain-recall.") as folder:
        write_cases(cases, folder)
        columns = {"built-in": scan(args.check, folder, [])}
        if rules:
            columns["gitleaks' file"] = scan(args.check, folder, ["--rules", rules, "--builtin-rules", "none"])
            columns["both"] = scan(args.check, folder, ["--rules", rules])
        if oracle:
            columns["gitleaks"] = ask_gitleaks(oracle, folder, rules)
            found = differences(cases, columns["gitleaks' file"], columns["gitleaks"])
    rows = table(cases, columns)
    for name in columns:
        got, of, wrong, none = totals(rows, name)
        print(f"# {name}: {got} of {of} secrets ({100 * got / of:.2f} %), told of {wrong} of {none} that are none")
    for i, rule, whose, why in found or []:
        print(f"# case {i} {rule}: {whose}: {why}")
    if args.write:
        with open(args.write, "w", encoding="utf-8") as f:
            f.write(page(cases, rows, columns, found))
    faults = judge(rows, columns, found, args.least)
    for fault in faults:
        print(f"# not as it must be: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
