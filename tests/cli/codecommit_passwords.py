#!/usr/bin/env python3
"""Compares git-credential-codecommit with an implementation of its own.

The signature is computed here with hashlib and hmac alone, from the description
of Signature Version 4. Where the AWS CLI is importable, its helper's code signs
too. With --wrong the expected signatures are spoilt, which must be noticed.
"""
import datetime
import hashlib
import hmac
import random
import subprocess
import sys
import urllib.parse

COUNT = 200
REGIONS = {
    "us-east-1": "amazonaws.com", "eu-central-1": "amazonaws.com",
    "ap-southeast-7": "amazonaws.com", "us-gov-west-1": "amazonaws.com",
    "cn-northwest-1": "amazonaws.com.cn", "eusc-de-east-1": "amazonaws.eu",
    "us-iso-east-1": "c2s.ic.gov", "us-isob-east-1": "sc2s.sgov.gov",
    "eu-isoe-west-1": "cloud.adc-e.uk", "us-isof-south-1": "csp.hci.ic.gov",
}
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def password(host, path, region, secret, when):
    """The password for one request; path as git gives it, decoded."""
    stamp = when.strftime("%Y%m%dT%H%M%S")
    wire = urllib.parse.quote(path, safe="/~")
    request = f"GIT\n/{wire}\n\nhost:{host.split(':')[0]}\n\nhost\n"
    scope = f"{stamp[:8]}/{region}/codecommit/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = mac(("AWS4" + secret).encode(), stamp[:8])
    for part in (region, "codecommit", "aws4_request"):
        key = mac(key, part)
    signature = mac(key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}").hex()
    return f"{stamp}Z{signature}"


def aws_cli():
    """A function like password() on the AWS CLI's own code, or None."""
    try:
        from awscli.customizations import codecommit
        from botocore.credentials import Credentials
    except ImportError:
        return None
    if not hasattr(codecommit, "get_current_datetime"):
        return None

    class Session:
        def get_credentials(self):
            return self.credentials

    session = Session()
    command = codecommit.CodeCommitGetCommand.__new__(codecommit.CodeCommitGetCommand)
    command._session = session

    def sign(host, path, region, secret, when):
        session.credentials = Credentials("AKID", secret)
        codecommit.get_current_datetime = lambda *a, **k: when
        return command.sign_request(region, f"https://{host}/{path}")

    return sign


def generate(rng):
    region = rng.choice(list(REGIONS))
    suffix = REGIONS[region]
    fips = rng.choice(["", "", "-fips"])
    host = f"git-codecommit{fips}.{region}.{suffix}"
    if rng.random() < 0.3:
        zone = rng.choice(["", f"-{region}a"])
        name = "".join(rng.choices("0123456789abcdef", k=17))
        host = f"vpce-{name}{zone}.git-codecommit{fips}.{region}.vpce.{suffix}"
    if rng.random() < 0.2:
        host += f":{rng.choice([443, 8443, 65535])}"
    name = "".join(rng.choices(LETTERS + "._-", k=rng.randint(1, 100)))
    extra = rng.choice(["", "", "", " a", "%20", "é", "日本", "+", "~", "&=", "#", "?"])
    secret = "".join(rng.choices(LETTERS + "/+=", k=rng.randint(1, 128)))
    when = datetime.datetime(rng.randint(1970, 2099), rng.randint(1, 12), rng.randint(1, 28),
                             rng.randint(0, 23), rng.randint(0, 59), rng.randint(0, 59))
    return host, f"v1/repos/{name}{extra}", region, secret, when, not extra


def ask(helper, host, path, secret, when):
    done = subprocess.run(
        [helper, "--date", when.strftime("%Y%m%dT%H%M%SZ"), "get"],
        input=f"protocol=https\nhost={host}\npath={path}\n\n".encode(),
        env={"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": secret, "HOME": "/nonexistent"},
        stdout=subprocess.PIPE, check=True, timeout=60)
    lines = dict(line.split("=", 1) for line in done.stdout.decode().splitlines())
    return lines["password"]


def main():
    helper, wrong = sys.argv[1], "--wrong" in sys.argv[2:]
    rng = random.Random(20150830)
    peer = aws_cli()
    peers = 0
    for _ in range(1 if wrong else COUNT):
        host, path, region, secret, when, simple = generate(rng)
        got = ask(helper, host, path, secret, when)
        want = password(host, path, region, secret + "x" * wrong, when)
        if got != want:
            print(f"{host} {path}: got {got}, want {want}")
            return 1
        if peer and simple:
            peers += 1
            if got != peer(host, path, region, secret, when):
                print(f"{host} {path}: got {got}, the AWS CLI {peer(host, path, region, secret, when)}")
                return 1
    print(f"{COUNT} compared with hashlib and hmac, {peers} of them with the AWS CLI's code too")
    return 0


if __name__ == "__main__":
    sys.exit(main())
