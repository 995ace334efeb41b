"""SageMaker models: made only from an artefact and an image that the execution role can really read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from . import access, s3_objects, validation
from .accounts import Caller
from .errors import AwsError
from .request import Request
from .store import Store
from .training import paginate, pullable

if TYPE_CHECKING:
    from .api import Api


class Models:
    def __init__(self, api: "Api") -> None:
        self.api = api
        self.models = Store(api.state.models)
        self.operations = {"CreateModel": self.create, "DescribeModel": self.describe, "ListModels": self.list,
                           "DeleteModel": self.delete}

    def create(self, request: Request, caller: Caller) -> dict[str, Any]:
        params, account, region = request.params, caller.account, request.region
        validation.check("sagemaker", "CreateModel", params)
        name = params["ModelName"]
        arn = _arn(region, account, name)
        containers = [params["PrimaryContainer"]] if "PrimaryContainer" in params else params.get("Containers", [])
        if not containers or ("PrimaryContainer" in params and params.get("Containers")):
            raise AwsError("ValidationException", "Exactly one of PrimaryContainer and Containers must be given.")
        if not params.get("ExecutionRoleArn"):
            raise AwsError("ValidationException", "ExecutionRoleArn must be given.")
        with self.models.lock:
            if self.models.get(account, region, name):
                raise AwsError("ValidationException", f"Cannot create already existing model \"{arn}\".")
            for container in containers:
                self._readable(container, params["ExecutionRoleArn"], account, region)
            entry = {key: value for key, value in params.items() if key != "Tags"}
            entry.update({"account": account, "region": region, "name": name, "tags": params.get("Tags", []),
                          "ModelArn": arn, "CreationTime": time.time()})
            self.models.put(entry)
        return {"ModelArn": arn}

    def _readable(self, container: dict[str, Any], role_arn: str, account: str, region: str) -> None:
        if role_arn.split(":")[4] != account:
            raise AwsError("ValidationException", "ExecutionRoleArn: Cross-account pass role is not allowed.")
        role = access.execution_role(role_arn, "sagemaker.amazonaws.com", "SageMaker", self.api.accounts)
        uri = container.get("ModelDataUrl")
        if uri:
            bucket, key = s3_objects.split(uri)
            if role is None or not access.allowed(role, "s3:GetObject", f"arn:aws:s3:::{bucket}/{key}") \
                    or s3_objects.region_of(bucket) != region:
                raise _no_access(uri, role_arn, region)
            if not s3_objects.exists(bucket, key):
                raise AwsError("ValidationException", f"Could not find model data at {uri}.")
        if role is None:
            raise AwsError("ValidationException", f"Could not assume role {role_arn}. Please ensure that the role exists "
                           "and allows principal 'sagemaker.amazonaws.com' to assume the role.")
        pullable(self.api, role, role_arn, container.get("Image"), region)

    def describe(self, request: Request, caller: Caller) -> dict[str, Any]:
        entry = self._model(request, caller, "DescribeModel")
        hidden = ("account", "region", "name", "tags")
        found = {key: value for key, value in entry.items() if key not in hidden}
        found.setdefault("EnableNetworkIsolation", False)
        return found

    def delete(self, request: Request, caller: Caller) -> dict[str, Any]:
        entry = self._model(request, caller, "DeleteModel")
        self.models.delete(entry["account"], entry["region"], entry["name"])
        return {}

    def _model(self, request: Request, caller: Caller, operation: str) -> dict[str, Any]:
        validation.check("sagemaker", operation, request.params)
        name = request.params["ModelName"]
        entry = self.models.get(caller.account, request.region, name)
        if entry is None:
            raise AwsError("ValidationException", f"Could not find model \"{_arn(request.region, caller.account, name)}\".")
        return entry

    def list(self, request: Request, caller: Caller) -> dict[str, Any]:
        params = request.params
        validation.check("sagemaker", "ListModels", params)
        found = [entry for entry in self.models.of(caller.account, request.region)
                 if params.get("NameContains", "") in entry["name"]
                 and params.get("CreationTimeAfter", 0) < entry["CreationTime"]
                 and entry["CreationTime"] < params.get("CreationTimeBefore", float("inf"))]
        key = "name" if params.get("SortBy") == "Name" else "CreationTime"
        found.sort(key=lambda entry: entry[key], reverse=params.get("SortOrder", "Descending") == "Descending")
        page, token = paginate(found, params)
        return {"Models": [{n: entry[n] for n in ("ModelName", "ModelArn", "CreationTime")} for entry in page], **token}


def _arn(region: str, account: str, name: str) -> str:
    return f"arn:aws:sagemaker:{region}:{account}:model/{name.lower()}"


def _no_access(uri: str, role_arn: str, region: str) -> AwsError:
    return AwsError("ValidationException", f'Could not access model data at {uri}. Please ensure that the role '
                    f'"{role_arn}" exists and that its trust relationship policy allows the action "sts:AssumeRole" for '
                    'the service principal "sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" '
                    f"permissions and that the object is located in {region}.")
