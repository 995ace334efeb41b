#!/usr/bin/env python3
"""botocore as the other tool that uses ~/.aws/cli/cache, in the way in which the AWS CLI sets it up.

aws_caches.py get PROFILE...      a line for each: NAME KEY TOKEN ACCOUNT, or NAME and what went wrong
aws_caches.py odd COUNT SEED      COUNT profiles for a config file, with values that are awkward in JSON
"""
import os
import random
import sys

import botocore.session
from botocore.utils import JSONFileCache

FOLDER = os.path.expanduser("~/.aws/cli/cache")
LOADER = botocore.session.create_loader()       # botocore's tables are read once, not for every profile
botocore.session.create_loader = lambda *_: LOADER


def get(profile):
    session = botocore.session.Session(profile=profile)
    chain = session.get_component("credential_provider")
    for name in ("assume-role", "assume-role-with-web-identity", "sso"):
        chain.get_provider(name).cache = JSONFileCache(FOLDER)
    c = session.get_credentials().get_frozen_credentials()
    return f"{c.access_key} {c.token} {c.account_id}"


def awkward(rng):
    alphabet = ["a", "Z", "9", "=", ",", ".", "@", "-", "/", " ", '"', "\\", "'", "\t", "\x7f", "\x01", "\x1f", "<", "{", "%",
                "é", "ß", "\u07ff", "\u0800", "中", "\ud7ff", "\ue000", "\uffff", "\U00010000", "😀", "\U0010ffff"]
    return "x" + "".join(rng.choice(alphabet) for _ in range(rng.randint(1, 20))) + "x"


def odd(count, seed):
    rng = random.Random(seed)
    for i in range(count):
        print(f"[profile odd{i}]\nrole_arn = arn:aws:iam::222222222222:role/{rng.choice(['odd', 'ödd', '😀'])}/r{i}")
        print("source_profile = base\nregion = us-east-2")
        for name in ("external_id", "role_session_name"):
            if rng.random() < .6:
                print(f"{name} = {awkward(rng)}")
        if rng.random() < .4:
            print(f"duration_seconds = {rng.choice([900, '0900', 3600, 43200, 'x', '1e3'])}")


if sys.argv[1] == "odd":
    odd(int(sys.argv[2]), int(sys.argv[3]))
else:
    for name in sys.argv[2:]:
        try:
            print(name, get(name))
        except Exception as e:  # whatever it is, the test reads it
            print(name, f"{type(e).__name__}: {e}".replace("\n", " "))
