"""CodeBuild, the API half: StartBuild and what can be asked about builds. build_run.py does the work."""

from __future__ import annotations

import hashlib
import json
import re
import time
import uuid
from typing import TYPE_CHECKING, Any

from . import moto_world, validation
from .accounts import Caller
from .build_run import BuildRun
from .errors import AwsError
from .request import Request
from .store import Entry, Store
from .training import paginate

if TYPE_CHECKING:
    from .api import Api

TOKEN_SECONDS = 300         # for so long an idempotency token stands for its first build
PAGE = 100
_KINDS = ("PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER")


class Builds:
    def __init__(self, api: "Api") -> None:
        self.api = api
        self.builds = Store(api.state.builds)
        self._runs: dict[str, BuildRun] = {}
        self.operations = {"StartBuild": self.start, "BatchGetBuilds": self.get, "StopBuild": self.stop,
                           "ListBuilds": self.list_all, "ListBuildsForProject": self.list_of_project}

    def recover(self) -> None:
        """Builds that ran when the process was killed end as failed, and say why."""
        for build in self.builds:
            if not build["buildComplete"]:
                finish(build, "FAULT", "the sandbox's AWS was stopped while the build ran")
                self.builds.put(build)

    def start(self, request: Request, caller: Caller) -> dict[str, Any]:
        params, account, region = request.params, caller.account, request.region
        validation.check("codebuild", "StartBuild", params, "InvalidInputException")
        name = params["projectName"].rpartition("/")[2]
        project = moto_world.backend("codebuild", account, region).codebuild_projects.get(name)
        if project is None:
            raise AwsError("ResourceNotFoundException", f"Project cannot be found: arn:aws:codebuild:{region}:{account}:"
                           f"project/{name}")
        for variable in params.get("environmentVariablesOverride", ()):
            if variable.get("type", "PLAINTEXT") not in _KINDS:
                raise AwsError("InvalidInputException", f"Invalid environment variable type: {variable['type']}")
        with self.builds.lock:
            token, print_ = params.get("idempotencyToken"), _fingerprint(params)
            known = self._by_token(account, region, name, token)
            if known:
                if known["fingerprint"] != print_:
                    raise AwsError("InvalidInputException", "The idempotency token was used with different parameters")
                return {"build": shown(known)}
            build = self._new(params, project.project_metadata, caller, region, name)
            build.update({"token": token, "fingerprint": print_})
            self.builds.put(build)
        run = BuildRun(self.api, self.builds, build)
        self._runs[build["id"]] = run
        run.start()
        return {"build": shown(build)}

    def _by_token(self, account: str, region: str, project: str, token: str | None) -> Entry | None:
        since = time.time() - TOKEN_SECONDS
        return next((build for build in self.builds.of(account, region) if token and build["token"] == token
                     and build["projectName"] == project and build["startTime"] > since), None)

    def _new(self, params: dict[str, Any], project: dict[str, Any], caller: Caller, region: str, name: str) -> Entry:
        account, moment = caller.account, time.time()
        number = 1 + max((b["buildNumber"] for b in self.builds.of(account, region) if b["projectName"] == name), default=0)
        identity = str(uuid.uuid4())
        build_id, group = f"{name}:{identity}", f"/aws/codebuild/{name}"
        variables = {v["name"]: v for v in [*project["environment"].get("environmentVariables", []),
                                            *params.get("environmentVariablesOverride", [])]}
        logs_arn = f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{identity}"
        return {
            "account": account, "region": region, "name": build_id, "id": build_id, "buildNumber": number,
            "arn": f"arn:aws:codebuild:{region}:{account}:build/{build_id}", "startTime": moment,
            "currentPhase": "QUEUED", "buildStatus": "IN_PROGRESS", "buildComplete": False, "projectName": name,
            "sourceVersion": params.get("sourceVersion") or project.get("sourceVersion") or "refs/heads/main",
            "phases": [{"phaseType": "SUBMITTED", "phaseStatus": "SUCCEEDED", "startTime": moment, "endTime": moment,
                        "durationInSeconds": 0}, {"phaseType": "QUEUED", "startTime": moment}],
            "source": {**project["source"], **({"buildspec": params["buildspecOverride"]}
                                               if "buildspecOverride" in params else {})},
            "environment": {**project["environment"], "environmentVariables": list(variables.values())},
            "serviceRole": params.get("serviceRoleOverride") or project["serviceRole"],
            "timeoutInMinutes": params.get("timeoutInMinutesOverride") or project.get("timeoutInMinutes") or 60,
            "queuedTimeoutInMinutes": params.get("queuedTimeoutInMinutesOverride") or 480,
            "artifacts": {"location": ""}, "cache": {"type": "NO_CACHE"}, "initiator": _initiator(caller),
            "encryptionKey": project["encryptionKey"],
            "logs": {"groupName": group, "streamName": identity, "cloudWatchLogsArn": logs_arn,
                     "deepLink": f"https://console.aws.amazon.com/cloudwatch/home?region={region}#logsV2:log-groups/"
                                 f"log-group/{group.replace('/', '$252F')}/log-events/{identity}",
                     "cloudWatchLogs": {"status": "ENABLED"}, "s3Logs": {"status": "DISABLED"}},
        }

    def get(self, request: Request, caller: Caller) -> dict[str, Any]:
        validation.check("codebuild", "BatchGetBuilds", request.params, "InvalidInputException")
        found, missing = [], []
        for name in request.params["ids"]:
            build = self.builds.get(caller.account, request.region, _plain_id(name))
            if build:
                found.append(shown(build))
            else:
                missing.append(name)
        return {"builds": found, "buildsNotFound": missing}

    def stop(self, request: Request, caller: Caller) -> dict[str, Any]:
        validation.check("codebuild", "StopBuild", request.params, "InvalidInputException")
        build = self.builds.get(caller.account, request.region, _plain_id(request.params["id"]))
        if build is None:
            raise AwsError("ResourceNotFoundException", f"Build cannot be found: {request.params['id']}")
        run = self._runs.get(build["id"])
        if run and not build["buildComplete"]:
            run.stop()
        return {"build": shown(build)}

    def list_all(self, request: Request, caller: Caller) -> dict[str, Any]:
        return self._list(request, caller, None)

    def list_of_project(self, request: Request, caller: Caller) -> dict[str, Any]:
        name = request.params.get("projectName", "")
        if name not in moto_world.backend("codebuild", caller.account, request.region).codebuild_projects:
            raise AwsError("ResourceNotFoundException", f"Project cannot be found: {name}")
        return self._list(request, caller, name)

    def _list(self, request: Request, caller: Caller, project: str | None) -> dict[str, Any]:
        found = [build for build in self.builds.of(caller.account, request.region)
                 if project in (None, build["projectName"])]
        if project and "sortOrder" in request.params and len(found) > PAGE:
            raise AwsError("InvalidInputException", f"sortOrder cannot be set for a project with more than {PAGE} builds")
        found.sort(key=lambda build: build["startTime"], reverse=request.params.get("sortOrder") != "ASCENDING")
        page, more = paginate([build["id"] for build in found],
                              {"MaxResults": PAGE, "NextToken": request.params.get("nextToken")})
        return {"ids": page, **({"nextToken": more["NextToken"]} if more else {})}


def shown(build: Entry) -> dict[str, Any]:
    hidden = ("account", "region", "name", "token", "fingerprint")
    return {key: value for key, value in json.loads(json.dumps(build)).items() if key not in hidden}


def finish(build: Entry, status: str, reason: str = "") -> None:
    """Closes the running phase and the build."""
    moment = time.time()
    last = build["phases"][-1]
    if "phaseStatus" not in last:
        end_phase(build, status, reason)
    build["phases"].append({"phaseType": "COMPLETED", "startTime": moment})
    build.update({"buildStatus": status, "buildComplete": True, "currentPhase": "COMPLETED", "endTime": moment})


def begin_phase(build: Entry, name: str) -> None:
    build["phases"].append({"phaseType": name, "startTime": time.time()})
    build["currentPhase"] = name


def end_phase(build: Entry, status: str, reason: str = "") -> None:
    last = build["phases"][-1]
    last["phaseStatus"], last["endTime"] = status, time.time()
    last["durationInSeconds"] = int(last["endTime"] - last["startTime"])
    if reason:
        last["contexts"] = [{"statusCode": "CLIENT_ERROR", "message": reason}]


def _fingerprint(params: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()


def _plain_id(name: str) -> str:
    return re.sub(r"^arn:aws:codebuild:[^:]*:\d{12}:build/", "", name)


def _initiator(caller: Caller) -> str:
    return caller.arn.rpartition(":")[2].replace("user/", "").replace("assumed-role/", "")
