"""Generated AWS config files: what codetrain doctor says of each, held against botocore.

doctor_botocore.py COUNT. For each file:
- the doctor says that the AWS CLI and boto3 refuse it exactly when botocore does;
- when it finds nothing in it, botocore and codetrain read the same region and keys for every profile.
"""
import json
import os
import random
import subprocess
import sys

import botocore.configloader
import botocore.exceptions

HEADERS = ["[profile a]", "[profile b]", "[profile c]", "[profile d]"]
ODD_HEADERS = ["[default]", "[profile default]", "[a]", "[ default ]", "[profile a ]", '[profile "a"]', "[profile e f]",
               "[sso-session s]", "[services v]", "[profile c] # c", "[profile c] ; c", "[profile c] junk", " [profile d]",
               "[profile g", "[]", "[profile ]", "[Profile a]", "[profile\ta]", "[preview]"]
LINES = ["region = us-east-2", "output = json", "aws_access_key_id = AKIAXXXXXXXXXXXXXXXX", "aws_secret_access_key = abc/def+x",
         "retry_mode = standard", "cli_pager =", "# a comment", "; another", ""]
ODD_LINES = ["region = eu-west-1 # c", "region = eu-west-1 ; c", "Region = us-west-2", "output: text", "  output = json", "s3 =",
             "  addressing_style = path", "  junk", "junk", "= x", "  # c", "\tregion = x", "region", "region =", " ", "x=1#c",
             "credential_process = sh -c 'a # b'", "aws_access_key_id = \"AKIA\"", "\r", "region = us-east-1\r", "regoin = x"]
REFUSED = {"duplicate-key", "byte-order-mark", "broken-line"}
HOME = os.path.join(os.getcwd(), "home")


def generate(rng):
    oddity = rng.choice([0, 0, 0.05, 0.2, 0.5])
    lines = []
    for header in rng.sample(HEADERS, rng.randint(1, 4)):
        lines.append(rng.choice(ODD_HEADERS) if rng.random() < oddity else header)
        for line in rng.sample(LINES, rng.randint(0, 5)):
            lines.append(rng.choice(ODD_LINES) if rng.random() < oddity else line)
    text = "\n".join(lines) + rng.choice(["", "\n"])
    return ("\ufeff" if rng.random() < oddity / 10 else "") + text


def run(*argv):
    environment = {"PATH": os.environ["PATH"], "HOME": HOME, "AWS_EC2_METADATA_DISABLED": "true", "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=60)


def doctor(path):
    report = json.loads(run("codetrain", "doctor", "--offline", "--json").stdout)
    return [f for f in report["findings"] if f["check"] == "config" and f.get("file") == path]


def says_refused(findings):
    return any(f["rule"] in REFUSED or (f["rule"] == "duplicate-section" and "refuse" in f["message"]) for f in findings)


def read_by_botocore(path):
    """The profiles, or None when it refuses the file."""
    try:
        return botocore.configloader.load_config(path)["profiles"]
    except botocore.exceptions.ConfigParseError:
        return None


def read_by_codetrain(profile):
    done = run("codetrain", "credentials", "--profile", profile, "--format", "json")
    if done.returncode == 0:
        d = json.loads(done.stdout)
        return d["AccessKeyId"], d["SecretAccessKey"], d.get("Region", "")
    return done.returncode, done.stderr


def same(profile, ours, theirs):
    key, secret = theirs.get("aws_access_key_id"), theirs.get("aws_secret_access_key")
    if key and secret and "credential_process" not in theirs:
        return ours == (key, secret, theirs.get("region", ""))
    # no credentials, or half of them: the profile is known, and refused for that alone
    return ours[0] in (2, 6) and profile in str(ours[1]) and "neither" not in str(ours[1])


def main():
    path = os.path.join(HOME, ".aws", "config")
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    rng = random.Random(1)
    differences = refused = silent = 0
    for _ in range(int(sys.argv[1])):
        text = generate(rng)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline="") as f:
            f.write(text)
        findings, profiles = doctor(path), read_by_botocore(path)
        wrong = []
        if says_refused(findings) != (profiles is None):
            wrong.append("refused by botocore" if profiles is None else "read by botocore")
        refused += profiles is None
        if not findings and profiles is not None:
            silent += 1
            wrong += [f"profile {p}: {t} and {o}" for p, t in profiles.items()
                      if not same(p, o := read_by_codetrain(p), t)]
        if wrong:
            differences += 1
            print(repr(text), [f"{f['rule']}:{f.get('line')}" for f in findings], wrong, sep="\n  ")
    print(f"refused: {refused}\nsilent: {silent}\ndifferences: {differences}")


main()
