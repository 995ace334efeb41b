#!/usr/bin/env python3
"""The credential chain, decided by both: test_chain --decide and botocore.

Situations are generated: environment x files x option x a server for the
container endpoint. Each is resolved by botocore and by lib/aws/chain.c; they
must choose the same provider, the same key, token and region, or both refuse.
Known and wanted differences are left out of what is generated: AWS_PROFILE and
AWS_DEFAULT_PROFILE are never both set, because AWS CLI v2 turned their order
round, and so did codetrain; login_session needs botocore's extra package.
"""
import http.server
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
from unittest import mock

import botocore.exceptions
import botocore.session

NAMES = ["default", "a", "b", "c"]
METHODS = {
    "env": "environment", "assume-role": "assume role",
    "assume-role-with-web-identity": "web identity", "sso": "SSO",
    "shared-credentials-file": "credentials file", "custom-process": "credential_process",
    "config-file": "config file", "container-role": "container",
    "iam-role": "instance metadata",
}
LOCAL = ("env", "shared-credentials-file", "config-file")


class Endpoint(http.server.BaseHTTPRequestHandler):
    """Container credentials at /container; no instance metadata."""

    def do_GET(self):
        body = b""
        if self.path == "/container":
            body = json.dumps({"AccessKeyId": "CONTAINER", "SecretAccessKey": "s", "Token": "t",
                               "Expiration": "2099-01-01T00:00:00Z"}).encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_GET

    def log_message(self, *args):
        pass


class Generator:
    def __init__(self, seed, folder, url):
        self.rng = random.Random(seed)
        self.folder = folder
        self.url = url
        self.process = os.path.join(folder, "process")
        with open(self.process, "w") as f:
            f.write("#!/bin/sh\n"
                    """echo '{"Version":1,"AccessKeyId":"PROCESS","SecretAccessKey":"s"}'\n""")
        os.chmod(self.process, 0o700)

    def maybe(self, chance, into, **values):
        if self.rng.random() < chance:
            into.update(values)

    def profile(self, name, in_credentials):
        p, pick = {}, self.rng.choice
        key = ("C" if in_credentials else "F") + name
        self.maybe(.3, p, aws_access_key_id=key, aws_secret_access_key="s" + key)
        self.maybe(.02, p, aws_access_key_id="half" + name)
        self.maybe(.02, p, aws_secret_access_key="half" + name)
        self.maybe(.1, p, aws_session_token="tok" + key)
        self.maybe(.05, p, aws_security_token="sec" + key)
        self.maybe(.3, p, region="eu-west-1")
        if in_credentials and self.rng.random() < .85:
            return p
        if self.rng.random() < .3:
            p["role_arn"] = "arn:aws:iam::123456789012:role/x"
            self.maybe(.9, p, source_profile=pick(NAMES + NAMES + ["gone"]))
            self.maybe(.15, p, credential_source=pick(
                ["Environment", "EcsContainer", "Ec2InstanceMetadata", "nope", "environment"]))
            self.maybe(.1, p, duration_seconds="3600")
        self.maybe(.08, p, web_identity_token_file="/nonexistent/token")
        self.maybe(.08, p, sso_account_id="1")
        if self.rng.random() < .12:
            p.update(sso_account_id="1", sso_role_name="r")
            self.maybe(.8, p, sso_start_url="u")
            self.maybe(.8, p, sso_region="us-east-1")
            self.maybe(.4, p, sso_session="s")
        self.maybe(.12, p, credential_process=self.process)
        items = list(p.items())
        self.rng.shuffle(items)
        return dict(items)

    def files(self):
        def section(title, values):
            return f"[{title}]\n" + "".join(f"{k} = {v}\n" for k, v in values.items())

        config = credentials = ""
        for name in NAMES:
            if self.rng.random() < .6:
                title = name if name == "default" else f"profile {name}"
                config += section(title, self.profile(name, False))
            if self.rng.random() < .5:
                credentials += section(name, self.profile(name, True))
        if self.rng.random() < .5:
            config += section("sso-session s", {"sso_start_url": "u", "sso_region": "us-east-1"})
        return config, credentials

    def environment(self):
        e, pick = {}, self.rng.choice
        self.maybe(.25, e, AWS_ACCESS_KEY_ID="KENV", AWS_SECRET_ACCESS_KEY="SENV")
        self.maybe(.03, e, AWS_ACCESS_KEY_ID=pick(["KHALF", ""]))
        self.maybe(.03, e, AWS_SECRET_ACCESS_KEY=pick(["X", ""]))
        self.maybe(.1, e, AWS_SESSION_TOKEN="TENV")
        self.maybe(.05, e, AWS_SECURITY_TOKEN="UENV")
        self.maybe(.3, e, **{pick(["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]): pick(NAMES + ["gone"])})
        self.maybe(.1, e, AWS_WEB_IDENTITY_TOKEN_FILE="/nonexistent/token")
        self.maybe(.1, e, AWS_ROLE_ARN="arn:aws:iam::123456789012:role/y")
        self.maybe(.15, e, AWS_CONTAINER_CREDENTIALS_FULL_URI=self.url + "/container")
        self.maybe(.6, e, AWS_EC2_METADATA_DISABLED=pick(["true", "TRUE", "True"]))
        self.maybe(.1, e, AWS_DEFAULT_REGION="us-west-1")
        self.maybe(.1, e, AWS_REGION="us-west-2")
        self.maybe(.04, e, AWS_CREDENTIAL_EXPIRATION=pick(
            ["2099-01-01T00:00:00Z", "2001-01-01T00:00:00Z"]))
        return e

    def situation(self):
        config, credentials = self.files()
        e = {
            "PATH": os.environ["PATH"], "HOME": "/nonexistent",
            "AWS_CONFIG_FILE": os.path.join(self.folder, "config"),
            "AWS_SHARED_CREDENTIALS_FILE": os.path.join(self.folder, "credentials"),
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.url + "/",
            "AWS_METADATA_SERVICE_TIMEOUT": "1", "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "1",
        }
        e.update(self.environment())
        for name, text in (("config", config), ("credentials", credentials)):
            with open(os.path.join(self.folder, name), "w") as f:
                f.write(text)
        return e, self.rng.choice([None] * 6 + NAMES + ["gone"]), config, credentials


def ours(program, env, option):
    argv = [program, "--decide"] + ([option] if option else [])
    out = subprocess.run(argv, env=env, stdout=subprocess.PIPE, text=True, check=True, timeout=60)
    return out.stdout.rstrip("\n")


def botocores(env, option):
    """In our words; None when only a fetch failed, which is not decided here."""
    with mock.patch.dict(os.environ, env, clear=True):
        try:
            session = botocore.session.Session(profile=option)
            found = session.get_credentials()
            # AWS CLI v2 reads AWS_REGION first; botocore does not know it.
            region = os.environ.get("AWS_REGION") or session.get_config_variable("region") or ""
            if found is None:
                return "error|none" if "AWS_EC2_METADATA_DISABLED" in env else None
            key = token = ""
            if found.method in LOCAL:
                frozen = found.get_frozen_credentials()
                key, token = frozen.access_key, frozen.token or ""
        except botocore.exceptions.CredentialRetrievalError:
            return None
        except (botocore.exceptions.BotoCoreError, RuntimeError) as e:
            return f"error|{type(e).__name__}: {e}"
    return f"{METHODS[found.method]}|{key}|{token}|{region}"


def main():
    program, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kinds, different, compared = {}, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        generator = Generator(seed, folder, f"http://127.0.0.1:{server.server_address[1]}")
        for _ in range(count):
            env, option, config, credentials = generator.situation()
            want = botocores(env, option)
            if want is None:
                continue
            got = ours(program, env, option)
            compared += 1
            kind = want.split("|")[0]
            kinds[kind] = kinds.get(kind, 0) + 1
            if got == want or (kind == "error" and got.startswith("error|")):
                continue
            different += 1
            if different <= 3:
                shown = {k: v for k, v in env.items() if k not in ("PATH", "HOME")}
                print(f"codetrain {got}\nbotocore  {want}\n{shown} --profile {option}\n"
                      f"{config}\n-- credentials\n{credentials}")
    print(f"{compared} situations, {different} differences; botocore {botocore.__version__}: "
          + ", ".join(f"{n} {k}" for k, n in sorted(kinds.items())))
    return 1 if different or len(kinds) < 8 else 0


if __name__ == "__main__":
    sys.exit(main())
