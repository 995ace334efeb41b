"""The world as it is at the start: three accounts, a repository, a bucket, a secret, a build project.

What the story has to make for itself is not here: execution roles, repository and bucket policies, the
release role, production's group and user. `codetrain grant apply` makes those.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from . import iris_data, moto_world, s3_objects
from .accounts import iam
from .errors import AwsError
from .state import ACCOUNTS, BETA, DEVOPS, PRODUCTION, REGION, write_private

if TYPE_CHECKING:
    from .api import Api

NAME = "scikit-learn-iris"
BUCKET = f"mlops-beta-{BETA}"
BUILD_ROLE = f"codebuild-{NAME}"
ADMIN = "mlops-admin"
_ALREADY = ("EntityAlreadyExists", "RepositoryAlreadyExistsException", "RepositoryNameExistsException",
            "ResourceExistsException", "ResourceAlreadyExistsException", "BucketAlreadyOwnedByYou")


def run(api: "Api") -> None:
    """Makes the world. A run that was killed half way is completed by the next."""
    for name, account in ACCOUNTS.items():
        _user(api, account, ADMIN, attached="arn:aws:iam::aws:policy/AdministratorAccess")
    _user(api, BETA, "mlops-build", inline=_beta_build_policy())
    _role(api, DEVOPS, BUILD_ROLE, "codebuild.amazonaws.com", _build_role_policy())
    _call(api, DEVOPS, "codecommit", "CreateRepository", "CodeCommit_20150413",
          repositoryName=NAME, repositoryDescription="A decision tree on the iris data, in a container of its own")
    _call(api, DEVOPS, "ecr", "CreateRepository", "AmazonEC2ContainerRegistry_V20150921", repositoryName=NAME)
    key = _key(BETA, "mlops-build")
    _call(api, DEVOPS, "secretsmanager", "CreateSecret", "secretsmanager", Name="mlops/beta",
          ClientRequestToken="11111111-2222-3333-4444-555555555555", Description="The beta account's mlops-build user",
          SecretString=json.dumps({"aws_access_key_id": key.access_key_id, "aws_secret_access_key": key.secret_access_key}))
    _bucket(api)
    _project(api)
    write_credentials(api)


def write_credentials(api: "Api") -> None:
    """The config and credentials files of the sandbox's own profiles."""
    config, credentials = "", ""
    for name, account in ACCOUNTS.items():
        key = _key(account, ADMIN)
        config += f"[profile mlops-{name}]\nregion = {REGION}\noutput = json\n\n"
        credentials += (f"[mlops-{name}]\naws_access_key_id = {key.access_key_id}\n"
                        f"aws_secret_access_key = {key.secret_access_key}\n\n")
    write_private(api.state.aws_config, config)
    write_private(api.state.aws_credentials, credentials)


def _key(account: str, user: str) -> Any:
    return iam(account).users[user].access_keys[0]


def _call(api: "Api", account: str, service: str, operation: str, target: str | None = None, **params: Any) -> None:
    environ = moto_world.internal(account, REGION, service, operation, params, target)
    answer = api.journal.run(environ, REGION, service, operation)
    if answer.status >= 400 and not any(code.encode() in answer.body for code in _ALREADY):
        raise RuntimeError(f"{service} {operation}: {answer.status} {answer.body[:300]!r}")


def _user(api: "Api", account: str, name: str, attached: str = "", inline: dict[str, Any] | None = None) -> None:
    _call(api, account, "iam", "CreateUser", UserName=name)
    if attached:
        _call(api, account, "iam", "AttachUserPolicy", UserName=name, PolicyArn=attached)
    if inline:
        _call(api, account, "iam", "PutUserPolicy", UserName=name, PolicyName=name, PolicyDocument=json.dumps(inline))
    if not iam(account).users[name].access_keys:
        _call(api, account, "iam", "CreateAccessKey", UserName=name)


def _role(api: "Api", account: str, name: str, service: str, document: dict[str, Any]) -> None:
    trust = _document(_allow("sts:AssumeRole", Principal={"Service": service}))
    _call(api, account, "iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    _call(api, account, "iam", "PutRolePolicy", RoleName=name, PolicyName=name, PolicyDocument=json.dumps(document))


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(*actions: str, **fields: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), **fields}


def _build_role_policy() -> dict[str, Any]:
    """What the build in devops may do. The other accounts' side of it is theirs to grant."""
    here = f"{REGION}:{DEVOPS}"
    return _document(
        _allow("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents",
               Resource=f"arn:aws:logs:{here}:log-group:/aws/codebuild/*"),
        _allow("codecommit:GitPull", "codecommit:GetRepository", Resource=f"arn:aws:codecommit:{here}:{NAME}"),
        _allow("ecr:GetAuthorizationToken", Resource="*"),
        _allow("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:DescribeImages",
               "ecr:DescribeRepositories", "ecr:GetRepositoryPolicy", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart",
               "ecr:CompleteLayerUpload", "ecr:PutImage", Resource=f"arn:aws:ecr:{here}:repository/{NAME}"),
        _allow("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret",
               Resource=f"arn:aws:secretsmanager:{here}:secret:mlops/beta-*"),
        _allow("sagemaker:CreateModel", "sagemaker:DescribeModel", "sagemaker:DeleteModel", "sagemaker:AddTags",
               "sagemaker:ListTags", Resource=f"arn:aws:sagemaker:{here}:model/*"),
        _allow("sagemaker:ListModels", Resource="*"),
        _allow("iam:PassRole", Resource=f"arn:aws:iam::{DEVOPS}:role/SageMakerExecutionRole",
               Condition={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}),
        _allow("iam:GetRole", Resource=f"arn:aws:iam::{DEVOPS}:role/SageMakerExecutionRole"),
        _allow("s3:GetObject", Resource=f"arn:aws:s3:::{BUCKET}/output/*"),
        _allow("sts:AssumeRole", Resource=f"arn:aws:iam::{PRODUCTION}:role/codetrain-release"))


def _beta_build_policy() -> dict[str, Any]:
    """What the user behind the secret may do in beta: submit, watch and stop jobs, and look at what they leave."""
    here = f"{REGION}:{BETA}"
    return _document(
        _allow("sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob",
               "sagemaker:AddTags", "sagemaker:ListTags", Resource=f"arn:aws:sagemaker:{here}:training-job/*"),
        _allow("sagemaker:ListTrainingJobs", Resource="*"),
        _allow("iam:PassRole", "iam:GetRole", Resource=f"arn:aws:iam::{BETA}:role/SageMakerExecutionRole"),
        _allow("logs:DescribeLogStreams", "logs:GetLogEvents", "logs:FilterLogEvents",
               Resource=f"arn:aws:logs:{here}:log-group:/aws/sagemaker/TrainingJobs:*"),
        _allow("s3:GetObject", "s3:GetObjectAttributes", Resource=f"arn:aws:s3:::{BUCKET}/output/*"),
        _allow("s3:ListBucket", Resource=f"arn:aws:s3:::{BUCKET}"))


def _bucket(api: "Api") -> None:
    if s3_objects.bucket(BUCKET) is None:
        body = (f'<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>{REGION}'
                "</LocationConstraint></CreateBucketConfiguration>").encode()
        environ = moto_world.environ_of("PUT", f"/{BUCKET}", "", body, BETA, REGION, "s3", "application/xml", {})
        answer = api.journal.run(environ, REGION, "s3", "CreateBucket")
        if answer.status >= 400:
            raise AwsError("InternalFailure", answer.body.decode("utf-8", "replace"))
    data = iris_data.CSV.encode()
    s3_objects.put(api.journal, BETA, REGION, BUCKET, "iris/training/iris.csv", io.BytesIO(data), len(data), "text/csv")


def _project(api: "Api") -> None:
    if NAME in moto_world.backend("codebuild", DEVOPS, REGION).codebuild_projects:
        return
    _call(api, DEVOPS, "codebuild", "CreateProject", "CodeBuild_20161006", name=NAME,
          description="Builds the image, trains in beta, releases to devops and production",
          source={"type": "CODECOMMIT",
                  "location": f"https://git-codecommit.{REGION}.amazonaws.com/v1/repos/{NAME}"},
          artifacts={"type": "NO_ARTIFACTS"},
          environment={"type": "LINUX_CONTAINER", "image": "aws/codebuild/amazonlinux2-x86_64-standard:5.0",
                       "computeType": "BUILD_GENERAL1_SMALL", "privilegedMode": True, "environmentVariables": []},
          serviceRole=f"arn:aws:iam::{DEVOPS}:role/{BUILD_ROLE}", timeoutInMinutes=60)
