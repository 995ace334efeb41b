"""CodeCommit with stock git: a password from our own Python through a tiny credential helper."""

from __future__ import annotations

import gzip
import http.client
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from support import BETA, DEVOPS, REGION, REPOSITORY, SANDBOX, Case, World, allow, shared
from localaws.state import write_private

HOST = f"git-codecommit.{REGION}.amazonaws.com"
URL = f"https://{HOST}/v1/repos/{REPOSITORY}"
HELPER = '''#!{python}
import datetime, os, sys
sys.path.insert(0, {lib!r})
from localaws.git_password import sign
asked = dict(line.rstrip("\\n").split("=", 1) for line in sys.stdin if "=" in line)
if sys.argv[1] == "get":
    moment = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%S")
    token = os.environ.get("T_TOKEN", "")
    print("username=" + os.environ["T_KEY"] + ("%" + token if token else ""))
    print("password=" + moment + "Z" + sign(os.environ["T_SECRET"], moment, {region!r}, asked["host"], "/" + asked["path"]))
'''


class Git(Case):
    world: World

    def setUp(self) -> None:
        self.world = getattr(self, "world", None) or shared()
        self.folder = Path(tempfile.mkdtemp(dir=self.world.folder))
        self.addCleanup(shutil.rmtree, self.folder, True)
        helper = self.folder / "helper"
        write_private(helper, HELPER.format(python=sys.executable, lib=str(SANDBOX), region=REGION), 0o700)
        exports = self.world.exports()
        self.env = {key: value for key, value in exports.items() if key.startswith("GIT_CONFIG_")}
        last = next(key for key, value in self.env.items() if value.endswith("git-credential-codecommit"))
        self.env.update({last: str(helper), "HOME": str(self.folder), "PATH": "/usr/local/bin:/usr/bin:/bin",
                         "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "LANG": "C.UTF-8",
                         "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.com", "GIT_COMMITTER_NAME": "t",
                         "GIT_COMMITTER_EMAIL": "t@example.com"})
        self.use(self.world.keys(DEVOPS))

    def use(self, keys: tuple[str, ...]) -> None:
        self.env.update({"T_KEY": keys[0], "T_SECRET": keys[1], "T_TOKEN": keys[2] if len(keys) > 2 else ""})

    def git(self, *words: str, fails: bool = False) -> str:
        done = subprocess.run(["git", *words], cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode != 0, fails, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def commit(self, clone: str, name: str, content: bytes) -> str:
        (self.folder / clone / name).write_bytes(content)
        self.git("-C", clone, "add", name)
        self.git("-C", clone, "commit", "-q", "-m", name)
        return self.git("-C", clone, "rev-parse", "HEAD").strip()

    def test_clone_push_fetch(self) -> None:
        self.git("clone", "-q", URL, "one")
        first = self.commit("one", "train", b"#!/bin/sh\n")
        self.git("-C", "one", "push", "-q", "origin", "HEAD:refs/heads/story")
        self.git("clone", "-q", "-b", "story", URL, "two")
        self.assertEqual(self.git("-C", "two", "rev-parse", "HEAD").strip(), first)
        second = self.commit("two", "serve", b"#!/bin/sh\n")
        self.git("-C", "two", "push", "-q", "origin", "HEAD:refs/heads/story")
        self.git("-C", "one", "fetch", "-q")
        self.assertEqual(self.git("-C", "one", "rev-parse", "origin/story").strip(), second)
        self.git("-C", "one", "push", "-q", "origin", ":refs/heads/story")
        self.assertNotIn("story", self.git("ls-remote", URL))

    def test_a_large_push_in_chunks(self) -> None:
        self.git("clone", "-q", URL, "big")
        commit = self.commit("big", "weights", os.urandom(3 << 20))
        self.env["GIT_TRACE_CURL_NO_DATA"] = "1"
        self.git("-C", "big", "-c", "http.postBuffer=65536", "push", "-q", "origin", "HEAD:refs/heads/big")
        self.assertIn(commit, self.git("ls-remote", URL, "refs/heads/big"))
        self.git("clone", "-q", "-b", "big", URL, "again")
        self.assertEqual((self.folder / "again/weights").stat().st_size, 3 << 20)
        self.git("-C", "big", "push", "-q", "origin", ":refs/heads/big")

    def test_a_wrong_key_gets_403(self) -> None:
        key, secret = self.world.keys(DEVOPS)
        for keys in ((key, secret[::-1]), ("AKIAUNKNOWNUNKNOWN00", secret), (key, secret, "a-token")):
            self.use(keys)
            self.assertIn("The requested URL returned error: 403", self.git("ls-remote", URL, fails=True))

    def test_no_key_is_asked_for_one(self) -> None:
        status, headers, _ = self.raw("GET", f"/v1/repos/{REPOSITORY}/info/refs?service=git-upload-pack", {})
        self.assertEqual((status, headers["WWW-Authenticate"]), (401, 'Basic realm="AWS CodeCommit"'))

    def test_repositories_of_the_keys_account_only(self) -> None:
        self.assertIn("not found", self.git("ls-remote", URL + "-other", fails=True))
        self.use(self.world.keys(BETA))
        self.assertIn("not found", self.git("ls-remote", URL, fails=True))

    def test_rights(self) -> None:
        arn = f"arn:aws:codecommit:{REGION}:{DEVOPS}:{REPOSITORY}"
        self.use(self.world.user(DEVOPS, "reads-git", allow("codecommit:GitPull", arn)))
        self.git("clone", "-q", URL, "read")
        self.commit("read", "x", b"x")
        self.assertIn("403", self.git("-C", "read", "push", "origin", "HEAD:refs/heads/no", fails=True))
        self.use(self.world.user(DEVOPS, "no-git", allow("s3:*")))
        self.assertIn("403", self.git("ls-remote", URL, fails=True))

    def test_session_token(self) -> None:
        found = self.world.client("sts").get_session_token()["Credentials"]
        self.use((found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]))
        self.git("ls-remote", URL)
        self.use((found["AccessKeyId"], found["SecretAccessKey"]))
        self.assertIn("403", self.git("ls-remote", URL, fails=True))

    def test_a_repository_made_over_the_api(self) -> None:
        self.world.client("codecommit").create_repository(repositoryName="second")
        self.git("clone", "-q", f"https://{HOST}/v1/repos/second", "second")
        self.commit("second", "x", b"x")
        self.git("-C", "second", "push", "-q", "origin", "HEAD:main")
        bare = self.world.state.git / DEVOPS / "second.git"
        config = (self.world.state.git / DEVOPS / "second.git" / "config").read_text()
        for line in ("target = codebuild", "project = second", f"region = {REGION}", "profile = mlops-devops"):
            self.assertIn(line, config)
        self.world.client("codecommit").delete_repository(repositoryName="second")
        self.assertIn("not found", self.git("ls-remote", f"https://{HOST}/v1/repos/second", fails=True))
        self.assertFalse(bare.exists())

    # ---- without git ----

    def raw(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
        context = ssl.create_default_context(cafile=str(self.world.state.ca_bundle))
        connection = http.client.HTTPSConnection("127.0.0.1", self.world.state.ports()["git"], context=context, timeout=30)
        connection.set_tunnel(HOST, 443)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def test_gzip_body(self) -> None:
        import base64
        from datetime import datetime, timezone
        from localaws.git_password import sign
        key, secret = self.world.keys(DEVOPS)
        moment = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S")
        password = f"{moment}Z{sign(secret, moment, REGION, HOST, '/v1/repos/' + REPOSITORY)}"
        basic = base64.b64encode(f"{key}:{password}".encode()).decode()
        body = gzip.compress(b"0014command=ls-refs\n0000")
        status, _, answer = self.raw("POST", f"/v1/repos/{REPOSITORY}/git-upload-pack", {
            "Authorization": "Basic " + basic, "Content-Encoding": "gzip", "Git-Protocol": "version=2",
            "Content-Type": "application/x-git-upload-pack-request"}, body)
        self.assertEqual((status, answer[-4:]), (200, b"0000"))

    def test_the_proxy_reaches_nothing_else(self) -> None:
        connection = http.client.HTTPSConnection("127.0.0.1", self.world.state.ports()["git"], timeout=10)
        for host, port in (("example.com", 443), (HOST + ".evil.example", 443), (HOST, 22)):
            connection.set_tunnel(host, port)
            with self.assertRaisesRegex(OSError, "403"):
                connection.connect()
            connection.close()

    def test_no_secret_in_the_log(self) -> None:
        self.git("ls-remote", URL)
        log = (self.world.state.logs / "git.log").read_text()
        self.assertIn("info/refs", log)
        for secret in (*self.world.keys(DEVOPS), "Basic "):
            self.assertNotIn(secret, log)


@contextmanager
def on(world: World) -> Iterator[Git]:
    """These tests' git, for another world than the shared one."""
    case = Git("test_clone_push_fetch")
    case.world = world
    try:
        case.setUp()
        yield case
    finally:
        case.doCleanups()
