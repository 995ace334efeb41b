#!/usr/bin/env python3
"""Compares git-credential-codecommit's answers with others' for generated requests.

usage: codecommit_passwords.py HELPER [--count N] [--aws-cli] [--wrong]
       codecommit_passwords.py HELPER [--count N] --foreign [--any-host]

Each request is signed here a second time, with hashlib and hmac alone, from the
description of Signature Version 4; with --aws-cli, which needs awscli to be
importable, a third time by the AWS CLI's own "codecommit credential-helper get",
from what it reads to what it writes, under the same clock. The AWS CLI signs a
path as git gives it, so that only paths of unreserved characters are valid to it;
others follow, without it. With --wrong the expected signatures are spoilt, which
must be noticed. --foreign asks for hosts and protocols that are not CodeCommit's, which
--any-host makes the helper answer for: that must be noticed too.
"""
import argparse
import contextlib
import datetime
import hashlib
import hmac
import io
import random
import re
import subprocess
import sys
import urllib.parse

PARTITIONS = {
    "amazonaws.com": ("us-east-1", "us-east-2", "eu-central-1", "ap-southeast-7", "il-central-1",
                      "mx-central-1", "us-gov-west-1", "us-gov-east-1"),
    "amazonaws.com.cn": ("cn-north-1", "cn-northwest-1"),
    "amazonaws.eu": ("eusc-de-east-1",),
    "c2s.ic.gov": ("us-iso-east-1", "us-iso-west-1"),
    "sc2s.sgov.gov": ("us-isob-east-1",),
    "cloud.adc-e.uk": ("eu-isoe-west-1",),
    "csp.hci.ic.gov": ("us-isof-south-1",),
}
REGIONS = {region: suffix for suffix, regions in PARTITIONS.items() for region in regions}
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
LETTERS = UPPER.lower() + UPPER + DIGITS
# RFC 3986: what stays as it is in a path
UNRESERVED = LETTERS + "-._~"


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def password(case):
    """The password for one request; path as git gives it, decoded."""
    stamp = case["when"].strftime("%Y%m%dT%H%M%S")
    wire = urllib.parse.quote(case["path"], safe="/~")
    request = f"GIT\n/{wire}\n\nhost:{case['host'].split(':')[0]}\n\nhost\n"
    scope = f"{stamp[:8]}/{case['region']}/codecommit/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = mac(("AWS4" + case["secret"]).encode(), stamp[:8])
    for part in (case["region"], "codecommit", "aws4_request"):
        key = mac(key, part)
    signature = mac(key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}").hex()
    return f"{stamp}Z{signature}"


def by_hand(case):
    token = f"%{case['token']}" if case["token"] else ""
    return f"username={case['key']}{token}\npassword={password(case)}\n"


def aws_cli():
    """A function like by_hand() on the AWS CLI's own command."""
    from awscli.customizations import codecommit
    import botocore.session

    session = botocore.session.Session()

    def answer(case):
        session.set_credentials(case["key"], case["secret"], case["token"] or None)
        codecommit.get_current_datetime = lambda *a, **k: case["when"]
        command = codecommit.CodeCommitGetCommand(session)
        # It knows the hosts of amazonaws.com alone; others must be asked for.
        args = argparse.Namespace(ignore_host_check="amazonaws.com" not in case["host"])
        parsed = argparse.Namespace(region=case["region"])
        asked, sys.stdin = sys.stdin, io.StringIO(request(case))
        try:
            with contextlib.redirect_stdout(io.StringIO()) as out:
                if command._run_main(args, parsed) != 0:
                    raise RuntimeError("the AWS CLI's helper failed")
        finally:
            sys.stdin = asked
        return out.getvalue()

    return answer


def generate_host(rng):
    """A host of CodeCommit, without a port, and its region."""
    region = rng.choice(list(REGIONS))
    suffix = REGIONS[region]
    fips = rng.choice(["", "", "-fips"])
    if rng.random() >= 0.3:
        return f"git-codecommit{fips}.{region}.{suffix}", region
    zone = rng.choice(["", f"-{region}a"])
    name = "".join(rng.choices("0123456789abcdef", k=17))
    name += "-" + "".join(rng.choices(LETTERS.lower(), k=8))
    return f"vpce-{name}{zone}.git-codecommit{fips}.{region}.vpce.{suffix}", region


def generate(rng, plain):
    host, region = generate_host(rng)
    if rng.random() < 0.2:
        host += f":{rng.choice([443, 8443, 1, 65535])}"
    name = "".join(rng.choices(UNRESERVED, k=rng.randint(1, 100)))
    path = rng.choice(["v1/repos/", "v1/repos/", "v1/repos/", "", "a/b/c/"]) + name
    if rng.random() < 0.1:
        path += ".git"
    if not plain:
        path += rng.choice([" a", "%20", "%", "é", "日本", "+", "&=", "#", "?x=1", ":", "@", "'\"",
                            "//x", "!$()*,;", "[]", "\\", "\t"])
    long_lived = rng.random() < 0.4
    return {
        "host": host, "path": path, "region": region,
        "key": ("AKIA" if long_lived else "ASIA") +
               "".join(rng.choices(UPPER + DIGITS, k=rng.choice([16, 16, 16, 12, 124]))),
        "secret": "".join(rng.choices(LETTERS + "/+=", k=rng.choice([40, 40, 1, 64, 128]))),
        "token": "" if long_lived else
                 "".join(rng.choices(LETTERS + "/+=", k=rng.choice([16, 350, 1000, 4000]))),
        "when": datetime.datetime(rng.randint(1970, 2099), rng.randint(1, 12), rng.randint(1, 28),
                                  rng.randint(0, 23), rng.randint(0, 59), rng.randint(0, 59)),
    }


def request(case):
    return f"protocol=https\nhost={case['host']}\npath={case['path']}\n\n"


def run(helper, text, case):
    environment = {"AWS_ACCESS_KEY_ID": case["key"], "AWS_SECRET_ACCESS_KEY": case["secret"],
                   "HOME": "/nonexistent"}
    if case["token"]:
        environment["AWS_SESSION_TOKEN"] = case["token"]
    return subprocess.run(
        [*helper, "--date", case["when"].strftime("%Y%m%dT%H%M%SZ"), "get"],
        input=text.encode(), env=environment, capture_output=True, timeout=60)


def compare(helper, count, peer, wrong):
    """Compares `count` plain requests, and a fifth as many that need encoding."""
    rng = random.Random(20150830)
    seen = {"with a session token": 0, "with a port": 0, "FIPS": 0, "VPC": 0}
    for i in range(count + count // 5):
        case = generate(rng, i < count)
        if wrong:
            case = dict(case, secret=case["secret"] + "x")
        wants = {"hashlib and hmac": by_hand(case)}
        if peer and i < count:
            wants["the AWS CLI"] = peer(case)
            seen["with a session token"] += bool(case["token"])
            seen["with a port"] += ":" in case["host"]
            seen["FIPS"] += "-fips." in case["host"]
            seen["VPC"] += ".vpce." in case["host"]
        if wrong:
            case["secret"] = case["secret"][:-1]
        done = run(helper, request(case), case)
        # The third line is password_expiry_utc, which the AWS CLI does not give.
        got = b"".join(done.stdout.splitlines(keepends=True)[:2])
        for name, want in wants.items():
            if got != want.encode():
                print(f"{case['host']} {case['path']}: got {got}, {name} {want!r}")
                return 1
    print(f"{count + count // 5} answers compared with hashlib and hmac: the same bytes")
    if peer:
        import awscli
        print(f"{count} answers compared with the AWS CLI {awscli.__version__}: the same bytes "
              f"({', '.join(f'{n} {what}' for what, n in seen.items())})")
    return 0


def foreign_hosts(rng):
    """Hosts that somebody could take for the given ones."""
    host, region = generate_host(rng)
    suffix = REGIONS[region]
    labels = host.split(".")
    other = rng.choice([s for s in PARTITIONS if s != suffix])
    yield from (host + "." + end for end in (
        "evil.example", "com", "cn", "internal", "amazonaws.com", suffix))
    yield from (host + end for end in (
        "evil.example", "-evil.example", ".", "..", ".:443", "/", "/evil", "\\", "?a", "#a", "%", "%00",
        "%2eevil.example", "@evil.example", ":443@evil.example", ":x", ":", ":-1", ":0", ":443:443",
        ":443/", ":+443", ": 443", ":1e3", ":123456", " ", "\t", "\v", "\u00a0", "\u200b", "\u3002"))
    yield from (start + host for start in (
        "evil.", "evil-", "x", "-", ".", "user@", "user:password@", "evil.example/", "evil.example?",
        "evil.example#", "https://", "//", "%", " ", "\t", "\ufeff", "vpce-.", "vpce-a-.", "vpce-a.b.",
        "vpce-A.", "vpce_a.", "vpce-" + 59 * "a" + ".", "[", "*."))
    yield from (host.replace(a, b, 1) for a, b in (
        (suffix, other), (suffix, "evil.example"), (suffix, "amazonaws.com.evil"), (suffix, "amazon.com"),
        (suffix, "api.aws"), (suffix, suffix[:-1]), (suffix, "evil." + suffix), (suffix, "x" + suffix),
        ("git-codecommit", "codecommit"), ("git-codecommit", "git"), ("git-codecommit", "gitcodecommit"),
        ("git-codecommit", "git-codecommit-evil"), ("git-codecommit", "git-codecommit-fips-fips"),
        ("git-codecommit", "git-code-commit"), ("git-codecommit", "git.codecommit"), (".", ".."), (".", "-"),
        (f".{region}.", "."), (f".{region}.", f".{region}.evil."), (f".{region}.", "..")))
    # homographs: other scripts, digits, letters that look alike together
    yield from (host.replace(a, b, 1) for a, b in (
        ("a", "\u0430"), ("c", "\u0441"), ("e", "\u0435"), ("o", "\u043e"), ("i", "\u0456"), ("m", "\uff4d"),
        ("-", "\u2010"), (".", "\u3002"), (".", "\uff0e"), ("o", "0"), ("m", "rn"), ("i", "1"), ("d", "cl")))
    yield host.replace("o", "\u043e", 1).encode("idna").decode()
    for bad in (region.upper(), region[:-1], region + "-", "-" + region, region.replace("-", "_"),
                region + "a", region.replace("-", ""), "evil", "1", "us-east-1" * 8):
        yield host.replace(f".{region}.", f".{bad}.", 1)
    yield host.upper()
    yield host.title()
    at = rng.randrange(len(labels))
    yield ".".join(labels[:at] + [labels[at].upper()] + labels[at + 1:])
    yield ".".join(labels[:at] + [""] + labels[at:])
    yield ".".join(labels[:at] + [labels[at] + 64 * "a"] + labels[at + 1:])
    yield ".".join(labels[:at] + labels[at + 1:])
    yield ".".join(reversed(labels))


OTHERS = ("", "localhost", "127.0.0.1", "127.0.0.1:443", "[::1]", "[::1]:443", "[::ffff:127.0.0.1]",
          "[fe80::1%25eth0]:443", "0x7f.1", "github.com", "amazonaws.com", "amazon.com", "com", ".", "..", "-",
          "s3.us-east-1.amazonaws.com", "codecommit.us-east-1.amazonaws.com", "api.aws",
          "git-codecommit.us-east-1.on.aws", "git-codecommit.us-east-1.elb.amazonaws.com",
          "git-codecommit.s3.us-east-1.amazonaws.com", "git-codecommit.amazonaws.com", 70 * "a.", 300 * "a")
# What CodeCommit's hosts are, written down a second time.
OURS = re.compile(
    r"(?:git-codecommit(?:-fips)?\.(?P<region>[a-z]{2,}(?:-[a-z]+)+-[0-9]+)"
    r"|vpce-(?:[a-z0-9-]{0,57}[a-z0-9])\.git-codecommit(?:-fips)?\.(?P<vpc>[a-z]{2,}(?:-[a-z]+)+-[0-9]+)\.vpce)"
    r"\.(?P<suffix>" + "|".join(map(re.escape, PARTITIONS)) + r")(?::[1-9][0-9]{0,4})?", re.ASCII)


def is_ours(host):
    m = OURS.fullmatch(host)
    region = m and (m["region"] or m["vpc"])
    return bool(m) and REGIONS.get(region, "amazonaws.com") == m["suffix"]


def foreign(helper, count):
    """Every foreign host, and CodeCommit's own by another protocol, gets silence; some 110 for each of `count`."""
    rng = random.Random(20150830)
    case = generate(rng, True)
    hosts = set(OTHERS)
    for _ in range(count):
        hosts.update(foreign_hosts(rng))
    hosts = sorted(h for h in hosts if not is_ours(h) and "\n" not in h)
    asked = [("https", h) for h in hosts]
    asked += [(p, generate_host(rng)[0]) for p in (
        "http", "HTTPS", "Https", "ssh", "git", "file", "ftp", "https ", " https", "https:", "https://", "httpss",
        "", "codecommit", "http\u0455") for _ in range(5)]
    bad = 0
    for protocol, host in asked:
        done = run(helper, f"protocol={protocol}\nhost={host}\npath=v1/repos/x\n\n", case)
        # Upper case is CodeCommit's host, written so that a signature may not fit: see credential-helper.t
        quiet = done.stderr == b"" or is_ours(host.lower())
        if done.returncode != 0 or done.stdout or not quiet:
            print(f"{protocol}://{host}: exit {done.returncode}, {done.stdout[:40]!r} {done.stderr[:200]!r}")
            bad += 1
    # The twin: their models are answered.
    for _ in range(20):
        host = generate_host(rng)[0]
        if not run(helper, request(dict(case, host=host)), case).stdout.startswith(b"username="):
            print(f"{host}: no answer")
            bad += 1
    print(f"{len(asked)} foreign hosts and protocols asked for, {bad} wrong")
    return 1 if bad else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("helper")
    parser.add_argument("--count", type=int, default=200)
    for flag in ("--aws-cli", "--wrong", "--foreign", "--any-host"):
        parser.add_argument(flag, action="store_true")
    o = parser.parse_args()
    helper = [o.helper] + ["--ignore-host-check", "--region", "us-east-1"] * o.any_host
    if o.foreign:
        return foreign(helper, o.count)
    return compare(helper, o.count, aws_cli() if o.aws_cli else None, o.wrong)


if __name__ == "__main__":
    sys.exit(main())
