"""SageMaker's training jobs, the API half: what is asked, refused and told. training_run.py does the work."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

from . import access, images, s3_objects, validation
from .accounts import Caller
from .errors import AwsError
from .request import Request
from .store import Entry, Store
from .training_run import TrainingRun

if TYPE_CHECKING:
    from .api import Api

PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
OVER = ("Completed", "Failed", "Stopped")


class Training:
    def __init__(self, api: "Api") -> None:
        self.api = api
        self.jobs = Store(api.state.training)
        self._runs: dict[str, TrainingRun] = {}
        self.operations = {"CreateTrainingJob": self.create, "DescribeTrainingJob": self.describe,
                           "StopTrainingJob": self.stop, "ListTrainingJobs": self.list}

    def recover(self) -> None:
        """Jobs that ran when the process was killed cannot go on: they end as failed, and say why."""
        for job in self.jobs:
            if job["TrainingJobStatus"] not in OVER:
                transition(job, "Failed", "Training job failed")
                job["TrainingJobStatus"] = "Failed"
                job["FailureReason"] = ("InternalServerError: the sandbox's AWS was stopped while the job ran. "
                                        "Please try again.")
                job["TrainingEndTime"] = job["LastModifiedTime"]
                self.jobs.put(job)

    def create(self, request: Request, caller: Caller) -> dict[str, Any]:
        params, account, region = request.params, caller.account, request.region
        validation.check("sagemaker", "CreateTrainingJob", params)
        name = params["TrainingJobName"]
        _prose_rules(params)
        with self.jobs.lock:
            taken = self.jobs.get(account, region, name)
            if taken:
                raise AwsError("ResourceInUse", "Training job names must be unique within an AWS account and region, and "
                               f"a training job with this name already exists ({taken['TrainingJobArn']})")
            role = assume(self.api, params["RoleArn"], account, "SageMaker")
            manifest = pullable(self.api, role, params["RoleArn"], params["AlgorithmSpecification"].get("TrainingImage"),
                                region)
            self._inputs(role, params, region)
            job = self._new(params, account, region, name)
            self.jobs.put(job)
        run = TrainingRun(self.api, self.jobs, job, role, manifest)
        self._runs[job["TrainingJobArn"]] = run
        run.start()
        return {"TrainingJobArn": job["TrainingJobArn"]}

    def _new(self, params: dict[str, Any], account: str, region: str, name: str) -> Entry:
        moment = time.time()
        job = {key: value for key, value in params.items() if key != "Tags"}
        job.update({"account": account, "region": region, "name": name, "tags": params.get("Tags", []),
                    "TrainingJobArn": f"arn:aws:sagemaker:{region}:{account}:training-job/{name}",
                    "TrainingJobStatus": "InProgress", "CreationTime": moment, "LastModifiedTime": moment,
                    "SecondaryStatusTransitions": []})
        transition(job, "Starting", "Preparing the instances for training")
        return job

    def _inputs(self, role: Caller, params: dict[str, Any], region: str) -> None:
        for channel in params.get("InputDataConfig", ()):
            source = channel.get("DataSource", {}).get("S3DataSource")
            if not source:
                continue
            bucket, prefix = s3_objects.split(source["S3Uri"])
            words = ""
            try:
                if s3_objects.listing(role, bucket, prefix):
                    continue
            except AwsError as error:
                words = f" Error message from S3: {error.message}"
            raise AwsError("ValidationException", f'No S3 objects found under S3 URL "{source["S3Uri"]}" given in input '
                           f"data source. Please ensure that the bucket exists in the selected region ({region}), that "
                           f'objects exist under that S3 prefix, and that the role "{params["RoleArn"]}" has '
                           f'"s3:ListBucket" permissions on bucket "{bucket}".{words}')

    def describe(self, request: Request, caller: Caller) -> dict[str, Any]:
        job = self._job(request, caller, "DescribeTrainingJob")
        with self.jobs.lock:
            hidden = ("account", "region", "name", "tags")
            found = {key: value for key, value in json.loads(json.dumps(job)).items() if key not in hidden}
        for name in ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining"):
            found.setdefault(name, False)
        return found

    def stop(self, request: Request, caller: Caller) -> dict[str, Any]:
        job = self._job(request, caller, "StopTrainingJob")
        with self.jobs.lock:
            if job["TrainingJobStatus"] in OVER:
                raise AwsError("ValidationException", "The request was rejected because the training job is in status "
                               f"{job['TrainingJobStatus']}.")
            if job["TrainingJobStatus"] == "InProgress":
                job["TrainingJobStatus"] = "Stopping"
                transition(job, "Stopping", "Stopping the training job")
                self.jobs.put(job)
        run = self._runs.get(job["TrainingJobArn"])
        if run:
            run.stop()
        return {}

    def _job(self, request: Request, caller: Caller, operation: str) -> Entry:
        validation.check("sagemaker", operation, request.params)
        job = self.jobs.get(caller.account, request.region, request.params["TrainingJobName"])
        if job is None:
            raise AwsError("ValidationException", "Requested resource not found.")
        return job

    def list(self, request: Request, caller: Caller) -> dict[str, Any]:
        params = request.params
        validation.check("sagemaker", "ListTrainingJobs", params)
        found = [job for job in self.jobs.of(caller.account, request.region)
                 if params.get("NameContains", "") in job["name"]
                 and params.get("StatusEquals", job["TrainingJobStatus"]) == job["TrainingJobStatus"]]
        for field in ("CreationTime", "LastModifiedTime"):
            after, before = params.get(field + "After"), params.get(field + "Before")
            found = [job for job in found if (after is None or job[field] > after)
                     and (before is None or job[field] < before)]
        key = {"Name": "name", "Status": "TrainingJobStatus"}.get(params.get("SortBy", ""), "CreationTime")
        found.sort(key=lambda job: job[key], reverse=params.get("SortOrder", "Descending") == "Descending")
        page, token = paginate(found, params)
        names = ("TrainingJobName", "TrainingJobArn", "CreationTime", "TrainingEndTime", "LastModifiedTime",
                 "TrainingJobStatus", "SecondaryStatus")
        return {"TrainingJobSummaries": [{n: job[n] for n in names if n in job} for job in page], **token}


def paginate(found: list[Any], params: dict[str, Any]) -> tuple[list[Any], dict[str, str]]:
    size = params.get("MaxResults", 10)
    try:
        start = int(base64.b64decode(params.get("NextToken") or "MA=="))
    except ValueError:
        raise AwsError("ValidationException", "Invalid pagination token") from None
    more = {"NextToken": base64.b64encode(str(start + size).encode()).decode()} if start + size < len(found) else {}
    return found[start:start + size], more


def transition(job: Entry, status: str, message: str) -> None:
    """Ends the current secondary status and begins another."""
    moment = time.time()
    steps = job["SecondaryStatusTransitions"]
    if steps and "EndTime" not in steps[-1]:
        steps[-1]["EndTime"] = moment
    steps.append({"Status": status, "StartTime": moment, "StatusMessage": message})
    if status in (*OVER, "MaxRuntimeExceeded"):
        steps[-1]["EndTime"] = moment
    job["SecondaryStatus"] = status
    job["LastModifiedTime"] = moment


def _prose_rules(params: dict[str, Any]) -> None:
    """What the documentation says and the model does not."""
    algorithm, stopping = params["AlgorithmSpecification"], params.get("StoppingCondition", {})
    if ("TrainingImage" in algorithm) == ("AlgorithmName" in algorithm):
        raise AwsError("ValidationException", "You must specify exactly one of TrainingImage and AlgorithmName")
    resources = params["ResourceConfig"]
    if not resources.get("InstanceGroups") and (not resources.get("InstanceType") or resources.get("InstanceCount", 0) < 1):
        raise AwsError("ValidationException", "ResourceConfig must have InstanceType and an InstanceCount of at least 1")
    longest, waiting = stopping.get("MaxRuntimeInSeconds", 86400), stopping.get("MaxWaitTimeInSeconds")
    spot = params.get("EnableManagedSpotTraining", False)
    if spot and (waiting is None or waiting < longest):
        raise AwsError("ValidationException", "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or "
                       "equal to MaxRuntimeInSeconds")
    if waiting is not None and not spot:
        raise AwsError("ValidationException", "MaxWaitTimeInSeconds is only applicable when "
                       "EnableManagedSpotTraining is set to true")
    names = [channel["ChannelName"] for channel in params.get("InputDataConfig", ())]
    if len(set(names)) != len(names):
        raise AwsError("ValidationException", "Channel names must be unique")


def assume(api: "Api", arn: str, account: str, session: str) -> Caller:
    """The execution role's session, or SageMaker's refusal."""
    if arn.split(":")[4] != account:
        raise AwsError("ValidationException", "RoleArn: Cross-account pass role is not allowed.")
    role = access.execution_role(arn, "sagemaker.amazonaws.com", session, api.accounts)
    if role is None:
        raise AwsError("ValidationException", f"Could not assume role {arn}. Please ensure that the role exists and "
                       "allows principal 'sagemaker.amazonaws.com' to assume the role.")
    return role


def pullable(api: "Api", role: Caller, role_arn: str, image: str | None, region: str) -> dict[str, Any]:
    """The manifest of an image that the role may pull, or SageMaker's refusal."""
    reference = images.parse(image or "")
    if reference is None:
        raise AwsError("ValidationException", f"Invalid image URI {image}: the image must be in Amazon ECR, as "
                       "ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG")
    if reference.region != region:
        raise AwsError("ValidationException", f"The repository of your image {image} does not reside in ECR of your "
                       f"region ({region}).")
    repository = access.find_repository(reference.arn)
    granted = repository is not None and all(access.allowed(role, action, reference.arn) for action in PULL) \
        and access.allowed(role, "ecr:GetAuthorizationToken", "*")
    if not granted:
        raise AwsError("ValidationException", f"Cannot find repository: {reference.repository} in registry ID: "
                       f"{reference.account} Please check if your ECR repository exists and role {role_arn} has proper "
                       f"pull permissions for SageMaker: {', '.join(PULL)}")
    found = images.find(reference)
    if found is None:
        raise AwsError("ValidationException", f"Requested image {image} not found.")
    return json.loads(found[1])
