#!/usr/bin/env python3
"""Credentials resolved by both: codetrain-credentials and botocore, against the same servers.

chain_resolve.py PROGRAM DOCUMENT FOLDER SEED

FOLDER holds port, log, cert.pem and process of the servers (see chain-resolve.t). For each situation (chain_situations.py)
both must give the same key, secret, token, account, end and region, and must have asked the servers for the same things in
the same order; or both fail, and then codetrain says in one line which profile and why. A difference must be one of
DIFFERENCES, each of which undoes itself: with its change made for botocore, the two agree. DOCUMENT explains the same list.
"""
import collections
import copy
import datetime
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
from unittest import mock

os.environ["HOME"] = os.path.join(sys.argv[3], "home")	# botocore reads it when it is imported

import botocore.exceptions  # noqa: E402
import botocore.loaders  # noqa: E402
import botocore.session  # noqa: E402

import chain_situations  # noqa: E402


# ---- differences -------------------------------------------------------------------------


def put(**variables):
    return lambda s: s.env.update(variables)


def without(*names):
    return lambda s: [s.env.pop(name, None) for name in names] and None


def default_region(s):
    s.env["AWS_DEFAULT_REGION"] = s.env["AWS_REGION"]


def ends_in_newline(s):
    return any(s.files.get(name, "").endswith("\n") for name in ("token", "jwt"))


def without_newline(s):
    for name in ("token", "jwt"):
        if name in s.files:
            s.files[name] = s.files[name].rstrip("\n")


def has_no_region(s):
    return not {"AWS_DEFAULT_REGION", "AWS_REGION"} & s.env.keys() and "region" not in s.profile()


def region_left_out(answer, requests):
    if isinstance(answer, dict) and answer["region"] in ("", "us-east-1"):
        answer["region"] = ""


def session_name(answer, requests):
    for request in requests:
        for pair in request["body"]:
            if pair[0] == "RoleSessionName":
                pair[1] = re.sub(r"^(codetrain|botocore-session)-\d{10}$", "botocore-session-TIME", pair[1])


def sections(s):
    return [*s.config.values(), *s.credentials.values(), *(values for _, values in s.tail)]


def has_comment(s):
    return any(" #" in v or " ;" in v for section in sections(s) for v in section.values() if isinstance(v, str))


def without_comments(s):
    for section in sections(s):
        for name, value in section.items():
            if isinstance(value, str):
                section[name] = re.split(r"\s[#;]", value)[0].strip()


def server(instead, *scenarios):
    """For botocore, another server in the place of these; in what was asked they are the same."""
    def change(s):
        for place in [s.env] + sections(s):
            for name, value in place.items():
                if isinstance(value, str):
                    place[name] = re.sub(rf"/({'|'.join(scenarios)})~", f"/{instead}~", value)

    def same(answer, requests):
        for request in requests:
            request["where"] = re.sub(rf"^({'|'.join(scenarios)})~", f"{instead}~", request["where"])
    return change, same


def is_fault(*faults):
    return lambda s: s.kind.partition(", ")[2] in faults


def token_left_out(answer, requests):
    LASTING[1](answer, requests)
    if isinstance(answer, dict):
        answer.update(token="", end=None)


def merged(s):
    for title, values in s.tail:
        s.config[title].update(values)
    s.tail = []


def has_both_defaults(s):
    return "profile default" in s.config and "default" in dict(s.tail)


def profile_default(s):
    s.tail = [pair for pair in s.tail if pair[0] != "default"]


LASTING = server("ok", "lasting")
PAGES = ("html", "wrong", "list", "halfjson", "empty")

# Name -> when it can come up; what changes the situation for botocore, so that it does as codetrain does; what is then
# left out on both sides (the answer and the requests). One of the last two may be missing.
DIFFERENCES = {
    "aws-region": (lambda s: "AWS_REGION" in s.env, default_region, None),
    "aws-profile": (lambda s: {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"} <= s.env.keys(), without("AWS_DEFAULT_PROFILE"), None),
    "no-region": (has_no_region, put(AWS_DEFAULT_REGION="us-east-1"), region_left_out),
    "session-name": (lambda s: True, None, session_name),
    "token-newline": (ends_in_newline, without_newline, None),
    "inline-comment": (has_comment, without_comments, None),
    "duplicate-section": (lambda s: any(title in s.config for title, _ in s.tail), merged, None),
    "both-defaults": (has_both_defaults, profile_default, None),
    "old-files": (lambda s: bool({"AWS_CREDENTIAL_FILE", "BOTO_CONFIG"} & s.env.keys()),
                  without("AWS_CREDENTIAL_FILE", "BOTO_CONFIG"), None),
    "metadata-proxy": (lambda s: "http_proxy" in s.env, without("http_proxy", "all_proxy"), None),
    "line-break": (is_fault("token-line-break"), *server("403", "token-line-break")),
    "metadata-page": (lambda s: s.kind.startswith("instance") and is_fault(*PAGES)(s), *server("v1-400", *PAGES)),
    "lasting-keys": (is_fault("lasting"), LASTING[0], token_left_out),
}


# ---- what was seen ---------------------------------------------------------------------


class Log:
    """Requests as the servers saw them, without what is different each time."""

    def __init__(self, path):
        self.file = open(path, encoding="utf-8")

    def take(self):
        return [self.request(json.loads(line)) for line in self.file]

    @staticmethod
    def request(r):
        h, url = r["headers"], urllib.parse.urlsplit(r["path"])
        where, path = r.get("connected") or h["host"], url.path
        scenario = re.match(r"/([^/]*~[^/]*)(.*)", path)
        if scenario:
            where, path = scenario.groups()
        signed = re.match(r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d+/([^/]+/[^/]+)/", h.get("authorization", ""))
        body = r["body"]
        if "x-www-form-urlencoded" in h.get("content-type", ""):
            body = sorted(urllib.parse.parse_qsl(body, keep_blank_values=True))
        elif body:
            body = sorted(json.loads(body).items())
        return {
            "where": where, "method": r["method"], "path": path or "/", "query": sorted(urllib.parse.parse_qsl(url.query)),
            "body": [list(pair) for pair in body], "signed": signed and list(signed.groups()),
            "token": h.get("x-amz-security-token"),
            "authorization": None if signed else h.get("authorization"),
            "headers": {k: v for k, v in h.items() if k in (
                "x-amz-sso_bearer_token", "x-aws-ec2-metadata-token", "x-aws-ec2-metadata-token-ttl-seconds", "accept")
                and not (k == "accept" and v == "*/*")},
        }


class World:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.place = "http://127.0.0.1:" + open(os.path.join(folder, "port")).read()
        self.log = Log(os.path.join(folder, "log"))
        self.loader = botocore.loaders.create_loader()
        self.home = os.path.join(folder, "home")

    def prepare(self, s):
        shutil.rmtree(self.home, ignore_errors=True)
        for name in ("jwt", "token", "words"):
            if os.path.exists(os.path.join(self.folder, name)):
                os.remove(os.path.join(self.folder, name))
        files = {"home/.aws/config": s.text(s.config, s.tail), "home/.aws/credentials": s.text(s.credentials), **s.files}
        for name, text in files.items():
            path = os.path.join(self.folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            os.chmod(path, 0o600)
        self.log.take()
        return {"PATH": os.environ["PATH"], "HOME": self.home, "HTTPS_PROXY": self.place, "TZ": "UTC",
                "AWS_CA_BUNDLE": os.path.join(self.folder, "cert.pem"), "CODETRAIN_SESSION_CACHE": "off",
                "GIT_ASKPASS": os.path.join(self.folder, "askpass"), "GIT_TERMINAL_PROMPT": "0", "AWS_METADATA_SERVICE_TIMEOUT": "1", **s.env}

    def words(self):
        try:
            return open(os.path.join(self.folder, "words"), encoding="utf-8").read()
        except FileNotFoundError:
            return None

    def botocore(self, s):
        with mock.patch.dict(os.environ, self.prepare(s), clear=True), mock.patch("time.sleep"), \
                mock.patch("botocore.utils.ContainerMetadataFetcher.SLEEP_TIME", 0):
            try:
                session = botocore.session.Session(profile=s.option)
                session.register_component("data_loader", self.loader)
                session.get_component("credential_provider").get_provider("assume-role")._prompter = lambda prompt: "123456"
                found = session.get_credentials()
                frozen = found and found.get_frozen_credentials()
                end = getattr(found, "_expiry_time", None)
                answer = "no credentials" if not found else {
                    "key": frozen.access_key, "secret": frozen.secret_key, "token": frozen.token or "",
                    "account": frozen.account_id or "", "end": end and int(end.timestamp()),
                    "region": session.get_config_variable("region") or ""}
            except Exception as e:  # whatever it is, botocore gives no credentials
                answer = f"{type(e).__name__}: {e}"
        return answer, self.log.take(), self.words()

    def ours(self, s):
        argv = [self.program, "--format", "json"] + (["--profile", s.option] if s.option else [])
        done = subprocess.run(argv, env=self.prepare(s), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
                              stdin=subprocess.DEVNULL)
        answer = f"{done.returncode}: {done.stderr}"
        if done.returncode == 0:
            d = json.loads(done.stdout)
            end = d.get("Expiration")
            answer = {"key": d["AccessKeyId"], "secret": d["SecretAccessKey"], "token": d.get("SessionToken", ""),
                      "account": d.get("AccountId", ""), "region": d.get("Region", ""),
                      "end": end and int(datetime.datetime.fromisoformat(end).timestamp())}
        return answer, self.log.take(), self.words()


# ---- the comparison --------------------------------------------------------------------


LOOKS = 3


def failed(side):
    return isinstance(side[0], str)


def agree(ours, theirs):
    if failed(ours) and failed(theirs):
        asked = [{(r["where"], r["path"]) for r in side[1]} for side in (ours, theirs)]
        return asked[0] == asked[1]
    return ours == theirs


def well_said(s, ours):
    """The failure is of the user's kind, in one line, with the profile or the variable that is wrong."""
    code, _, text = ours[0].partition(": ")
    if "credential_process" in s.profile() and text.startswith("no sign-in\n"):
        text = text.partition("\n")[2]	# what the program itself says is passed on
    profiles = [s.main] + [title.rpartition(" ")[2] for title in s.config]
    return (code in ("2", "6", "7") and text.startswith("codetrain credentials: ") and text.count("\n") == 1
            and ("AWS_" in text or any(re.search(rf"\b{name}\b", text) for name in profiles))
            and not any(secret in text for secret in (chain_situations.KEYS["aws_secret_access_key"], "fakeSecret", "clientSecret")))


def explain(world, s, ours, theirs):
    """The names of the differences that make them agree, as few as there are; or None."""
    def fits(names):
        other = copy.deepcopy(s)
        changes = [DIFFERENCES[name][1] for name in names if DIFFERENCES[name][1]]
        for change in changes:
            change(other)
        sides = [copy.deepcopy(ours), copy.deepcopy(world.botocore(other) if changes else theirs)]
        for name in names:
            for answer, requests, _ in sides:
                if DIFFERENCES[name][2]:
                    DIFFERENCES[name][2](answer, requests)
        return agree(*sides)

    if agree(ours, theirs):
        return []
    possible = [name for name, (when, _, _) in DIFFERENCES.items() if when(s)]
    for size in range(1, len(possible) + 1):
        for names in itertools.combinations(possible, size):
            if fits(names):
                return names
    return None


def show(s, ours, theirs):
    print(f"-- {s.kind} --profile {s.option} {s.env}\n{s.text(s.config, s.tail)}\n-- credentials\n{s.text(s.credentials)}")
    print({k: v[:200] for k, v in s.files.items()})
    for name, side in (("codetrain", ours), ("botocore", theirs)):
        print(name, side[0], side[2])
        for r in side[1]:
            print("   ", {k: v for k, v in r.items() if v})


def documented(path):
    text = open(path, encoding="utf-8").read()
    return set(re.findall(r'<a id="([a-z0-9-]+)"></a>', text))


def main():
    program, document, folder, seed = sys.argv[1:5]
    most = int(os.environ.get("SHOW", 3))
    world = World(program, folder)
    reach = os.path.exists(os.path.join(folder, "link-local"))
    kinds, used, compared, wrong, skipped, both_failed = collections.Counter(), collections.Counter(), 0, 0, 0, 0
    spent = [0.0, 0.0]
    for s in chain_situations.Maker(int(seed), world.place, folder).situations():
        if os.environ.get("ONLY") and not s.kind.startswith(os.environ["ONLY"]):
            continue
        if s.link_local and not reach:
            skipped += 1
            continue
        # Some wait for a second only, which on a busy machine can be too short for either: what
        # is different then is not when it is looked at again.
        for _ in range(LOOKS):
            began = time.monotonic()
            theirs = world.botocore(copy.deepcopy(s))
            between = time.monotonic()
            ours = world.ours(s)
            spent[0] += between - began
            spent[1] += time.monotonic() - between
            names = explain(world, s, ours, theirs)
            if names is not None:
                break
        compared += 1
        kinds[s.kind.partition(",")[0]] += 1
        both_failed += failed(ours) and failed(theirs)
        if names is None or (failed(ours) and not well_said(s, ours)):
            wrong += 1
            if wrong <= most:
                print("DIFFERENT" if names is None else "BADLY SAID")
                show(s, ours, theirs)
        used.update(names or [])
    print(f"{compared} situations, {wrong} unexplained, {both_failed} failed alike, {skipped} out of reach; "
          + ", ".join(f"{n} {k}" for k, n in kinds.items()))
    print("differences: " + ", ".join(f"{n} {k}" for k, n in used.items()))
    print(f"botocore {botocore.__version__} took {spent[0]:.1f} s, codetrain {spent[1]:.1f} s")
    for name in sorted(DIFFERENCES.keys() ^ documented(document)):
        print(f"{name} is in " + (document if name not in DIFFERENCES else "the test") + " alone")
        wrong += 1
    for name in DIFFERENCES.keys() - used.keys():
        if reach:
            print(f"{name} never came up")
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
