"""The HTTPS URL of generated codecommit URLs: ours, and that of the Python git-remote-codecommit.

remote_urls.py GIT-REMOTE-CODECOMMIT COUNT SEED

Ours is asked with a git on PATH that prints the URL that it is given. Compared is host and path (decoded: the other
one leaves spaces as they are) wherever the other one defines one. Not generated, because ours differs on purpose: a
name that ends in .git (ours takes it off: there is none), a query or a folder behind the name (dropped there, an error
here), an '@' in the profile (theirs ends it at the first), an endpoint of another region than the URL's (an error here).
"""
import os
import random
import subprocess
import sys
import tempfile
from urllib.parse import unquote, urlsplit

import botocore.session
import git_remote_codecommit as theirs

REGIONS = ["us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-central-1", "ap-northeast-3", "ca-central-1", "sa-east-1",
           "af-south-1", "il-central-1", "me-central-1", "cn-north-1", "cn-northwest-1", "us-gov-west-1", "us-gov-east-1",
           "US-EAST-1", "us-iso-east-1", "eusc-de-east-1", "xx-new-1", "nonsense", ""]
PROFILES = ["", "devops", "with space", "a:b", "dot.ted-under_score", "ünï", "nowhere", "nobody", "it's", "%41"]
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"


def situation(rng):
    name = "".join(rng.choice(LETTERS) for _ in range(rng.choice((1, 3, 8, 20, 100))))
    if rng.random() < 0.1:
        name = name[:90] + rng.choice((" x", "é", "%20y", "日本"))
    region = rng.choice(REGIONS)
    profile = rng.choice(PROFILES)
    url = (region or "codecommit") + "://" + (profile + "@" if profile or rng.random() < 0.02 else "") + name + rng.choice(("", "", "/"))
    variables = {}
    if rng.random() < 0.3:      # botocore does not know AWS_REGION
        variables["AWS_DEFAULT_REGION"] = rng.choice(REGIONS[:15])
    if rng.random() < 0.2:
        variables["AWS_PROFILE"] = rng.choice(("devops", "dot.ted-under_score"))
    if rng.random() < 0.1:
        own = f"git-codecommit-fips.{region}.amazonaws.com" if region.startswith(("us-east-", "eu-")) else "git.example:8443"
        variables["CODE_COMMIT_ENDPOINT"] = own
    if name in (".", "..") or name.endswith(".git"):
        return situation(rng)
    return url, variables


def of_theirs(url, variables):
    os.environ.update(variables)
    try:
        found = theirs.Context.from_url(url)
        signed = theirs.git_url(found.repository, found.version, found.region, found.credentials)
        return signed.split("@", 1)[1]
    except Exception as error:      # whatever botocore raises, there is no URL
        return error
    finally:
        for name in variables:
            del os.environ[name]


def main():
    program, count, rng = sys.argv[1], int(sys.argv[2]), random.Random(int(sys.argv[3]))
    for name in [name for name in os.environ if name.startswith(("AWS_", "CODE"))]:
        del os.environ[name]
    loader = botocore.session.create_loader()       # botocore's tables are read once, not for every URL
    botocore.session.create_loader = lambda *_: loader
    both = neither = only_ours = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        config, credentials = os.path.join(folder, "config"), os.path.join(folder, "credentials")
        with open(config, "w", encoding="utf-8") as file:
            for number, profile in enumerate(p for p in PROFILES if p and p != "nobody"):
                region = "" if profile == "nowhere" else f"region = {REGIONS[number]}\n"
                quoted = '"' + profile + '"' if "'" in profile else "'" + profile + "'"
                print(f"[profile {quoted}]\n{region}aws_access_key_id = AKID\naws_secret_access_key = secret\n", file=file)
            print("[default]\naws_access_key_id = AKID\naws_secret_access_key = secret\n", file=file)
        for name in ("git", "git-remote-https"):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write('#!/bin/sh\nfor last; do :; done\nprintf "%s\\n" "$last"\n')
            os.chmod(file.name, 0o700)
        os.environ.update(AWS_CONFIG_FILE=config, AWS_SHARED_CREDENTIALS_FILE=credentials, AWS_EC2_METADATA_DISABLED="true")
        for _ in range(count):
            url, variables = situation(rng)
            done = subprocess.run([program, "origin", url], env={**os.environ, **variables, "PATH": folder},
                                  capture_output=True, text=True, timeout=30, check=False)
            ours = urlsplit(done.stdout.strip()) if done.returncode == 0 else None
            other = of_theirs(url, variables)
            if isinstance(other, Exception):
                only_ours += ours is not None
                neither += ours is None
                continue
            both += 1
            host, _, path = other.partition("/")
            if not ours or ours.netloc != host or unquote(ours.path) != unquote("/" + path):
                wrong += 1
                print(f"{url!r} {variables}\n  theirs: {other}\n  ours:   {done.stdout.strip() or done.stderr.strip()}")
    print(f"{both} compared, {only_ours} that only ours knows, {neither} that neither does, {wrong} different")
    return 1 if wrong else 0


sys.exit(main())
