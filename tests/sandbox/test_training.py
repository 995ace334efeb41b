"""Training jobs: what is asked and refused, and that `train` really runs under the /opt/ml contract."""

from __future__ import annotations

import io
import json
import tarfile
import time
from typing import Any

from support import BETA, BUCKET, DEVOPS, PRODUCTION, PULL, REGISTRY, REPOSITORY, ROLE, Case, allow, policy, shared, trust, until

# One program for all tests: what it does is a hyperparameter.
TRAIN = r'''
import json, os, signal, socket, sys, time
ml = os.environ.get("OPT_ML_DIR", "/opt/ml")
def read(name): return json.load(open(f"{ml}/input/config/{name}.json"))
asked = read("hyperparameters")
what = asked.get("do", "train")
def stop(number, frame):
    print("got SIGTERM", flush=True)
    open(f"{ml}/model/stopped", "w").write("yes")
    sys.exit(0)
if what == "look":
    print(json.dumps({"argv": sys.argv[1:], "hyper": asked, "input": read("inputdataconfig"), "resource": read("resourceconfig"),
                      "files": sorted(os.listdir(f"{ml}/input/data/training")), "cwd": os.getcwd(), "home": os.environ["HOME"],
                      "env": sorted(os.environ), "mode": os.environ["MODE"], "job": os.environ["TRAINING_JOB_NAME"],
                      "address": socket.gethostbyname(read("resourceconfig")["current_host"]) if ml == "/opt/ml" else "", "rows": open(f"{ml}/input/data/training/iris.csv").read().count("\n")}))
    open(f"{ml}/model/model.txt", "w").write("tree")
    os.makedirs(f"{ml}/output/data", exist_ok=True)
    open(f"{ml}/output/data/extra.txt", "w").write("more")
elif what == "train":
    for step in range(3): print(f"step={step} loss=0.{9 - step}5", flush=True)
    open(f"{ml}/model/model.txt", "w").write("tree")
elif what == "fail":
    print("about to fail")
    open(f"{ml}/output/failure", "w").write("no such column: petals")
    sys.exit(3)
elif what == "silent": sys.exit(1)
elif what == "sleep":
    signal.signal(signal.SIGTERM, stop)
    print("sleeping", flush=True)
    time.sleep(600)
elif what == "many":
    for line in range(5000): print("line", line)
elif what == "children":
    if os.fork() == 0: time.sleep(600)
    print("left a child", flush=True)
'''


class Training(Case):
    image = ""

    def setUp(self) -> None:
        self.world = shared()
        self.sagemaker = self.world.client("sagemaker", BETA)
        if not Training.image:
            Training.image = self.world.image("training", TRAIN)

    def request(self, name: str, do: str = "train", **change: Any) -> dict[str, Any]:
        return {"TrainingJobName": name, "RoleArn": ROLE, "HyperParameters": {"do": do, "depth": "3"},
                "AlgorithmSpecification": {"TrainingImage": self.image, "TrainingInputMode": "File"},
                "InputDataConfig": [{"ChannelName": "training", "ContentType": "text/csv", "DataSource": {"S3DataSource": {
                    "S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/iris/training", "S3DataDistributionType": "FullyReplicated"}}}],
                "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/output/"},
                "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.c4.2xlarge", "VolumeSizeInGB": 30},
                "StoppingCondition": {"MaxRuntimeInSeconds": 600}, **change}

    def create(self, name: str, do: str = "train", **change: Any) -> None:
        self.sagemaker.create_training_job(**self.request(name, do, **change))

    def describe(self, name: str) -> dict[str, Any]:
        return self.sagemaker.describe_training_job(TrainingJobName=name)

    def finished(self, name: str) -> dict[str, Any]:
        def over() -> dict[str, Any] | None:
            job = self.describe(name)
            return job if job["TrainingJobStatus"] in ("Completed", "Failed", "Stopped") else None
        return until(over)

    def log(self, name: str, host: str = "algo-1") -> list[str]:
        logs = self.world.client("logs", BETA)
        group = "/aws/sagemaker/TrainingJobs"
        streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/{host}-")["logStreams"]
        lines, token = [], {}
        for stream in streams:
            while True:
                page = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True, **token)
                lines += [event["message"] for event in page["events"]]
                if token.get("nextToken") == page["nextForwardToken"]:
                    break
                token = {"nextToken": page["nextForwardToken"]}
        return lines

    def artefact(self, uri: str) -> dict[str, bytes]:
        key = uri.removeprefix(f"s3://{BUCKET}/")
        data = self.world.client("s3", BETA).get_object(Bucket=BUCKET, Key=key)["Body"].read()
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            return {member.name: archive.extractfile(member).read() for member in archive.getmembers()}   # type: ignore[union-attr]

    # ---- the good way ----

    def test_completes(self) -> None:
        self.create("completes", AlgorithmSpecification={
            "TrainingImage": self.image, "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+)"}, {"Name": "none", "Regex": "nothing=(.*)"}]})
        job = self.finished("completes")
        self.assertEqual((job["TrainingJobStatus"], job["SecondaryStatus"]), ("Completed", "Completed"), job)
        self.assertEqual([step["Status"] for step in job["SecondaryStatusTransitions"]],
                         ["Starting", "Downloading", "Downloading", "Training", "Uploading", "Completed"])
        ends = [step["EndTime"] for step in job["SecondaryStatusTransitions"]]
        self.assertEqual(ends, sorted(ends))
        self.assertEqual([(m["MetricName"], round(m["Value"], 3)) for m in job["FinalMetricDataList"]], [("loss", 0.75)])
        self.assertEqual(job["ModelArtifacts"]["S3ModelArtifacts"], f"s3://{BUCKET}/output/completes/output/model.tar.gz")
        self.assertEqual(self.artefact(job["ModelArtifacts"]["S3ModelArtifacts"]), {"model.txt": b"tree"})
        self.assertGreaterEqual(job["BillableTimeInSeconds"], 1)
        self.assertEqual(self.log("completes"), ["step=0 loss=0.95", "step=1 loss=0.85", "step=2 loss=0.75"])

    def test_opt_ml(self) -> None:
        self.create("looks", "look", Environment={"EXTRA": "1"})
        self.assertEqual(self.finished("looks")["TrainingJobStatus"], "Completed")
        seen = json.loads(self.log("looks")[-1])
        self.assertEqual(seen["argv"], [])
        self.assertEqual(seen["hyper"], {"do": "look", "depth": "3"})
        self.assertEqual(seen["input"], {"training": {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated",
                                                      "RecordWrapperType": "None", "ContentType": "text/csv"}})
        self.assertEqual((seen["resource"]["current_host"], seen["resource"]["hosts"]), ("algo-1", ["algo-1"]))
        self.assertEqual((seen["files"], seen["rows"], seen["mode"], seen["job"]), (["iris.csv"], 150, "test", "looks"))
        self.assertIn("EXTRA", seen["env"])
        self.assertFalse([name for name in seen["env"] if name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                                                   "CODETRAIN_SANDBOX", "PYTHONPATH")])
        self.assertEqual(self.artefact(f"s3://{BUCKET}/output/looks/output/output.tar.gz"), {"extra.txt": b"more"})

    def test_every_line_of_a_long_log(self) -> None:
        self.create("many-lines", "many")
        self.finished("many-lines")
        self.assertEqual(self.log("many-lines"), [f"line {number}" for number in range(5000)])

    def test_hosts(self) -> None:
        self.create("hosts", "look", ResourceConfig={"InstanceCount": 3, "InstanceType": "ml.c4.2xlarge", "VolumeSizeInGB": 1})
        self.assertEqual(self.finished("hosts")["TrainingJobStatus"], "Completed")
        for host in ("algo-1", "algo-2", "algo-3"):
            look = json.loads(self.log("hosts", host)[-1])
            seen = look["resource"]
            self.assertIn(look["address"], ("", "127.0.1." + host[-1]))
            self.assertEqual((seen["current_host"], seen["hosts"]), (host, ["algo-1", "algo-2", "algo-3"]))

    # ---- the other ways ----

    def test_fails_with_its_reason(self) -> None:
        self.create("fails", "fail")
        job = self.finished("fails")
        self.assertEqual((job["TrainingJobStatus"], job["SecondaryStatus"]), ("Failed", "Failed"))
        self.assertEqual(job["FailureReason"], "AlgorithmError: no such column: petals, exit code: 3")
        self.assertNotIn("ModelArtifacts", job)
        self.assertEqual(self.log("fails"), ["about to fail"])

    def test_fails_without_a_reason(self) -> None:
        self.create("silent", "silent")
        self.assertEqual(self.finished("silent")["FailureReason"], "AlgorithmError: , exit code: 1")

    def test_stop(self) -> None:
        self.create("stops", "sleep")
        until(lambda: self.describe("stops")["SecondaryStatus"] == "Training" and self.log("stops"))
        self.sagemaker.stop_training_job(TrainingJobName="stops")
        self.assertIn(self.describe("stops")["TrainingJobStatus"], ("Stopping", "Stopped"))
        job = self.finished("stops")
        self.assertEqual((job["TrainingJobStatus"], job["SecondaryStatus"]), ("Stopped", "Stopped"))
        self.assertIn("Stopping", [step["Status"] for step in job["SecondaryStatusTransitions"]])
        self.assertEqual(self.log("stops"), ["sleeping", "got SIGTERM"])
        self.assertEqual(self.artefact(job["ModelArtifacts"]["S3ModelArtifacts"]), {"stopped": b"yes"})
        self.refused("ValidationException", "The request was rejected because the training job is in status Stopped.",
                     self.sagemaker.stop_training_job, TrainingJobName="stops")

    def test_stop_at_once(self) -> None:
        self.create("stops-at-once", "sleep")
        self.sagemaker.stop_training_job(TrainingJobName="stops-at-once")
        self.assertEqual(self.finished("stops-at-once")["TrainingJobStatus"], "Stopped")

    def test_max_runtime(self) -> None:
        self.create("too-long", "sleep", StoppingCondition={"MaxRuntimeInSeconds": 1})
        job = self.finished("too-long")
        self.assertEqual((job["TrainingJobStatus"], job["SecondaryStatus"]), ("Stopped", "MaxRuntimeExceeded"))

    def test_leftover_children_are_ended(self) -> None:
        began = time.monotonic()
        self.create("children", "children")
        self.assertEqual(self.finished("children")["TrainingJobStatus"], "Completed")
        self.assertLess(time.monotonic() - began, 15)

    def test_name_conflict(self) -> None:
        self.create("twice")
        self.refused("ResourceInUse", "Training job names must be unique within an AWS account and region, and a training job "
                     f"with this name already exists (arn:aws:sagemaker:us-east-2:{BETA}:training-job/twice)", self.create, name="twice")
        self.finished("twice")

    def test_missing_job(self) -> None:
        for call in (self.sagemaker.describe_training_job, self.sagemaker.stop_training_job):
            self.refused("ValidationException", "Requested resource not found.", call, TrainingJobName="never-made")

    def test_accounts_do_not_see_each_other(self) -> None:
        self.create("private")
        self.finished("private")
        for account in (DEVOPS, PRODUCTION):
            client = self.world.client("sagemaker", account)
            self.assertEqual(client.list_training_jobs()["TrainingJobSummaries"], [])
            self.refused("ValidationException", "not found", client.describe_training_job, TrainingJobName="private")

    def test_list_and_tags(self) -> None:
        for index in range(3):
            self.create(f"listed-{index}", Tags=[{"Key": "commit", "Value": "abc"}])
        self.assertEqual([self.finished(f"listed-{index}")["TrainingJobStatus"] for index in range(3)], ["Completed"] * 3)
        page = self.sagemaker.list_training_jobs(NameContains="listed-", SortBy="Name", SortOrder="Ascending", MaxResults=2)
        names = [job["TrainingJobName"] for job in page["TrainingJobSummaries"]]
        page = self.sagemaker.list_training_jobs(NameContains="listed-", SortBy="Name", SortOrder="Ascending", MaxResults=2,
                                                 NextToken=page["NextToken"])
        names += [job["TrainingJobName"] for job in page["TrainingJobSummaries"]]
        self.assertEqual((names, "NextToken" in page), (["listed-0", "listed-1", "listed-2"], False))
        arn = self.describe("listed-0")["TrainingJobArn"]
        self.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "more", "Value": "1"}])
        self.assertEqual({tag["Key"]: tag["Value"] for tag in self.sagemaker.list_tags(ResourceArn=arn)["Tags"]},
                         {"commit": "abc", "more": "1"})

    # ---- what a role may not ----

    def role(self, name: str, *statements: dict[str, Any], trusts: str | None = None) -> str:
        iam = self.world.client("iam", BETA)
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusts or trust())
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(*statements))
        return f"arn:aws:iam::{BETA}:role/{name}"

    def test_role_missing_or_without_trust(self) -> None:
        words = "Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role."
        missing = f"arn:aws:iam::{BETA}:role/Nobody"
        self.refused("ValidationException", f"Could not assume role {missing}. {words}", self.create, name="x", RoleArn=missing)
        other = self.role("TrustsAnother", trusts=trust("codebuild.amazonaws.com"))
        self.refused("ValidationException", f"Could not assume role {other}. {words}", self.create, name="x", RoleArn=other)

    def test_image_pull(self) -> None:
        """Each of the four grants is needed, and the repository's own policy too."""
        arn = f"arn:aws:ecr:us-east-2:{DEVOPS}:repository/{REPOSITORY}"
        words = f"Cannot find repository: {REPOSITORY} in registry ID: {DEVOPS}"
        for index, gone in enumerate([*PULL, "ecr:GetAuthorizationToken"]):
            statements = [allow([action for action in PULL if action != gone], arn)]
            if gone != "ecr:GetAuthorizationToken":
                statements.append(allow("ecr:GetAuthorizationToken"))
            role = self.role(f"Pull{index}", *statements)
            self.refused("ValidationException", words, self.create, name="x", RoleArn=role)
        everything = self.role("NotNamedByTheRepository", allow("*"))
        error = self.refused("ValidationException", words, self.create, name="x", RoleArn=everything)
        self.assertIn("proper pull permissions for SageMaker: ecr:BatchCheckLayerAvailability, ecr:BatchGetImage, "
                      "ecr:GetDownloadUrlForLayer", str(error))

    def test_image_itself(self) -> None:
        for image, words in ((f"{REGISTRY}/{REPOSITORY}:nothing", "Requested image"), ("python:3", "Invalid image URI"),
                             (f"{REGISTRY}/other:1", "Cannot find repository: other"),
                             (self.image.replace("us-east-2", "us-west-2"), "does not reside in ECR of your region")):
            with self.subTest(image):
                self.refused("ValidationException", words, self.create, name="x",
                             AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"})

    def test_inputs(self) -> None:
        def channel(uri: str) -> list[dict[str, Any]]:
            return [{"ChannelName": "training", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}}]
        words = "No S3 objects found under S3 URL"
        self.refused("ValidationException", words, self.create, name="x", InputDataConfig=channel(f"s3://{BUCKET}/nothing/"))
        error = self.refused("ValidationException", words, self.create, name="x", InputDataConfig=channel("s3://no-such-bucket-1/x"))
        self.assertIn("Error message from S3: The specified bucket does not exist", str(error))
        self.world.client("s3", BETA).put_object(Bucket=BUCKET, Key="hidden/a", Body=b"x")
        self.create("may-not-read", InputDataConfig=channel(f"s3://{BUCKET}/hidden/"))
        self.assertEqual(self.finished("may-not-read")["FailureReason"],
                         "ClientError: Data download failed:AccessDenied (403): Access Denied")

    def test_output(self) -> None:
        self.create("may-not-write", OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/elsewhere/"})
        self.assertEqual(self.finished("may-not-write")["FailureReason"],
                         "ClientError: Artifact upload failed:AccessDenied (403): Access Denied")

    def test_pass_role(self) -> None:
        keys = self.world.user(BETA, "passes-nothing", allow("sagemaker:*"))
        client = self.world.client("sagemaker", BETA, keys=keys)
        self.refused("AccessDeniedException", f"User: arn:aws:iam::{BETA}:user/passes-nothing is not authorized to perform: "
                     f"iam:PassRole on resource: {ROLE} because no identity-based policy allows the iam:PassRole action",
                     client.create_training_job, **self.request("x"))

    def test_tags_need_a_right_of_their_own(self) -> None:
        keys = self.world.user(BETA, "tags-nothing", allow(["sagemaker:CreateTrainingJob", "iam:PassRole"]))
        client = self.world.client("sagemaker", BETA, keys=keys)
        self.refused("AccessDeniedException", "sagemaker:AddTags", client.create_training_job,
                     **self.request("untagged", Tags=[{"Key": "a", "Value": "b"}]))
        client.create_training_job(**self.request("untagged"))
        self.finished("untagged")

    def test_rules_of_the_documentation(self) -> None:
        for change, words in (({"EnableManagedSpotTraining": True}, "MaxWaitTimeInSeconds"),
                              ({"AlgorithmSpecification": {"TrainingInputMode": "File"}}, "exactly one of"),
                              ({"TrainingJobName": "under_score"}, "regular expression pattern")):
            with self.subTest(words):
                self.refused("ValidationException", words, self.sagemaker.create_training_job, **{**self.request("x"), **change})
