"""The end of the demo, told by botocore instead of by codetrain.

    demo_watch.py follow COMMIT            the build's log until it has ended
    demo_watch.py summary COMMIT FOLDER    what was trained, which models exist

Reads the sandbox's profiles from the environment that `codetrain sandbox env` makes.
"""

import glob
import io
import os
import subprocess
import sys
import tarfile
import time
from collections import defaultdict

import botocore.session

PROJECT = "scikit-learn-iris"
ACCOUNTS = [("devops", "mlops-devops"), ("beta", "mlops-beta"), ("production", "mlops-production")]
PATIENCE = 600  # seconds for a build; the first one installs scikit-learn


def client(service: str, profile: str):
    return botocore.session.Session(profile=profile).create_client(service)


def find_build(commit: str) -> dict | None:
    codebuild = client("codebuild", "mlops-devops")
    ids = codebuild.list_builds_for_project(projectName=PROJECT)["ids"]
    builds = codebuild.batch_get_builds(ids=ids[:100])["builds"] if ids else []
    same = [b for b in builds if b.get("resolvedSourceVersion", b.get("sourceVersion")) == commit]
    return same[0] if same else None


def follow(commit: str) -> int:
    logs = client("logs", "mlops-devops")
    token: dict[str, str] = {}
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        build = find_build(commit)
        ended = bool(build) and build["buildStatus"] != "IN_PROGRESS"
        where = (build or {}).get("logs", {})
        if where.get("streamName"):
            answer = logs.get_log_events(logGroupName=where["groupName"], startFromHead=True,
                                         logStreamName=where["streamName"], **token)
            for event in answer["events"]:
                print(event["message"].rstrip("\n"), flush=True)
            fresh = {"nextToken": answer["nextForwardToken"]}
            more, token = fresh != token, fresh
            if more and answer["events"]:
                continue
        if ended:
            return 0 if build["buildStatus"] == "SUCCEEDED" else 1
        time.sleep(0.3)
    print(f"the build did not end within {PATIENCE} seconds")
    return 1


def unpack(s3, uri: str, folder: str) -> str:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    os.makedirs(folder, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        tar.extractall(folder)
    return folder


def held_out_accuracy(artifact: str, folder: str) -> str:
    """Unpacks the artefact, and the rows that `train` held out, and asks the image's scikit-learn."""
    s3 = client("s3", "mlops-beta")
    model = unpack(s3, artifact, os.path.join(folder, "model"))
    output = unpack(s3, artifact.replace("model.tar.gz", "output.tar.gz"), os.path.join(folder, "output"))
    pythons = sorted(glob.glob(os.path.join(os.environ["CODETRAIN_SANDBOX"], "images/venvs/*/bin/python")),
                     key=lambda python: os.lstat(python).st_mtime)
    if not pythons:
        raise SystemExit("the sandbox kept no Python of the training image")
    check = os.path.join(os.path.dirname(os.path.abspath(__file__)), "demo_model.py")
    run = subprocess.run([pythons[-1], check, model, os.path.join(output, "holdout.csv")],
                         capture_output=True, text=True, timeout=120)
    if run.returncode:
        raise SystemExit(f"the artefact is no working model: {run.stderr.strip()}")
    return run.stdout.strip()


def row(label: str, *values: str) -> None:
    for i, value in enumerate(values):
        print(f"   {label if i == 0 else '':<14} {value}")


def summary(commit: str, folder: str) -> int:
    build = find_build(commit)
    if not build or build["buildStatus"] != "SUCCEEDED":
        print(f"   the build is {build['buildStatus'] if build else 'missing'}")
        return 1
    sagemaker = client("sagemaker", "mlops-beta")
    name = sagemaker.list_training_jobs(MaxResults=1)["TrainingJobSummaries"][0]["TrainingJobName"]
    job = sagemaker.describe_training_job(TrainingJobName=name)
    artifact = job["ModelArtifacts"]["S3ModelArtifacts"]

    row("commit", commit)
    row("build", f"{build['id']}  {build['buildStatus']}")
    row("image", job["AlgorithmSpecification"]["TrainingImage"].partition("@")[0],
        "@" + job["AlgorithmSpecification"]["TrainingImage"].partition("@")[2])
    row("training job", f"{name}  {job['TrainingJobStatus']}", f"in {job['TrainingJobArn'].split(':')[4]} (beta)")
    row("metrics", *(f"{m['MetricName']} = {m['Value']:g}" for m in job.get("FinalMetricDataList", [])))
    row("artefact", artifact, held_out_accuracy(artifact, folder))
    models = defaultdict(list)
    for account, profile in ACCOUNTS:
        for model in client("sagemaker", profile).list_models()["Models"]:
            models[account].append(f"{model['ModelName']}  in {model['ModelArn'].split(':')[4]} ({account})")
    row("models", *[line for account, _ in ACCOUNTS for line in models[account]])
    return 0 if models["devops"] and models["production"] and not models["beta"] else 1


if __name__ == "__main__":
    verbs = {"follow": follow, "summary": summary}
    if len(sys.argv) < 3 or sys.argv[1] not in verbs:
        sys.exit(__doc__)
    sys.exit(verbs[sys.argv[1]](*sys.argv[2:]))
