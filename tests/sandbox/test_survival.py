"""The sandbox's own life: up, killed, up again, down, purged; and faults on order."""

from __future__ import annotations

import os
import signal
import stat
import time
from pathlib import Path

from botocore.exceptions import BotoCoreError

import test_builds
import test_git
from support import BETA, BUCKET, DEVOPS, REGION, REPOSITORY, ROLE, Case, World, grant, shared, until
from localaws import processes
from localaws.state import write_private

SLEEPS = "import time\nprint('asleep', flush=True)\ntime.sleep(600)\n"


class Survival(Case):
    def setUp(self) -> None:
        self.world = World()
        self.addCleanup(self.world.close)

    def kill(self, part: str) -> None:
        pid = self.world.pid(part)
        assert pid
        below = processes.descendants(pid)
        os.kill(pid, signal.SIGKILL)
        until(lambda: not any(processes.start_time(each) for each in [pid, *below]))

    def test_kill_and_up_again(self) -> None:
        world = self.world.up()
        grant(world)
        iam, s3 = world.client("iam", BETA), world.client("s3", BETA)
        keys = world.user(BETA, "survivor", {"Effect": "Allow", "Action": "*", "Resource": "*"})
        body = os.urandom(200_000)
        s3.put_object(Bucket=BUCKET, Key="kept/large", Body=body, Metadata={"who": "me"})
        upload = s3.create_multipart_upload(Bucket=BUCKET, Key="kept/parts")["UploadId"]
        part = s3.upload_part(Bucket=BUCKET, Key="kept/parts", UploadId=upload, PartNumber=1, Body=b"p")
        s3.complete_multipart_upload(Bucket=BUCKET, Key="kept/parts", UploadId=upload,
                                     MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
        kms = world.client("kms").create_key()["KeyMetadata"]
        session = world.client("sts", BETA).get_session_token()["Credentials"]
        image = world.image("survives", SLEEPS)
        sagemaker = world.client("sagemaker", BETA)
        sagemaker.create_training_job(
            TrainingJobName="in-flight", RoleArn=ROLE, AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"},
            OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/output/"}, StoppingCondition={"MaxRuntimeInSeconds": 600},
            ResourceConfig={"InstanceCount": 1, "InstanceType": "ml.c4.2xlarge", "VolumeSizeInGB": 1})
        test_builds.prepare(world)
        build = world.client("codebuild").start_build(projectName=REPOSITORY, sourceVersion="main", environmentVariablesOverride=[
            {"name": "DO", "value": "sleep"}])["build"]
        until(lambda: sagemaker.describe_training_job(TrainingJobName="in-flight")["SecondaryStatus"] == "Training")
        until(lambda: world.client("codebuild").batch_get_builds(ids=[build["id"]])["builds"][0]["currentPhase"] == "BUILD")
        before = self.picture(world)
        log = world.client("logs", BETA).describe_log_streams(logGroupName="/aws/sagemaker/TrainingJobs")["logStreams"]

        git = world.pid("git")
        self.kill("api")
        journal = world.state.journal / "journal.jsonl"
        size = journal.stat().st_size
        with open(journal, "ab") as out:        # an entry cut short by the kill: its caller never saw an answer
            out.write(b'{"time": 1, "seed": "x", "reg')
        with self.assertRaises(BotoCoreError):
            iam.list_users()
        out = world.sandbox("up").stdout
        self.assertIn("is up", out)
        self.assertEqual(world.pid("git"), git)
        self.assertEqual(journal.stat().st_size, size)
        self.assertEqual(self.picture(world), before)
        self.assertEqual(world.client("s3", keys=keys).get_object(Bucket=BUCKET, Key="kept/large")["Body"].read(), body)
        self.assertEqual(s3.head_object(Bucket=BUCKET, Key="kept/large")["Metadata"], {"who": "me"})
        self.assertEqual(s3.get_object(Bucket=BUCKET, Key="kept/parts")["Body"].read(), b"p")
        again = world.client("kms").describe_key(KeyId=kms["KeyId"])["KeyMetadata"]
        self.assertEqual((again["KeyId"], again["CreationDate"]), (kms["KeyId"], kms["CreationDate"]))
        token = (session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
        self.assertEqual(world.client("sts", keys=token).get_caller_identity()["Account"], BETA)
        job = sagemaker.describe_training_job(TrainingJobName="in-flight")
        self.assertEqual((job["TrainingJobStatus"], job["SecondaryStatus"]), ("Failed", "Failed"))
        self.assertIn("the sandbox's AWS was stopped while the job ran", job["FailureReason"])
        ended = world.client("codebuild").batch_get_builds(ids=[build["id"]])["builds"][0]
        self.assertEqual((ended["buildStatus"], ended["buildComplete"]), ("FAULT", True))
        now = world.client("logs", BETA).describe_log_streams(logGroupName="/aws/sagemaker/TrainingJobs")["logStreams"]
        self.assertEqual([s["logStreamName"] for s in now], [s["logStreamName"] for s in log])

    def picture(self, world: World) -> dict[str, object]:
        """What boto3 sees of the world, identifiers and dates included."""
        iam, s3 = world.client("iam", BETA), world.client("s3", BETA)
        users = iam.list_users()["Users"]
        objects = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
        return {"users": [(u["UserId"], u["Arn"], u["CreateDate"]) for u in users],
                "keys": [[k["AccessKeyId"] for k in iam.list_access_keys(UserName=u["UserName"])["AccessKeyMetadata"]] for u in users],
                "roles": [(r["RoleId"], r["RoleName"], r["CreateDate"]) for r in iam.list_roles()["Roles"]],
                "objects": [(o["Key"], o["ETag"], o["Size"], o["LastModified"].replace(microsecond=0)) for o in objects],
                "secret": world.client("secretsmanager").describe_secret(SecretId="mlops/beta")["ARN"],
                "repository": world.client("codecommit").get_repository(repositoryName=REPOSITORY)["repositoryMetadata"]["repositoryId"],
                "images": [i["imageDigest"] for i in world.client("ecr").describe_images(repositoryName=REPOSITORY)["imageDetails"]]}

    def test_down_leaves_nothing(self) -> None:
        world = self.world.up()
        test_builds.prepare(world)
        started = world.client("codebuild").start_build(projectName=REPOSITORY, sourceVersion="main", environmentVariablesOverride=[
            {"name": "DO", "value": "sleep"}])["build"]
        until(lambda: world.client("codebuild").batch_get_builds(ids=[started["id"]])["builds"][0]["currentPhase"] == "BUILD")
        api, git = world.pid("api"), world.pid("git")
        assert api and git
        every = until(lambda: len(found := [api, git, *processes.descendants(api)]) >= 4 and found)
        world.sandbox("down")
        self.assertEqual([pid for pid in every if processes.start_time(pid)], [])
        self.assertEqual(world.sandbox("status", check=False).returncode, 1)
        world.sandbox("down")
        world.sandbox("down", "--purge")
        self.assertEqual(sorted(path.name for path in world.state.root.iterdir()), ["lock"])

    def test_down_ends_what_hooks_left(self) -> None:
        """A background delivery whose git process was killed is nobody's child any more; it goes all the same."""
        world = self.world.up()
        hook = world.state.git / DEVOPS / f"{REPOSITORY}.git/hooks/post-receive"
        write_private(hook, f"#!/bin/sh\nsetsid sh -c 'echo $$ >{world.folder}/left; exec sleep 600' </dev/null >/dev/null 2>&1 &\n", 0o700)
        with test_git.on(world) as git:
            git.git("clone", "-q", test_git.URL, "one")
            git.commit("one", "x", b"x")
            git.git("-C", "one", "push", "-q", "origin", "HEAD:main")
        left = int(until(lambda: (world.folder / "left").exists() and (world.folder / "left").read_text().strip()))
        pid = world.pid("git")
        assert pid
        os.kill(pid, signal.SIGKILL)
        until(lambda: world.pid("git") is None)
        self.assertIsNotNone(processes.start_time(left))
        world.sandbox("down")
        self.assertIsNone(processes.start_time(left))

    def test_one_life(self) -> None:
        world = self.world
        self.assertEqual(world.sandbox("frobnicate", check=False).returncode, 2)
        self.assertEqual(world.sandbox("env", check=False).returncode, 2)
        self.assertTrue(world.sandbox("--help").stdout.startswith("usage: codetrain sandbox"))
        self.assertRegex(world.sandbox("--version").stdout, r"^codetrain-sandbox \d")
        out = world.sandbox("up").stdout
        self.assertLessEqual(max(len(line) for line in out.splitlines() if str(world.folder) not in line), 80)
        self.assertIn("was up already", world.sandbox("up").stdout)
        exports = world.exports()
        self.assertEqual((exports["AWS_PROFILE"], exports["AWS_REGION"]), ("mlops-devops", REGION))
        self.assertEqual(world.sandbox("status").returncode, 0)
        self.files_are_private(world)
        self.git_goes_on_without_the_api(world)

    def files_are_private(self, world: World) -> None:
        for root, folders, files in os.walk(world.state.root):
            for name in (*folders, *files):
                path = Path(root) / name
                if "git/" in str(path) or path.is_symlink():
                    continue        # git's own modes, below a folder that nobody else can enter
                self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o077, 0, path)
        self.assertEqual(stat.S_IMODE(world.state.root.stat().st_mode), 0o700)

    def git_goes_on_without_the_api(self, world: World) -> None:
        self.kill("api")
        with test_git.on(world) as git:
            git.test_clone_push_fetch()
        self.assertIsNone(world.pid("api"))


class Faults(Case):
    def setUp(self) -> None:
        self.world = shared()
        self.client = self.world.client("sagemaker", BETA)

    def test_kinds(self) -> None:
        for kind, code in (("throttle", "ThrottlingException"), ("error", "InternalFailure"), ("unavailable", "ServiceUnavailable")):
            with self.subTest(kind):
                self.world.fault(operation="ListModels", kind=kind, times=2)
                for _ in range(2):
                    self.refused(code, "", self.client.list_models)
                self.client.list_models()
        self.world.fault(service="s3", kind="throttle")
        self.refused("SlowDown", "reduce your request rate", self.world.client("s3", BETA).list_buckets)

    def test_another_operation_is_left_alone(self) -> None:
        self.world.fault(operation="ListEndpoints", kind="error")
        self.client.list_models()
        self.refused("InternalFailure", "", self.client.list_endpoints)

    def test_dropped_before_and_after(self) -> None:
        iam = self.world.client("iam")
        for kind, made in (("drop-before", False), ("drop-after", True)):
            self.world.fault(operation="CreateGroup", kind=kind)
            with self.assertRaises(BotoCoreError):
                iam.create_group(GroupName=kind)
            self.assertEqual(kind in [group["GroupName"] for group in iam.list_groups()["Groups"]], made)

    def test_html_and_delay(self) -> None:
        self.world.fault(operation="ListModels", kind="html")
        answer = self.client.list_models()      # botocore makes nothing of it, and says nothing
        self.assertEqual(answer["ResponseMetadata"]["HTTPHeaders"]["content-type"], "text/html")
        self.world.fault(operation="ListModels", kind="delay", seconds=0.3)
        began = time.monotonic()
        self.client.list_models()
        self.assertGreaterEqual(time.monotonic() - began, 0.3)

    def test_only_with_the_token(self) -> None:
        import urllib.error
        import urllib.request
        request = urllib.request.Request(self.world.state.api_url() + "/sandbox/faults", b'{"kind": "error"}', method="POST")
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=10)
        self.assertEqual(caught.exception.code, 403)
        caught.exception.close()

    def test_no_secret_in_the_log(self) -> None:
        url = self.world.client("s3", BETA).generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "x"})
        import urllib.error
        import urllib.request
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(url, timeout=10)
        caught.exception.close()
        log = (self.world.state.logs / "api.log").read_text()
        self.assertIn("s3:GetObject", log)
        for secret in (self.world.keys(BETA)[1], "X-Amz-Signature", "AWS4-HMAC", self.world.state.token()):
            self.assertNotIn(secret, log)
