"""Edits generated AWS files with our program and reads them with botocore before and after.

    config_edit.py PROGRAM FOLDER COUNT SEED

PROGRAM --lines takes lines of KIND, PATH, PROFILE, changes. Prints what differs,
and how many edits were compared.
"""
import os
import random
import subprocess
import sys

import botocore.configloader
import botocore.exceptions

PROFILES = ["default", "dev", "team dev", "a.b-c_d", "größe", "x"]
NAMES = ["region", "output", "role_arn", "aws_access_key_id", "aws_secret_access_key",
         "credential_process", "codetrain_keyring", "s3", "cli_pager"]
CHANGED = ["credential_process", "codetrain_keyring", "aws_access_key_id", "aws_secret_access_key",
           "region", "s3"]
VALUES = ["us-east-2", "json", "AKIAEXAMPLE", "a/b+c==", "/opt/x get --profile 'team dev'", "p=q",
          "a:b", "x#y", "größe", "[not a section]", "%d"]


def section(rng, kind):
    name = rng.choice(PROFILES)
    if kind == "credentials":
        return f"[{name}]"
    other = rng.random()
    if other < 0.15:
        return f"[{rng.choice(['sso-session', 'services'])} {rng.choice(['dev', 'x'])}]"
    if name == "default":
        return "[default]"
    return f'[profile "{name}"]' if " " in name or rng.random() < 0.1 else f"[profile {name}]"


def body(rng, indent):
    lines = []
    names = rng.sample(NAMES, rng.randrange(len(NAMES)))
    for name in names:
        if rng.random() < 0.2:
            lines.append(rng.choice(["", "# a comment", "; region = no", "   # indented", "\t"]))
        if name == "s3":
            lines.append(f"{indent}s3 =")
            lines += [f"{indent}  {sub} = {rng.choice(VALUES)}"
                      for sub in rng.sample(["region", "addressing_style", "s3"], rng.randrange(1, 4))]
            continue
        spelt = name.upper() if rng.random() < 0.1 else name
        lines.append(f"{indent}{spelt}{rng.choice([' = ', '=', ' =', ': ', ':'])}{rng.choice(VALUES)}")
        if rng.random() < 0.1:
            lines.append(f"{indent}    and {rng.choice(VALUES)}")
    if rng.random() < 0.3:
        lines.append("")
    return lines


def a_file(rng, kind):
    lines = [rng.choice(["# made by hand", "", "; x"])] if rng.random() < 0.3 else []
    seen = set()
    for _ in range(rng.randrange(5)):
        head = section(rng, kind)
        if head.replace('"', "") in seen and rng.random() < 0.95:
            continue
        seen.add(head.replace('"', ""))
        lines.append(head + rng.choice(["", "", " ", " # why"]))
        lines += body(rng, rng.choice(["", "", "", "  ", "\t"]))
    end = rng.choice(["\n", "\n", "\r\n"])
    return end.join(lines) + rng.choice(["", end, end])


def parsed(path, kind):
    """Section to properties, as botocore has it; None when it refuses the file."""
    try:
        if kind == "credentials":
            return botocore.configloader.raw_config_parse(path)
        tree = botocore.configloader.load_config(path)
    except botocore.exceptions.ConfigParseError:
        return None
    return {(group, name): values for group in ("profiles", "sso_sessions", "services")
            for name, values in tree.get(group, {}).items()}


def expected(before, kind, profile, changes):
    after = {name: dict(values) for name, values in before.items()}
    key = profile if kind == "credentials" else ("profiles", profile)
    for name, value in changes:
        if value is None:
            after.get(key, {}).pop(name, None)
        else:
            after.setdefault(key, {})[name] = value
    return after


def kept(before, after, names):
    """Every line of the one that is not of these properties is in the other, in order."""
    rest = iter(after.splitlines())
    skipping = False
    for line in before.splitlines():
        text = line.strip().lower()
        says = bool(text) and text[0] not in b"#;"
        if says and not (skipping and line[:1] in (b" ", b"\t") and indent(line) > skipping):
            is_changed = any(text.replace(b":", b"=").split(b"=")[0].strip() == n.encode() for n in names)
            skipping = indent(line) + 0.5 if is_changed and not text.startswith(b"[") else False
        if says and skipping:
            continue
        if not any(line == other for other in rest):
            return False
    return True


def indent(line):
    return len(line) - len(line.lstrip(b" \t"))


def main():
    program, folder, count, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    rng = random.Random(seed)
    cases, lines = [], []
    for n in range(count):
        kind = rng.choice(["config", "credentials"])
        path = os.path.join(folder, f"{kind}-{n}")
        with open(path, "w", encoding="utf-8", newline="") as f:
            f.write(a_file(rng, kind))
        with open(path, "rb") as f:
            raw = f.read()
        profile = rng.choice(PROFILES)
        changes = [(name, rng.choice(VALUES) if rng.random() < 0.6 else None)
                   for name in rng.sample(CHANGED, rng.randrange(1, 4))]
        cases.append((path, kind, profile, changes, raw, parsed(path, kind)))
        words = [name if value is None else f"{name}={value}" for name, value in changes]
        lines.append("\t".join([kind, path, profile, *words]) + "\n")
    answers = subprocess.run([program, "--lines"], input="".join(lines), text=True, check=True,
                             capture_output=True, timeout=120).stdout.splitlines()
    compared = wrong = unread = 0
    for (path, kind, profile, changes, raw, before), answer in zip(cases, answers, strict=True):
        with open(path, "rb") as f:
            now = f.read()
        after = parsed(path, kind)
        if answer != "ok":
            good = now == raw and before is None
        elif before is None:
            unread += 1
            good = kept(raw, now, [name for name, _ in changes])
        else:
            compared += 1
            good = after == expected(before, kind, profile, changes) and \
                kept(raw, now, [name for name, _ in changes])
        if not good:
            wrong += 1
            print(f"{path} [{profile}] {changes}: {answer}\n{raw!r}\n{now!r}\n{before}\n{after}")
    print(f"{compared} edits compared, {unread} of files that botocore refuses, {wrong} wrong")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
