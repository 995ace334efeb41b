"""docker, as far as a build in the sandbox needs it: build, tag, push, login, image inspect, version.

It is a stand-in and says so: an image is the files that the Dockerfile copies and the Python packages that
it installs, under a digest of their content. Push speaks Docker's own protocol to the sandbox's ECR.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import http.client
import json
import os
import re
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from . import venvs
from .blobs import CONFIG, LAYER, MANIFEST, Blobs
from .dockerfile import Builder, Image, Refused
from .state import State, read_json, write_json

STAND_IN = "codetrain-sandbox: this docker is a stand-in: its images hold build contexts, not layers"
SECONDS = 120


class Fault(Exception):
    pass


def say(text: str) -> None:
    print(text, flush=True)


def normal(reference: str) -> str:
    """The reference with its tag, `latest` if it names none."""
    last = reference.rpartition("/")[2]
    if not re.fullmatch(r"[a-z0-9][A-Za-z0-9._/:-]*", reference):
        raise Fault(f"invalid reference format: {reference}")
    return reference if ":" in last else reference + ":latest"


class Local:
    """The images of this machine: tag -> digest, in STATE/images."""

    def __init__(self, state: State) -> None:
        self.state, self.path = state, state.images / "tags.json"
        self.blobs = Blobs(state.images)

    def resolve(self, reference: str) -> str:
        tags = read_json(self.path, {})
        found = reference if reference in tags.values() else tags.get(normal(reference))
        if found is None:
            raise Fault(f"No such image: {reference}")
        return found

    def set(self, reference: str, digest: str) -> None:
        write_json(self.path, {**read_json(self.path, {}), normal(reference): digest})


# ---- build ----

def build(state: State, args: argparse.Namespace) -> None:
    context = Path(args.context)
    if not context.is_dir():
        raise Fault(f"unable to prepare context: path \"{args.context}\" not found")
    recipe = Path(args.file) if args.file else context / "Dockerfile"
    try:
        text = recipe.read_text()
    except OSError as error:
        raise Fault(f"failed to read dockerfile: {recipe}: {error.strerror}") from None
    given = dict(entry.split("=", 1) if "=" in entry else (entry, os.environ.get(entry, "")) for entry in args.build_arg)
    with tempfile.TemporaryDirectory(dir=state.tmp) as folder:
        tree = Path(folder) / "tree"
        try:
            image = Builder(context, tree, given, say).build(text)
            key = venvs.ensure(state, image.packages, say)
        except (Refused, venvs.Failed) as error:
            raise Fault(f"failed to build: {error}") from None
        digest = _keep(state, image, tree, key)
    for tag in args.tag:
        Local(state).set(tag, digest)
        say(f"  tagged {normal(tag)}")
    say(f"  image  {digest}")


def _keep(state: State, image: Image, tree: Path, key: str | None) -> str:
    blobs = Local(state).blobs
    layer = _tar(tree)
    config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
              "config": {"Env": [f"{name}={value}" for name, value in image.env.items()], "Entrypoint": image.entrypoint,
                         "Cmd": image.cmd, "WorkingDir": image.workdir, "Labels": image.labels},
              "codetrain": {"from": image.base, "packages": image.packages, "venv": key, "not_run": image.not_run}}
    text = json.dumps(config, sort_keys=True).encode()
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST,
                "config": {"mediaType": CONFIG, "size": len(text), "digest": blobs.put(text)},
                "layers": [{"mediaType": LAYER, "size": len(layer), "digest": blobs.put(layer)}]}
    return blobs.put(json.dumps(manifest, sort_keys=True).encode())


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _tar(tree: Path) -> bytes:
    """A tar of the tree that is the same for the same files, whenever and wherever it is made."""
    with tempfile.SpooledTemporaryFile(max_size=64 << 20) as out:
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for path in sorted(tree.rglob("*")):
                info = archive.gettarinfo(str(path), str(path.relative_to(tree)))
                info.uid = info.gid = info.mtime = 0
                info.uname = info.gname = ""
                info.mode = 0o755 if path.is_dir() or info.mode & 0o100 else 0o644
                if info.isreg():
                    with open(path, "rb") as source:
                        archive.addfile(info, source)
                else:
                    archive.addfile(info)
        out.seek(0)
        return out.read()


def tag(state: State, args: argparse.Namespace) -> None:
    local = Local(state)
    local.set(args.target, local.resolve(args.source))


# ---- the registry ----

def _auth_file() -> Path:
    folder = os.environ.get("DOCKER_CONFIG") or os.path.join(os.path.expanduser("~"), ".docker")
    return Path(folder) / "config.json"


def login(state: State, args: argparse.Namespace) -> None:
    if not args.password_stdin:
        raise Fault("use --password-stdin: a password in argv can be read by everyone on this machine")
    password = sys.stdin.readline().strip()
    registry = urlsplit(args.server if "//" in args.server else "//" + args.server).netloc
    auth = base64.b64encode(f"{args.username}:{password}".encode()).decode()
    status, answer, _ = _call(registry, auth, "GET", "/v2/")
    if status != 200:
        raise Fault(f"Error response from daemon: login attempt to https://{registry}/v2/ failed with status: {status} "
                    + _reason(answer))
    config = read_json(_auth_file(), {})
    config.setdefault("auths", {})[registry] = {"auth": auth}
    write_json(_auth_file(), config)
    say("Login Succeeded")


def _helper(registry: str) -> str:
    """Without a login: what Amazon's credential helper for Docker does with the container's credentials, if there are any."""
    uri = os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if not uri:
        return ""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    authorization = {"Authorization": os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(uri, headers=authorization), timeout=SECONDS) as answer:
            found = json.load(answer)
        region = registry.split(".")[3]
        request = AWSRequest("POST", os.environ.get("AWS_ENDPOINT_URL") or State.from_environment().api_url(), data=b"{}", headers={
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"})
        keys = Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["Token"])
        SigV4Auth(keys, "ecr", region).add_auth(request)
        prepared = urllib.request.Request(request.url, b"{}", dict(request.headers.items()))
        with opener.open(prepared, timeout=SECONDS) as answer:
            return str(json.load(answer)["authorizationData"][0]["authorizationToken"])
    except urllib.error.HTTPError as error:
        raise Fault(f"no basic auth credentials, and the role's did not do: {error.read().decode(errors='replace')[:300]}") from None
    except (OSError, ValueError, KeyError) as error:
        raise Fault(f"no basic auth credentials, and the container's could not be had: {error}") from None


def push(state: State, args: argparse.Namespace) -> None:
    reference = normal(args.name)
    registry, _, rest = reference.partition("/")
    if not re.fullmatch(r"\d{12}\.dkr\.ecr(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com", registry):
        raise Fault(f"the stand-in pushes to Amazon ECR only, not to {registry}")
    repository, _, name = rest.rpartition(":")
    local = Local(state)
    digest = local.resolve(reference)
    auth = read_json(_auth_file(), {}).get("auths", {}).get(registry, {}).get("auth", "") or _helper(registry)
    manifest = local.blobs.read(digest)
    say(f"The push refers to repository [{registry}/{repository}]")
    told = json.loads(manifest)
    for part in (told["config"], *told["layers"]):
        status, answer, _ = _call(registry, auth, "HEAD", f"/v2/{repository}/blobs/{part['digest']}")
        if status == 200:
            say(f"{part['digest'][7:19]}: Layer already exists")
            continue
        status, answer, _ = _call(registry, auth, "POST", f"/v2/{repository}/blobs/uploads/?digest={part['digest']}",
                                  local.blobs.read(part["digest"]))
        _must(status, answer)
        say(f"{part['digest'][7:19]}: Pushed")
    status, answer, _ = _call(registry, auth, "PUT", f"/v2/{repository}/manifests/{name}", manifest, MANIFEST)
    _must(status, answer)
    say(f"{name}: digest: {digest} size: {len(manifest)}")


def _must(status: int, answer: bytes) -> None:
    if status == 401:
        raise Fault(_reason(answer))
    if status >= 300:
        raise Fault(("denied: " if status == 403 else "") + _reason(answer))


def _reason(answer: bytes) -> str:
    try:
        return str(json.loads(answer)["errors"][0]["message"])
    except (ValueError, KeyError, IndexError, TypeError):
        return "the registry's answer was not understood"


def _call(registry: str, auth: str, method: str, path: str, body: bytes = b"",
          kind: str = "application/octet-stream") -> tuple[int, bytes, dict[str, str]]:
    """One request to the registry, whose name stands for the sandbox's endpoint."""
    endpoint = urlsplit(os.environ.get("AWS_ENDPOINT_URL") or State.from_environment().api_url())
    connection = http.client.HTTPConnection(endpoint.hostname or "127.0.0.1", endpoint.port or 80, timeout=SECONDS)
    try:
        headers = {"Host": registry, "Content-Type": kind, **({"Authorization": "Basic " + auth} if auth else {})}
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.getheaders())
    except OSError as error:
        raise Fault(f"cannot reach the registry at {endpoint.netloc}: {error.strerror or error}") from None
    finally:
        connection.close()


# ---- the rest ----

def inspect(state: State, args: argparse.Namespace) -> None:
    local, found = Local(state), []
    for name in args.names:
        digest = local.resolve(name)
        config = json.loads(local.blobs.read(json.loads(local.blobs.read(digest))["config"]["digest"]))
        tags = [tag for tag, value in read_json(local.path, {}).items() if value == digest]
        found.append({"Id": digest, "RepoTags": tags, "RepoDigests": [f"{t.rpartition(':')[0]}@{digest}" for t in tags],
                      "Architecture": config["architecture"], "Os": config["os"], "Config": config["config"],
                      "Codetrain": config["codetrain"]})
    if not args.format:
        print(json.dumps(found, indent=4))
        return
    simple = re.fullmatch(r"\{\{\s*(?:index\s+)?\.(\w+)(?:\s+0)?\s*\}\}", args.format)
    if not simple or simple[1] not in found[0]:
        raise Fault("the stand-in's --format knows {{.Id}}, {{index .RepoDigests 0}} and their like only")
    for entry in found:
        value = entry[simple[1]]
        print(value if isinstance(value, str) else value[0] if "index" in args.format else json.dumps(value))


def version(state: State, args: argparse.Namespace) -> None:
    from . import VERSION
    print(f"Docker version {VERSION} (codetrain-sandbox's stand-in)")


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="docker", description=STAND_IN)
    verbs = top.add_subparsers(dest="verb", required=True)
    made = verbs.add_parser("build")
    made.add_argument("-t", "--tag", action="append", default=[])
    made.add_argument("-f", "--file")
    made.add_argument("--build-arg", action="append", default=[])
    for option in ("--platform", "--progress", "--network", "--target", "--cache-from", "--label"):
        made.add_argument(option)
    for option in ("--no-cache", "--pull", "-q", "--quiet", "--load", "--provenance"):
        made.add_argument(option, action="store_true") if option != "--provenance" else made.add_argument(option)
    made.add_argument("context")
    tagged = verbs.add_parser("tag")
    tagged.add_argument("source")
    tagged.add_argument("target")
    pushed = verbs.add_parser("push")
    pushed.add_argument("-q", "--quiet", action="store_true")
    pushed.add_argument("name")
    logged = verbs.add_parser("login")
    logged.add_argument("-u", "--username", default="AWS")
    logged.add_argument("--password-stdin", action="store_true")
    logged.add_argument("server")
    for words in (["inspect"], ["image", "inspect"]):
        holder = verbs if len(words) == 1 else verbs.add_parser("image").add_subparsers(dest="of", required=True)
        shown = holder.add_parser("inspect")
        shown.add_argument("-f", "--format")
        shown.add_argument("names", nargs="+")
    verbs.add_parser("version")
    return top


VERBS = {"build": build, "tag": tag, "push": push, "login": login, "inspect": inspect, "image": inspect, "version": version}


def main(argv: list[str]) -> int:
    if argv in (["--version"], ["-v"]):
        argv = ["version"]
    args = parser().parse_args(argv)
    os.umask(0o077)
    if args.verb in ("build", "push", "login"):
        say(STAND_IN)
    try:
        VERBS[args.verb](State.from_environment(), args)
    except Fault as fault:
        print(f"{fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
