#!/usr/bin/env python3
"""Every network provider against servers that misbehave: PROVIDERS x FAULTS, and the rules of the metadata hosts.

provider_faults.py FOLDER: with port and log of fake_server.py; the programs are in $BUILD. A line "PASS name" or "FAIL
name: why" for each check. Checks run side by side, because most of them wait.
"""
import concurrent.futures
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time

FOLDER, BUILD = sys.argv[1], os.environ["BUILD"]
PLACE = "http://127.0.0.1:" + open(os.path.join(FOLDER, "port"), encoding="utf-8").read()
START = "https://corp.awsapps.com/start"
SECRETS = {
    "static": "static/Secret+0123456789abcdefghijklmnop", "answer": "fakeSecret/0123456789+abcdefghijklmnopqr",
    "jwt": "eyJ.webTokenWebToken.x", "bearer": "goodBearer", "refresh": "goodRefresh", "client": "clientSecretSecret",
    "container": "good token", "imds": "imdsToken==",
}
MORE_KB = 16 << 10		# resident, above what a good answer needs, whatever the server sends
USUAL_KB = 0
TOLERANCE = 4.0			# seconds above the provider's own limit: the machine may be busy

CONFIG = f"""[profile role]
role_arn = arn:aws:iam::222222222222:role/deploy
source_profile = keys
region = us-east-2
[profile keys]
aws_access_key_id = AKIASTATICSTATIC0001
aws_secret_access_key = {SECRETS["static"]}
[profile web]
role_arn = arn:aws:iam::222222222222:role/web
web_identity_token_file = {FOLDER}/jwt
region = us-east-2
[profile sso]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Admin
[profile refresh]
sso_session = old
sso_account_id = 111111111111
sso_role_name = Admin
[sso-session corp]
sso_start_url = {START}
sso_region = us-east-2
[sso-session old]
sso_start_url = {START}
sso_region = us-east-2
[profile login]
login_session = arn:aws:iam::111111111111:user/me
region = us-east-2
[profile on-instance]
role_arn = arn:aws:iam::222222222222:role/deploy
credential_source = Ec2InstanceMetadata
region = us-east-2
[default]
"""


def at(variable, path=""):
    return lambda scenario: {variable: f"{scenario}{path}"}


# name -> profile, where the server is told, seconds within which it ends, what it is called in messages
PROVIDERS = {
    "role": ("role", at("AWS_ENDPOINT_URL_STS"), 1, "assume role"),
    "web identity": ("web", at("AWS_ENDPOINT_URL_STS"), 1, "web identity"),
    "SSO": ("sso", at("AWS_ENDPOINT_URL_SSO"), 1, "SSO"),
    "SSO refresh": ("refresh", at("AWS_ENDPOINT_URL_SSO_OIDC"), 2, "SSO"),
    "container": (None, at("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/container"), 7, "container"),
    "instance": (None, at("AWS_EC2_METADATA_SERVICE_ENDPOINT"), 2, "instance metadata"),
    "instance as source": ("on-instance", at("AWS_EC2_METADATA_SERVICE_ENDPOINT"), 2, "instance metadata"),
}
LOGIN_SESSION = os.path.join(FOLDER, "login-session")
if os.path.exists(LOGIN_SESSION):
    PROVIDERS["login"] = ("login", at("AWS_ENDPOINT_URL_SIGNIN"), 2, "aws login")
    LOGIN_SESSION = open(LOGIN_SESSION, encoding="utf-8").read().strip()
    SECRETS["dpop"] = json.load(open(LOGIN_SESSION, encoding="utf-8"))["dpopKey"].splitlines()[1]
SERVICES = ("role", "web identity", "SSO", "SSO refresh", "login")

# What goes wrong -> the exit code: 7 when another try may help, 6 when there are no credentials; and the cause.
# Of instance metadata alone 7 becomes 6: nobody said that this machine is an instance.
FAULTS = {
    "refused": (7, "no connection to 127.0.0.1:1: Connection refused"),
    "reset": (7, "broke the connection off: Connection reset"),
    "close": (7, "closed the connection without an answer"),
    "hang": (7, "no whole answer from 127.0.0.1:[0-9]+ within [12] s"),
    "slow": (7, "no whole answer"),
    "truncated": (7, "broke off"),
    "big": (7, "larger than [0-9]+ bytes"),
    "headers": (7, "headers larger than"),
    "garbage": (7, "does not answer in HTTP"),
    "500": (7, "500|ServiceUnavailable"),
    "503": (7, "503|ServiceUnavailable"),
    "html502": (7, "502"),
    "throttle": (7, "ThrottlingException"),
    "html": (7, "HTML"),
    "redirect": (7, "redirect|301"),
    "halfjson": (7, "cannot be read"),
    "empty": (7, "with nothing"),
    "403": (6, "AccessDeniedException|403"),
    "expired": (6, "ExpiredToken"),
    "wrong": (6, "the answer has no"),
    "list": (6, "the answer has no|not AWS XML"),
    "token-line-break": (6, "[tT]oken .*line break"),
}
# Of the metadata hosts a page of somebody else is no passing fault.
NO_AGENT = {
    "html": (6, "answered with HTML, not with"), "redirect": (6, "status 301"), "empty": (6, "answered with nothing"),
    "throttle": (6, "status 400"), "expired": (6, "status 400"), "403": (6, "status 403"),
    "halfjson": (6, "JSON that breaks off"), "list": (6, "answered with text"),
}
INSTANCE = {**NO_AGENT, "halfjson": (6, "status 401"), "wrong": (6, "answered with JSON, not with a token"),
            "list": (6, "answered with text, not with a token"), "token-line-break": (6, "token .*line break")}
# What is no answer of STS at all is as good as no connection; SSO's may lack what was asked for.
NO_STS = {"wrong": (7, "the answer is no AssumeRole"), "list": (7, "answered with text .*, not AWS XML")}
NO_SSO = {"empty": (6, "the answer has no keys"), "list": (7, "answered with text .*, not AWS JSON")}
NO_TOKEN = {"empty": (7, "gave no token"), "wrong": (7, "gave no token"), "list": (7, "answered with text .*, not AWS JSON")}
EXCEPTIONS = {("container", k): v for k, v in NO_AGENT.items()}
EXCEPTIONS.update({(p, k): v for p in ("instance", "instance as source") for k, v in INSTANCE.items()})


for name, table in (("role", NO_STS), ("web identity", NO_STS), ("SSO", NO_SSO), ("SSO refresh", NO_TOKEN),
                    ("login", {**NO_TOKEN, "empty": (7, "gave no credentials"), "wrong": (7, "gave no credentials")})):
    EXCEPTIONS.update({(name, k): v for k, v in table.items()})


def write(path, text, mode=0o600):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as f:
        f.write(text)
    os.chmod(path, mode)


def make_home(name):
    """A home of one's own: refreshing writes to it, and checks run side by side."""
    home = os.path.join(FOLDER, "homes", re.sub(r"\W+", "-", name) + hashlib.sha1(name.encode()).hexdigest()[:8])
    write(f"{home}/.aws/config", CONFIG)
    for session, end, more in (("corp", "2099-01-01T00:00:00Z", {}), ("old", "2001-01-01T00:00:00Z", {
            "refreshToken": SECRETS["refresh"], "clientId": "c", "clientSecret": SECRETS["client"],
            "registrationExpiresAt": "2099-01-01T00:00:00Z"})):
        write(f"{home}/.aws/sso/cache/{hashlib.sha1(session.encode()).hexdigest()}.json", json.dumps(
            {"startUrl": START, "region": "us-east-2", "accessToken": SECRETS["bearer"], "expiresAt": end, **more}))
    if "login" in PROVIDERS:
        write(f"{home}/.aws/login/cache/{os.path.basename(LOGIN_SESSION)}", open(LOGIN_SESSION, encoding="utf-8").read())
    return home


class Run:
    """One run of codetrain-credentials: code, out, err, seconds, kb."""

    def __init__(self, name, env, profile=None, program="codetrain-credentials", arguments=(), given=""):
        env = {"PATH": "/usr/bin:/bin", "HOME": make_home(name), "TZ": "UTC", "LANG": "C.UTF-8",
               "CODETRAIN_SESSION_CACHE": "off", "GIT_TERMINAL_PROMPT": "0", "CODETRAIN_HTTP_TIMEOUT": "1",
               "AWS_MAX_ATTEMPTS": "1", **env}
        env = {k: v for k, v in env.items() if v is not None}
        if not any(k.startswith("AWS_EC2") for k in env):
            env["AWS_EC2_METADATA_DISABLED"] = "true"
        self.name, began = name, time.monotonic()
        out, err = os.path.join(env["HOME"], "out"), os.path.join(env["HOME"], "err")
        with open(out, "wb") as o, open(err, "wb") as e:
            child = subprocess.Popen([os.path.join(BUILD, program), *(["--profile", profile] if profile else []), *arguments],
                                     env=env, stdin=subprocess.PIPE, stdout=o, stderr=e, start_new_session=True)
            child.stdin.write(given.encode())
            child.stdin.close()
            killer = subprocess.Popen(["sleep", "60"])
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            killer.kill()
            killer.wait()
        self.seconds, self.kb, self.code = time.monotonic() - began, usage.ru_maxrss, child.returncode
        self.out, self.err = open(out, errors="replace").read(), open(err, errors="replace").read()

    def problems(self, code, pattern, seconds):
        found = []
        if self.code != code:
            found.append(f"exit code {self.code}, not {code}")
        if not re.search(pattern, self.err):
            found.append(f"no /{pattern}/")
        if code and self.err.count("\n") != 1:
            found.append("not one line")
        if code and self.out:
            found.append("something on stdout")
        if self.seconds > seconds + TOLERANCE:
            found.append(f"{self.seconds:.1f} s")
        if USUAL_KB and self.kb > USUAL_KB + MORE_KB:
            found.append(f"{self.kb} KiB resident")
        shown = self.err + (self.out if code else "")
        found += [f"the {name} secret is shown" for name, secret in SECRETS.items() if secret in shown]
        return found


def say(name, problems, text=""):
    return f"FAIL {name}: {', '.join(problems)}: {text.strip()[:300]}" if problems else f"PASS {name}"


def environment(provider, server):
    profile, where, _, _ = PROVIDERS[provider]
    env = where(server)
    if provider == "SSO refresh":
        env["AWS_ENDPOINT_URL_SSO"] = PLACE + "/ok"
    if provider == "container":
        env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = SECRETS["container"]
    if provider not in SERVICES:	# these hosts are never asked by way of a proxy
        env.update(http_proxy="http://127.0.0.1:9", ALL_PROXY="http://127.0.0.1:9", no_proxy=".example")
    if provider == "instance as source":
        env.update(AWS_ENDPOINT_URL_STS=PLACE + "/ok", no_proxy="127.0.0.1")
    return profile, env


def fault(provider, name):
    profile, env = environment(provider, "http://127.0.0.1:1" if name == "refused" else f"{PLACE}/{name}")
    code, cause = EXCEPTIONS.get((provider, name)) or FAULTS[name]
    if provider == "instance":
        code = 6
    run = Run(f"{provider}, {name}", env, profile)
    pattern = rf"^codetrain credentials: error: credentials of profile {profile or 'default'} .*\({PROVIDERS[provider][3]}\).*({cause})"
    return say(run.name, run.problems(code, pattern, PROVIDERS[provider][2]), run.err)


def comes_again(provider, scenario):
    """A fault that passes: the credentials come at a later attempt, and nothing is said."""
    profile, env = environment(provider, f"{PLACE}/{scenario}~{provider.replace(' ', '-')}")
    env.update(AWS_MAX_ATTEMPTS="3", AWS_METADATA_SERVICE_NUM_ATTEMPTS="3")
    run = Run(f"{provider}, {scenario}", env, profile)
    return say(run.name, run.problems(0, "^$", 12) + ([] if '"AccessKeyId"' in run.out else ["no credentials"]), run.err)


def rule(name, env, code, pattern, profile=None, seconds=7):
    env = {**env}
    if "AWS_CONTAINER_CREDENTIALS_FULL_URI" in env or "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" in env:
        if not any("AUTHORIZATION_TOKEN" in k for k in env):
            env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = SECRETS["container"]
    run = Run(name, env, profile)
    return say(name, run.problems(code, pattern, seconds) + ([] if code or '"AccessKeyId"' in run.out else ["no credentials"]),
               run.err)


def rules():
    uri, file = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
    port = PLACE.rpartition(":")[2]
    good = f"{PLACE}/ok/container"
    for host in ["example.com", "127.0.0.1.example.com", "localhost.example.com", "169.254.169.254", "10.0.0.1", "0.0.0.0", "[::]",
                 "[fe80::1]", "2130706433", "0x7f.0.0.1", "127.1", "169.254.170.3", "169.254.170.2.nip.io", "ip6-localhost",
                 "user@127.0.0.1", "127.0.0.1@example.com", "example.com#@127.0.0.1", "example.com?@127.0.0.1", "[::1].example.com"]:
        yield rule, f"container: the token does not go to http://{host}", {uri: f"http://{host}/x"}, 2, "must be https, or http to this"
    for url in ["ftp://127.0.0.1/x", "file:///etc/passwd", "//127.0.0.1/x", "127.0.0.1", "http:/127.0.0.1/x", "gopher://127.0.0.1/"]:
        yield rule, f"container: {url} is no place for it", {uri: url}, 2, "must be https, or http to this"
    for host in ["127.0.0.1", "localhost", "LOCALHOST"]:
        yield rule, f"container: http://{host}", {uri: f"http://{host}:{port}/ok/container"}, 0, "^$"
    for host in ["127.9.9.9:1", "[::1]:1", "[0:0::1]:1"]:
        yield rule, f"container: http://{host} is this machine too", {uri: f"http://{host}/x"}, 7, "no connection to"
    yield rule, "container: https may be anywhere", {uri: "https://name.invalid/x"}, 7, "name.invalid is not known"
    yield (rule, "container: a relative URI without its slash", {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "@example.com/x"}, 2,
           "must begin with a slash")
    for name, text, code, pattern in [
            ("is read", "good token", 0, "^$"), ("loses its last line break", "good token\n", 0, "^$"),
            ("loses its last CR LF", "good token\r\n", 0, "^$"), ("with a second line", "good token\nX-Evil: 1", 2, "line break"),
            ("with two line breaks", "good token\n\n", 2, "line break"), ("with a CR inside", "good\rtoken", 2, "line break"),
            ("with a NUL", "good token\0x", 2, "NUL"), ("that is too long", "x" * 20000, 2, "too l"),
            ("that is wrong", "bad token", 6, r"refused \(status 401\): the token is not good")]:
        path = os.path.join(FOLDER, "tokens", re.sub(r"\W+", "-", name))
        write(path, text)
        yield rule, f"container: a token file {name}", {uri: good, file: path, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "other"}, code, pattern
    yield rule, "container: a token file that is not there", {uri: good, file: "/nonexistent/token"}, 2, "/nonexistent/token"
    yield (rule, "container: a token with a line break", {uri: good, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "good token\nX: 1"}, 2,
           "line break")
    imds = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
    yield rule, "instance: switched off", {imds: f"{PLACE}/ok", "AWS_EC2_METADATA_DISABLED": "TRUE"}, 6, "no AWS credentials"
    yield rule, "instance: only version 1", {imds: f"{PLACE}/v1-404"}, 0, "^$"
    yield (rule, "instance: version 1 is forbidden", {imds: f"{PLACE}/v1-404", "AWS_EC2_METADATA_V1_DISABLED": "true"}, 6,
           r"no token from .* \(status 404\)")
    yield rule, "instance: its token is lost, version 1 answers", {imds: f"{PLACE}/v1-hang"}, 0, "^$"
    yield rule, "instance: no role", {imds: f"{PLACE}/norole"}, 6, "the instance has no role"
    yield rule, "instance: a role that it cannot have", {imds: f"{PLACE}/norights"}, 6, "AssumeRoleUnauthorizedAccess"
    yield (rule, "instance: an unknown mode", {imds: f"{PLACE}/ok", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv5"}, 2,
           "it takes IPv4 or IPv6")
    yield rule, "instance: an endpoint that is no URL", {imds: "metadata.example"}, 2, "is no http or https URL"
    yield (rule, "instance: an endpoint with a password", {imds: f"http://u:{SECRETS['client']}@127.0.0.1:{port}/ok"}, 2, "cannot be used")
    yield (rule, "instance: three attempts", {imds: f"{PLACE}/hang~three", "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "2",
                                              "AWS_METADATA_SERVICE_TIMEOUT": "1", "AWS_EC2_METADATA_V1_DISABLED": "true"}, 6,
           "within 1 s", None, 3)
    yield (rule, "instance: a longer time limit", {imds: f"{PLACE}/hang~longer", "AWS_METADATA_SERVICE_TIMEOUT": "2",
                                                   "AWS_EC2_METADATA_V1_DISABLED": "true"}, 6, "within 2 s", None, 2)


def helper(provider, name, pattern):
    """The helper of git passes on why codetrain-credentials has none."""
    profile, env = environment(provider, f"{PLACE}/{name}")
    run = Run(f"git's helper: {provider}, {name}", env, profile, "git-credential-codecommit", ["get"],
              "protocol=https\nhost=git-codecommit.us-east-2.amazonaws.com\npath=v1/repos/x\n\n")
    problems = [p for p in run.problems(run.code or 1, pattern, PROVIDERS[provider][2]) if p != "something on stdout"]
    return say(run.name, problems + (["a password"] if "password=" in run.out else []), run.err)


def asked():
    """What the servers saw, after all."""
    requests = [json.loads(line) for line in open(os.path.join(FOLDER, "log"), encoding="utf-8")]
    stolen = [r["path"] for r in requests if "stolen" in r["path"]]
    yield say("no redirect was followed", stolen[:3])
    redirected = [r for r in requests if r["path"].startswith("/redirect")]
    yield say("and there were some", [] if len(redirected) >= 7 else ["none"])
    puts = [r["headers"].get("x-aws-ec2-metadata-token-ttl-seconds") for r in requests if r["path"].endswith("/latest/api/token")]
    yield say("each metadata token is asked for six hours", [] if puts and set(puts) == {"21600"} else sorted(set(puts)))
    three = [r for r in requests if "hang~three" in r["path"]]
    yield say("a token that does not come is asked for once", [] if len(three) == 1 else [f"{len(three)} requests"])
    others = [r["path"] for r in requests if "good token" == r["headers"].get("authorization") and "container" not in r["path"]]
    yield say("the container's token goes to the container's endpoint alone", others[:3])


def main():
    global USUAL_KB
    write(os.path.join(FOLDER, "jwt"), SECRETS["jwt"])
    good = Run("a good answer", *reversed(environment("role", PLACE + "/ok")))
    print(say(good.name, good.problems(0, "^$", 1), good.err))
    USUAL_KB = good.kb
    jobs = [(fault, provider, name) for provider in PROVIDERS for name in FAULTS]
    jobs += [(comes_again, provider, scenario) for provider in PROVIDERS for scenario in ("lost1", "fail2")
             # a refresh token may be good for one request only
             if (provider, scenario) not in (("SSO refresh", "lost1"), ("login", "lost1")) and provider != "instance as source"]
    jobs += list(rules())
    jobs += [(helper, provider, name, f"(?s){PROVIDERS[provider][3]}.*{FAULTS[name][1]}")
             for provider in PROVIDERS for name in ("reset", "hang") if provider not in ("instance", "instance as source")]
    only = os.environ.get("ONLY", "")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for line in pool.map(lambda job: job[0](*job[1:]), [j for j in jobs if only in str(j)]):
            print(line, flush=True)
    for line in asked():
        print(line)


if __name__ == "__main__":
    signal.alarm(300)
    main()
