"""Is this call allowed? What each operation needs is one row of a table; the decision is policy.py's.

To have another operation checked on more than "its own name on anything", add a row to _RESOURCES.
To have another kind of resource policy, add a row to _RESOURCE_POLICIES.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Callable

from . import moto_world, policy, s3
from .accounts import Caller, find_role, trust_policy
from .errors import AwsError
from .policy import Decision, Naming
from .request import Request


@dataclass(frozen=True)
class Need:
    action: str
    resource: str
    context: dict[str, str]


def owner_of(resource: str) -> str:
    """The account that a resource belongs to; buckets have no account in their ARN."""
    parts = resource.split(":", 5)
    if len(parts) == 6 and parts[2] == "s3":
        bucket = find_bucket_of(resource)
        return bucket.account_id if bucket else ""
    return parts[4] if len(parts) == 6 else ""


def find_bucket(name: str) -> Any | None:
    from .state import ACCOUNTS
    for account in ACCOUNTS.values():
        found = moto_world.backend("s3", account, "aws").buckets.get(name)
        if found is not None:
            return found
    return None


# ---- policies that hang on resources: service of the ARN -> how to find the document ----

def find_bucket_of(resource: str) -> Any | None:
    return find_bucket(resource.split(":", 5)[5].split("/")[0])


def _bucket_policy(resource: str) -> policy.Document | None:
    bucket = find_bucket_of(resource)
    return _json(bucket.policy) if bucket is not None and bucket.policy else None


def find_repository(resource: str) -> Any | None:
    _, _, _, region, account, rest = resource.split(":", 5)
    return moto_world.backend("ecr", account, region).repositories.get(rest.partition("/")[2])


def _repository_policy(resource: str) -> policy.Document | None:
    found = find_repository(resource)
    return _json(found.policy) if found is not None and found.policy else None


def _secret_policy(resource: str) -> policy.Document | None:
    _, _, _, region, account, _ = resource.split(":", 5)
    for secret in moto_world.backend("secretsmanager", account, region).secrets.values():
        if secret.arn == resource and getattr(secret, "policy", None):
            return _json(secret.policy)
    return None


def _key_policy(resource: str) -> policy.Document | None:
    _, _, _, region, account, rest = resource.split(":", 5)
    key = moto_world.backend("kms", account, region).keys.get(rest.partition("/")[2])
    return _json(key.policy) if key is not None else None


_RESOURCE_POLICIES: dict[str, Callable[[str], policy.Document | None]] = {
    "s3": _bucket_policy, "ecr": _repository_policy, "secretsmanager": _secret_policy, "kms": _key_policy,
}
_KEY_POLICY_DECIDES = {"kms"}      # without the key policy's word nobody gets in, not even the account itself


def _json(document: Any) -> policy.Document:
    if isinstance(document, bytes):
        document = document.decode()
    return json.loads(document) if isinstance(document, str) else document


def decide(caller: Caller, action: str, resource: str, context: dict[str, str] | None = None) -> tuple[Decision, str]:
    """(decision, whose policy denied). Identity and resource policy together, across accounts as within one."""
    if caller.kind == "root":
        return Decision.ALLOW, ""
    with moto_world.lock:
        question = caller.question(action, resource, context)
        own = policy.identity(caller.documents, question)
        if own is Decision.DENY:
            return own, "an identity-based policy"
        if caller.session_policy is not None:
            limit = policy.identity([caller.session_policy], question)
            if limit is not Decision.ALLOW:
                return limit, "a session policy"
        service = resource.split(":")[2] if resource.startswith("arn:") else ""
        finder = _RESOURCE_POLICIES.get(service)
        theirs, naming = policy.resource(finder(resource) if finder else None, question)
        if theirs is Decision.DENY:
            return theirs, "a resource-based policy"
        owner = owner_of(resource) or caller.account
        if owner != caller.account or service in _KEY_POLICY_DECIDES:
            allowed = theirs is Decision.ALLOW and (
                own is Decision.ALLOW or (owner == caller.account and naming is Naming.DIRECT))
        else:
            allowed = own is Decision.ALLOW or (theirs is Decision.ALLOW and naming is Naming.DIRECT)
    return (Decision.ALLOW, "") if allowed else (Decision.NONE, "identity-based policy")


def allowed(caller: Caller, action: str, resource: str, context: dict[str, str] | None = None) -> bool:
    return decide(caller, action, resource, context)[0] is Decision.ALLOW


def trusts_service(role: Any, service: str, account: str) -> bool:
    question = policy.Question("sts:AssumeRole", "*", "", (service,), True, {"aws:SourceAccount": account})
    return policy.resource(trust_policy(role), question)[0] is Decision.ALLOW


def trusts_caller(role: Any, arn: str, caller: Caller, external_id: str | None) -> bool:
    """May the caller assume the role: its trust policy names it, or its account and its own policies agree."""
    question = caller.question("sts:AssumeRole", arn, {"sts:ExternalId": external_id} if external_id else {})
    theirs, naming = policy.resource(trust_policy(role), question)
    own = policy.identity(caller.documents, question)
    if caller.kind == "root":
        own = Decision.ALLOW
    if theirs is not Decision.ALLOW or own is Decision.DENY:
        return False
    same_account = arn.split(":")[4] == caller.account
    return own is Decision.ALLOW or (same_account and naming is Naming.DIRECT)


def execution_role(arn: str, service: str, session: str, accounts: Any) -> Caller | None:
    """A session of the role for an AWS service; None if the role is missing or does not trust the service."""
    role = find_role(arn)
    if role is None or not trusts_service(role, service, arn.split(":")[4]):
        return None
    return accounts.role(arn, session)


# ---- what an operation needs: (service, operation) -> parameter that names the resource, and its ARN ----

_RESOURCES: dict[str, list[tuple[str, str]]] = {
    "sagemaker": [("TrainingJobName", "training-job/{lower}"), ("ModelName", "model/{lower}"),
                  ("EndpointConfigName", "endpoint-config/{lower}"), ("EndpointName", "endpoint/{lower}"),
                  ("ProcessingJobName", "processing-job/{lower}"), ("TransformJobName", "transform-job/{lower}"),
                  ("ModelPackageGroupName", "model-package-group/{lower}"), ("ResourceArn", "{arn}")],
    "ecr": [("repositoryName", "repository/{value}")],
    "codebuild": [("projectName", "project/{value}"), ("name", "project/{value}"), ("id", "build/{value}")],
    "codecommit": [("repositoryName", "{value}")],
    "logs": [("logGroupName", "log-group:{value}:*"), ("logGroupNamePrefix", "log-group:{value}*:*")],
    "sqs": [("QueueUrl", "{last}")],
    "events": [("EventBusName", "event-bus/{value}")],
    "codepipeline": [("name", "{value}"), ("pipelineName", "{value}")],
    "ssm": [("Name", "parameter/{stripped}")],
    "kms": [("KeyId", "key/{value}")],
}
_IAM_RESOURCES = [("RoleName", "role"), ("UserName", "user"), ("GroupName", "group"), ("PolicyArn", "")]
_NO_RESOURCE = {"ecr:GetAuthorizationToken", "sts:GetCallerIdentity", "sts:GetSessionToken"}
_ANYONE = {"sts:GetCallerIdentity", "sts:GetSessionToken", "sts:AssumeRole"}      # AssumeRole: see sts.py
_PREFIX = {"eventbridge": "events", "monitoring": "cloudwatch"}


def needs(request: Request, account: str) -> list[Need]:
    """Everything that the request needs to be allowed."""
    if request.service == "s3":
        return [Need(*need) for need in s3.needs(request)]
    prefix = _PREFIX.get(request.service, request.service)
    action = f"{prefix}:{request.operation}"
    params = request.params
    if action in _NO_RESOURCE:
        return [Need(action, "*", {})]
    if request.service == "iam":
        return [Need(action, _iam_resource(params, account), {})]
    if request.service == "secretsmanager":
        return [Need(action, _secret_arn(params, account, request.region), {})]
    found = [Need(action, _resource(request, account), {})]
    if request.service == "sagemaker" and params.get("Tags") and request.operation.startswith("Create"):
        found.append(Need("sagemaker:AddTags", found[0].resource, {}))
    for field_name, service in _PASSED.get(action, ()):
        role = params.get(field_name)
        if isinstance(role, str):
            arn = role if role.startswith("arn:") else f"arn:aws:iam::{account}:role/{role}"
            if owner_of(arn) != account:
                continue        # the service itself refuses a role of another account
            found.append(Need("iam:PassRole", arn, {"iam:PassedToService": service}))
    return found


_PASSED = {
    "sagemaker:CreateTrainingJob": [("RoleArn", "sagemaker.amazonaws.com")],
    "sagemaker:CreateModel": [("ExecutionRoleArn", "sagemaker.amazonaws.com")],
    "sagemaker:CreateProcessingJob": [("RoleArn", "sagemaker.amazonaws.com")],
    "codebuild:CreateProject": [("serviceRole", "codebuild.amazonaws.com")],
    "codebuild:UpdateProject": [("serviceRole", "codebuild.amazonaws.com")],
}


def _resource(request: Request, account: str) -> str:
    params = request.params
    for name, form in _RESOURCES.get(request.service, ()):
        value = params.get(name)
        if not isinstance(value, str) or not value:
            continue
        if value.startswith("arn:"):
            return value
        owner = params.get("registryId") or account
        tail = form.format(value=value, lower=value.lower(), arn=value, last=value.rpartition("/")[2],
                           stripped=value.lstrip("/"))
        return f"arn:aws:{request.service}:{request.region}:{owner}:{tail}"
    return "*"


def _iam_resource(params: dict[str, Any], account: str) -> str:
    for name, kind in _IAM_RESOURCES:
        value = params.get(name)
        if value:
            if not kind:
                return value
            holder = getattr(moto_world.backend("iam", account, "aws"), kind + "s")
            known = next((item for item in holder.values() if item.name == value), None)
            return f"arn:aws:iam::{account}:{kind}{known.path if known else '/'}{value}"
    return "*"


def _secret_arn(params: dict[str, Any], account: str, region: str) -> str:
    name = params.get("SecretId") or params.get("Name")
    if not isinstance(name, str) or name.startswith("arn:"):
        return name if isinstance(name, str) else "*"
    for secret in moto_world.backend("secretsmanager", account, region).secrets.values():
        if name in (secret.name, secret.secret_id):
            return secret.arn
    return f"arn:aws:secretsmanager:{region}:{account}:secret:{name}-??????"


def enforce(request: Request, caller: Caller) -> str:
    """Raises AWS's refusal if the caller may not; returns the account whose resources the request is about."""
    owner = caller.account
    for need in needs(request, caller.account):
        if need.action in _ANYONE:
            continue
        decision, whose = decide(caller, need.action, need.resource, need.context)
        if decision is not Decision.ALLOW:
            raise refusal(request.protocol, caller, need, decision, whose)
        if need.action != "iam:PassRole":
            owner = owner_of(need.resource) or owner
    return owner if owner.isdigit() else caller.account


def refusal(protocol: str, caller: Caller, need: Need, decision: Decision, whose: str) -> AwsError:
    if protocol == "s3":
        if owner_of(need.resource) not in ("", caller.account):
            return AwsError("AccessDenied", "Access Denied", 403)
        resource = f'"{need.resource}"'
    else:
        resource = need.resource
    if decision is Decision.DENY:
        reason = f"with an explicit deny in {whose}"
    elif whose == "a session policy":
        reason = f"because no session policy allows the {need.action} action"
    elif owner_of(need.resource) not in ("", caller.account):
        reason = f"because no resource-based policy allows the {need.action} action"
        if policy.identity(caller.documents, caller.question(need.action, need.resource, need.context)) \
                is not Decision.ALLOW:
            reason = f"because no identity-based policy allows the {need.action} action"
    else:
        reason = f"because no identity-based policy allows the {need.action} action"
    message = f"User: {caller.arn} is not authorized to perform: {need.action} on resource: {resource} {reason}"
    if protocol == "json":
        return AwsError("AccessDeniedException", message)
    return AwsError("AccessDenied", message, 403)
