"""CodeBuild: builds of pushed commits, with a stand-in for codetrain-build that does as its variables say."""

from __future__ import annotations

import json
import subprocess
import uuid
from types import SimpleNamespace
from typing import Any

from support import BETA, DEVOPS, REPOSITORY, Case, World, shared, until
from localaws import builds, git_repositories
from localaws.errors import AwsError

RUNNER = r'''#!/usr/bin/env python3
import json, os, signal, sys, time, urllib.request
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
what = os.environ.get("DO", "pass")
print("commit", options["--commit"], flush=True)
if what == "look":
    print(json.dumps({"env": dict(os.environ), "options": options, "cwd": os.getcwd()}))
if what == "credentials":
    ask = urllib.request.Request(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"],
                                 headers={"Authorization": os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]})
    found = json.load(urllib.request.urlopen(ask))
    print(sorted(found))
    try:
        urllib.request.urlopen(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
    except OSError as error:
        print("without token", error)
if what == "sleep":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    time.sleep(600)
ok = what != "fail"
phases = [{"name": "PRE_BUILD", "status": "SUCCEEDED", "seconds": 0.1, "exit_code": 0},
          {"name": "BUILD", "status": "SUCCEEDED" if ok else "FAILED", "seconds": 0.2, "exit_code": 0 if ok else 9, "command": "make it"}]
if ok: del phases[1]["command"]
open(options["--result"], "w").write(json.dumps({"status": "SUCCEEDED" if ok else "FAILED", "commit": options["--commit"],
    "phases": phases, "exported": {"JOB": "iris-1"}}))
sys.exit(0 if ok else 1)
'''


class Builds(Case):
    commit = ""

    def setUp(self) -> None:
        self.world = shared()
        self.codebuild = self.world.client("codebuild")
        if not Builds.commit:
            Builds.commit = prepare(self.world)

    def start(self, do: str = "pass", version: str | None = None, **more: Any) -> dict[str, Any]:
        return self.codebuild.start_build(projectName=REPOSITORY, sourceVersion=version or self.commit,
                                          environmentVariablesOverride=[{"name": "DO", "value": do}], **more)["build"]

    def get(self, name: str) -> dict[str, Any]:
        return self.codebuild.batch_get_builds(ids=[name])["builds"][0]

    def finished(self, name: str) -> dict[str, Any]:
        return until(lambda: (build := self.get(name))["buildComplete"] and build)

    def log(self, build: dict[str, Any]) -> list[str]:
        logs = build["logs"]
        page = self.world.client("logs").get_log_events(logGroupName=logs["groupName"], logStreamName=logs["streamName"],
                                                        startFromHead=True)
        return [event["message"] for event in page["events"]]

    def test_succeeds(self) -> None:
        started = self.start()
        self.assertEqual((started["buildStatus"], started["buildComplete"]), ("IN_PROGRESS", False))
        self.assertRegex(started["id"], rf"^{REPOSITORY}:[0-9a-f-]{{36}}$")
        build = self.finished(started["id"])
        self.assertEqual((build["buildStatus"], build["resolvedSourceVersion"]), ("SUCCEEDED", self.commit), build)
        self.assertEqual([phase["phaseType"] for phase in build["phases"]],
                         ["SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "PRE_BUILD", "BUILD", "COMPLETED"])
        self.assertEqual(build["exportedEnvironmentVariables"], [{"name": "JOB", "value": "iris-1"}])
        self.assertEqual(self.log(build), ["commit " + self.commit])
        self.assertEqual(build["logs"]["groupName"], f"/aws/codebuild/{REPOSITORY}")

    def test_fails(self) -> None:
        build = self.finished(self.start("fail")["id"])
        self.assertEqual(build["buildStatus"], "FAILED")
        failed = next(phase for phase in build["phases"] if phase.get("phaseStatus") == "FAILED")
        self.assertEqual(failed["contexts"][0]["message"], "Error while executing command: make it. Reason: exit status 9")

    def test_environment(self) -> None:
        build = self.finished(self.start("look", "refs/heads/main")["id"])
        seen = json.loads(self.log(build)[-1])
        env = seen["env"]
        self.assertEqual((env["CODEBUILD_BUILD_ID"], env["CODEBUILD_RESOLVED_SOURCE_VERSION"], env["CODEBUILD_SOURCE_VERSION"]),
                         (build["id"], self.commit, "refs/heads/main"))
        self.assertEqual(env["CODEBUILD_BUILD_NUMBER"], str(build["buildNumber"]))
        self.assertEqual((env["DO"], env["AWS_REGION"]), ("look", "us-east-2"))
        self.assertEqual(env["PATH"].split(":")[0], str(self.world.state.bin))
        self.assertFalse({"AWS_ACCESS_KEY_ID", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "PYTHONPATH"} & set(env))
        self.assertNotIn(str(self.world.folder / "home"), env["HOME"])

    def test_credentials_of_the_role(self) -> None:
        lines = self.log(self.finished(self.start("credentials")["id"]))
        self.assertIn("['AccessKeyId', 'Expiration', 'RoleArn', 'SecretAccessKey', 'Token']", lines)
        self.assertIn("without token HTTP Error 403: Error", lines)

    def test_secret_as_a_variable(self) -> None:
        started = self.codebuild.start_build(projectName=REPOSITORY, sourceVersion=self.commit, environmentVariablesOverride=[
            {"name": "KEY", "value": "mlops/beta:aws_access_key_id", "type": "SECRETS_MANAGER"}, {"name": "DO", "value": "look"}])
        build = self.finished(started["build"]["id"])
        self.assertEqual(build["buildStatus"], "SUCCEEDED", build["phases"])
        self.assertRegex(json.loads(self.log(build)[-1])["env"]["KEY"], "^AKIA")
        self.assertNotIn("AKIA", json.dumps(build, default=str))

    def test_stop(self) -> None:
        started = self.start("sleep")
        until(lambda: self.get(started["id"])["currentPhase"] == "BUILD" and self.log(self.get(started["id"])))
        self.codebuild.stop_build(id=started["id"])
        self.assertEqual(self.finished(started["id"])["buildStatus"], "STOPPED")

    def test_unknown_commit(self) -> None:
        build = self.finished(self.start(version="0" * 39 + "1")["id"])
        self.assertEqual(build["buildStatus"], "FAILED")
        failed = next(phase for phase in build["phases"] if phase["phaseType"] == "DOWNLOAD_SOURCE")
        self.assertIn("reference not found for primary source and source version 0000", failed["contexts"][0]["message"])

    def test_idempotency_token(self) -> None:
        token = str(uuid.uuid4())
        first, again = self.start(idempotencyToken=token), self.start(idempotencyToken=token)
        self.assertEqual(first["id"], again["id"])
        self.refused("InvalidInputException", "idempotency token", self.start, do="fail", idempotencyToken=token)
        other = self.start(idempotencyToken=str(uuid.uuid4()))
        self.assertNotEqual(first["id"], other["id"])
        self.assertGreater(other["buildNumber"], first["buildNumber"])
        listed = self.codebuild.list_builds_for_project(projectName=REPOSITORY)["ids"]
        self.assertEqual((listed.count(first["id"]), listed.count(other["id"])), (1, 1))
        for build in (first, other):
            self.finished(build["id"])

    def test_a_busy_project_is_listed_in_no_other_order(self) -> None:
        def listed(count: int, **params: str) -> list[str]:
            kept = [{"id": f"p:{n}", "projectName": "p", "startTime": n} for n in range(count)]
            stub: Any = SimpleNamespace(builds=SimpleNamespace(of=lambda account, region: kept))
            who: Any = SimpleNamespace(account=DEVOPS)
            request: Any = SimpleNamespace(params=params, region="us-east-2")
            return builds.Builds._list(stub, request, who, "p")["ids"]

        self.assertEqual(listed(3), ["p:2", "p:1", "p:0"])
        self.assertEqual(listed(100, sortOrder="ASCENDING")[0], "p:0")
        self.assertEqual(listed(101)[0], "p:100")
        with self.assertRaisesRegex(AwsError, "sortOrder"):
            listed(101, sortOrder="DESCENDING")

    def test_missing_things(self) -> None:
        self.refused("ResourceNotFoundException", "Project cannot be found", self.codebuild.start_build, projectName="nothing")
        self.refused("ResourceNotFoundException", "cannot be found", self.codebuild.stop_build, id="nothing:1")
        self.assertEqual(self.codebuild.batch_get_builds(ids=["nothing:1"])["buildsNotFound"], ["nothing:1"])
        beta = self.world.client("codebuild", BETA)
        self.assertEqual(beta.list_builds()["ids"], [])


def prepare(world: World) -> str:
    """The runner in place, and a commit in the repository; its id."""
    runner = world.programs / "codetrain-build"
    runner.write_text(RUNNER)
    runner.chmod(0o755)
    bare = git_repositories.ensure(world.state, DEVOPS, REPOSITORY)
    env = {**git_repositories.environment(world.state), "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.com",
           "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.com"}

    def git(*words: str, given: str = "") -> str:
        return subprocess.run(["git", "--git-dir", str(bare), *words], env=env, input=given, capture_output=True, text=True,
                              check=True, timeout=30).stdout.strip()

    blob = git("hash-object", "-w", "--stdin", given="version: 0.2\n")
    tree = git("mktree", given=f"100644 blob {blob}\tbuildspec.yml\n")
    commit = git("commit-tree", tree, "-m", "for builds")
    git("update-ref", "refs/heads/main", commit)
    return commit
