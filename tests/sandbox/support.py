"""A sandbox of the tests' own: a temporary state, free ports, a clean environment, nothing left behind."""

from __future__ import annotations

import atexit
import json
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path
from typing import Any, Callable

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

ROOT = Path(__file__).resolve().parents[2]
SANDBOX = ROOT / "sandbox"
sys.path.insert(0, str(SANDBOX))

from localaws import processes  # noqa: E402
from localaws.state import BETA, DEVOPS, PRODUCTION, REGION, State  # noqa: E402

PROFILES = {DEVOPS: "mlops-devops", BETA: "mlops-beta", PRODUCTION: "mlops-production"}
REPOSITORY = "scikit-learn-iris"
REGISTRY = f"{DEVOPS}.dkr.ecr.{REGION}.amazonaws.com"
BUCKET = f"mlops-beta-{BETA}"
ROLE = f"arn:aws:iam::{BETA}:role/SageMakerExecutionRole"
PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
_session = botocore.session.Session()


class World:
    """One running sandbox."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="codetrain-sandbox-"))
        self.state = State(self.folder / "state")
        self.programs = self.folder / "programs"
        self.programs.mkdir()
        (self.folder / "home").mkdir()
        self.env = {"HOME": str(self.folder / "home"), "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8",
                    "CODETRAIN_SANDBOX": str(self.state.root), "CODETRAIN_SANDBOX_VENV": sys.prefix,
                    "CODETRAIN_SANDBOX_PROGRAMS": str(self.programs), "PYTHON3": sys.executable}
        self._clients: dict[tuple[Any, ...], Any] = {}
        atexit.register(self.close)

    def run(self, *words: str, check: bool = True, env: dict[str, str] | None = None,
            **more: Any) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(words, env={**self.env, **(env or {})}, text=True, capture_output=True, timeout=120,
                              stdin=subprocess.DEVNULL if "input" not in more else None, **more)
        if check and done.returncode:
            raise AssertionError(f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def sandbox(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.run(str(SANDBOX / "codetrain-sandbox"), *words, check=check)

    def up(self) -> "World":
        self.sandbox("up")
        return self

    def close(self) -> None:
        if self.folder.exists():
            self.sandbox("down", check=False)
            shutil.rmtree(self.folder, ignore_errors=True)

    def pid(self, part: str) -> int | None:
        return processes.running(self.state.run / f"{part}.pid")

    def exports(self) -> dict[str, str]:
        shell = 'eval "$("$0" env)" && env'
        out = self.run("/bin/sh", "-c", shell, str(SANDBOX / "codetrain-sandbox")).stdout
        return dict(line.split("=", 1) for line in out.splitlines() if "=" in line)

    def keys(self, account: str) -> tuple[str, str]:
        """The administrator's access key of an account, as in the credentials file."""
        found: dict[str, str] = {}
        section = ""
        for line in self.state.aws_credentials.read_text().splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif "=" in line and section == PROFILES[account]:
                key, _, value = line.partition(" = ")
                found[key] = value
        return found["aws_access_key_id"], found["aws_secret_access_key"]

    def client(self, service: str, account: str = DEVOPS, keys: tuple[str, ...] | None = None) -> Any:
        key, secret, *token = keys or self.keys(account)
        known = (service, key, secret, *token, self.state.ports()["api"])
        if known in self._clients:
            return self._clients[known]
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        self._clients[known] = _session.create_client(
            service, region_name=REGION, endpoint_url=self.state.api_url(), aws_access_key_id=key,
            aws_secret_access_key=secret, aws_session_token=token[0] if token else None, config=config)
        return self._clients[known]

    def user(self, account: str, name: str, *statements: dict[str, Any]) -> tuple[str, str]:
        """A new IAM user with just these statements; its key."""
        iam = self.client("iam", account)
        iam.create_user(UserName=name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def fault(self, **order: Any) -> None:
        request = urllib.request.Request(self.state.api_url() + "/sandbox/faults", json.dumps(order).encode(),
                                         {"Authorization": f"Bearer {self.state.token()}"}, method="POST")
        urllib.request.urlopen(request, timeout=10).close()

    def docker(self, *words: str, check: bool = True, **more: Any) -> subprocess.CompletedProcess[str]:
        env = {"AWS_ENDPOINT_URL": self.state.api_url(), "DOCKER_CONFIG": str(self.folder / "docker")}
        return self.run(str(self.state.bin / "docker"), *words, check=check, env=env, **more)

    def login(self, keys: tuple[str, str] | None = None) -> None:
        import base64
        answer = self.client("ecr", keys=keys).get_authorization_token()["authorizationData"][0]
        password = base64.b64decode(answer["authorizationToken"]).decode().partition(":")[2]
        self.docker("login", "--username", "AWS", "--password-stdin", REGISTRY, input=password)

    def image(self, tag: str, train: str) -> str:
        """Builds and pushes an image whose `train` is this Python program; its reference."""
        context = Path(tempfile.mkdtemp(dir=self.folder))
        (context / "train").write_text("#!/usr/bin/env python3\n" + train)
        (context / "train").chmod(0o755)
        (context / "Dockerfile").write_text('FROM python:3\nENV PATH="/opt/program:${PATH}" MODE=test\n'
                                            "COPY train /opt/program/\nWORKDIR /opt/program\n")
        name = f"{REGISTRY}/{REPOSITORY}:{tag}"
        self.docker("build", "-t", name, str(context))
        self.login()
        self.docker("push", name)
        return name


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(service: str = "sagemaker.amazonaws.com") -> str:
    return policy({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


def until(test: Callable[[], Any], seconds: float = 20.0) -> Any:
    """The first true result of the test; fails after the bound."""
    deadline = time.monotonic() + seconds
    while not (result := test()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not true within {seconds} s")
        time.sleep(0.02)
    return result


_shared: list[World] = []


def shared() -> World:
    """The world that most tests share; each leaves the rest of it as it was."""
    if not _shared:
        _shared.append(World().up())
        grant(_shared[0])
    return _shared[0]


def grant(world: World) -> None:
    """The grants of the story for training in beta, as `codetrain grant apply` would make them."""
    iam = world.client("iam", BETA)
    iam.create_role(RoleName="SageMakerExecutionRole", AssumeRolePolicyDocument=trust())
    iam.put_role_policy(RoleName="SageMakerExecutionRole", PolicyName="p", PolicyDocument=policy(
        allow(PULL, f"arn:aws:ecr:{REGION}:{DEVOPS}:repository/{REPOSITORY}"), allow("ecr:GetAuthorizationToken"),
        allow("s3:ListBucket", f"arn:aws:s3:::{BUCKET}"), allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/iris/*"),
        allow("s3:PutObject", f"arn:aws:s3:::{BUCKET}/output/*")))
    world.client("ecr").set_repository_policy(repositoryName=REPOSITORY, policyText=policy(
        {"Sid": "pull", "Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": PULL}))


class Case(unittest.TestCase):
    maxDiff = None

    def refused(self, code: str, words: str, call: Callable[..., Any], **params: Any) -> ClientError:
        """The call must be refused with this code, and words in its message."""
        with self.assertRaises(ClientError) as caught:
            call(**params)
        self.assertEqual(caught.exception.response["Error"]["Code"], code, caught.exception)
        self.assertIn(words, caught.exception.response["Error"]["Message"])
        return caught.exception
