"""Who may call what: identities without rights, roles and their trust, resources of other accounts."""

from __future__ import annotations

import json

from support import BETA, BUCKET, DEVOPS, PRODUCTION, Case, allow, policy, shared


class Access(Case):
    def setUp(self) -> None:
        self.world = shared()

    def test_a_user_without_rights(self) -> None:
        keys = self.world.user(BETA, "nobody")
        me = f"User: arn:aws:iam::{BETA}:user/nobody is not authorized to perform: "
        for service, operation, code, words in (
                ("sagemaker", "list_models", "AccessDeniedException", "sagemaker:ListModels on resource: * because no identity-"
                 "based policy allows the sagemaker:ListModels action"),
                ("iam", "list_users", "AccessDenied", "iam:ListUsers on resource: *"),
                ("ecr", "get_authorization_token", "AccessDeniedException", "ecr:GetAuthorizationToken on resource: *"),
                ("s3", "list_buckets", "AccessDenied", 's3:ListAllMyBuckets on resource: "*"')):
            with self.subTest(service):
                self.refused(code, me + words, getattr(self.world.client(service, keys=keys), operation))
        self.assertEqual(self.world.client("sts", keys=keys).get_caller_identity()["Arn"], f"arn:aws:iam::{BETA}:user/nobody")

    def test_explicit_deny(self) -> None:
        keys = self.world.user(BETA, "denied", allow("*"), {"Effect": "Deny", "Action": "sagemaker:*", "Resource": "*"})
        self.refused("AccessDeniedException", "with an explicit deny in an identity-based policy",
                     self.world.client("sagemaker", keys=keys).list_models)
        self.world.client("iam", keys=keys).list_users()

    def test_group_and_managed_policies(self) -> None:
        keys = self.world.user(PRODUCTION, "member")
        iam = self.world.client("iam", PRODUCTION)
        client = self.world.client("sagemaker", keys=keys)
        self.refused("AccessDeniedException", "ListModels", client.list_models)
        iam.create_group(GroupName="SageMakers")
        iam.attach_group_policy(GroupName="SageMakers", PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerReadOnly")
        iam.add_user_to_group(GroupName="SageMakers", UserName="member")
        client.list_models()
        self.refused("AccessDeniedException", "DeleteModel", client.delete_model, ModelName="x")

    def test_buckets(self) -> None:
        s3 = self.world.client("s3", DEVOPS)
        key = {"Bucket": BUCKET, "Key": "iris/training/iris.csv"}
        self.refused("AccessDenied", "Access Denied", s3.get_object, **key)     # an administrator, but of another account
        owner = self.world.client("s3", BETA)
        user = f"arn:aws:iam::{DEVOPS}:user/mlops-admin"
        owner.put_bucket_policy(Bucket=BUCKET, Policy=policy(
            {"Effect": "Allow", "Principal": {"AWS": user}, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/iris/*"},
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{DEVOPS}:root"}, "Action": "s3:ListBucket",
             "Resource": f"arn:aws:s3:::{BUCKET}", "Condition": {"StringLike": {"s3:prefix": "iris/*"}}}))
        self.assertIn(b"setosa", s3.get_object(**key)["Body"].read())
        self.assertEqual(len(s3.list_objects_v2(Bucket=BUCKET, Prefix="iris/")["Contents"]), 1)
        self.refused("AccessDenied", "Access Denied", s3.list_objects_v2, Bucket=BUCKET)
        self.refused("AccessDenied", "Access Denied", s3.put_object, Body=b"x", **key)
        owner.delete_bucket_policy(Bucket=BUCKET)
        self.refused("AccessDenied", "Access Denied", s3.get_object, **key)

    def test_secret(self) -> None:
        client = self.world.client("secretsmanager")
        self.assertEqual(set(json.loads(client.get_secret_value(SecretId="mlops/beta")["SecretString"])),
                         {"aws_access_key_id", "aws_secret_access_key"})
        arn = client.describe_secret(SecretId="mlops/beta")["ARN"]
        theirs = self.world.client("secretsmanager", BETA)
        self.refused("AccessDeniedException", "because no resource-based policy allows the secretsmanager:GetSecretValue action",
                     theirs.get_secret_value, SecretId=arn)
        client.put_resource_policy(SecretId="mlops/beta", ResourcePolicy=policy(
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{BETA}:root"}, "Action": "secretsmanager:GetSecretValue",
             "Resource": "*"}))
        self.assertEqual(theirs.get_secret_value(SecretId=arn)["ARN"], arn)
        client.delete_resource_policy(SecretId="mlops/beta")
        self.refused("AccessDeniedException", "GetSecretValue", theirs.get_secret_value, SecretId=arn)

    def test_the_secret_works_in_beta(self) -> None:
        found = json.loads(self.world.client("secretsmanager").get_secret_value(SecretId="mlops/beta")["SecretString"])
        keys = (found["aws_access_key_id"], found["aws_secret_access_key"])
        self.assertEqual(self.world.client("sts", keys=keys).get_caller_identity()["Arn"], f"arn:aws:iam::{BETA}:user/mlops-build")
        self.world.client("sagemaker", keys=keys).list_training_jobs()
        self.refused("AccessDeniedException", "CreateModel", self.world.client("sagemaker", keys=keys).create_model,
                     ModelName="x", ExecutionRoleArn=f"arn:aws:iam::{BETA}:role/SageMakerExecutionRole")

    # ---- AssumeRole ----

    def role(self, name: str, principal: str, *statements: dict[str, object], **condition: object) -> str:
        iam = self.world.client("iam", PRODUCTION)
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(
            {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole", **condition}))
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(*(statements or [allow("sagemaker:List*")])))
        return f"arn:aws:iam::{PRODUCTION}:role/{name}"

    def test_assume_role(self) -> None:
        arn = self.role("trusts-devops", f"arn:aws:iam::{DEVOPS}:root")
        sts = self.world.client("sts")
        answer = sts.assume_role(RoleArn=arn, RoleSessionName="me")
        self.assertEqual(answer["AssumedRoleUser"]["Arn"], f"arn:aws:sts::{PRODUCTION}:assumed-role/trusts-devops/me")
        found = answer["Credentials"]
        keys = (found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
        self.world.client("sagemaker", keys=keys).list_models()
        self.refused("AccessDeniedException", f"User: arn:aws:sts::{PRODUCTION}:assumed-role/trusts-devops/me is not authorized "
                     "to perform: sagemaker:DeleteModel", self.world.client("sagemaker", keys=keys).delete_model, ModelName="x")

    def test_trust_is_enforced(self) -> None:
        sts = self.world.client("sts")
        me = f"arn:aws:iam::{DEVOPS}:user/mlops-admin"
        for arn in (self.role("trusts-beta", f"arn:aws:iam::{BETA}:root"), f"arn:aws:iam::{PRODUCTION}:role/not-there"):
            error = self.refused("AccessDenied", f"User: {me} is not authorized to perform: sts:AssumeRole on resource: {arn}",
                                 sts.assume_role, RoleArn=arn, RoleSessionName="me")
            self.assertEqual(error.response["ResponseMetadata"]["HTTPStatusCode"], 403)

    def test_the_callers_own_policy_is_needed_too(self) -> None:
        arn = self.role("trusts-whom", f"arn:aws:iam::{DEVOPS}:root")
        keys = self.world.user(DEVOPS, "may-not-assume", allow("s3:*"))
        self.refused("AccessDenied", "sts:AssumeRole", self.world.client("sts", keys=keys).assume_role, RoleArn=arn, RoleSessionName="me")

    def test_external_id(self) -> None:
        arn = self.role("asks-for-a-word", f"arn:aws:iam::{DEVOPS}:root", Condition={"StringEquals": {"sts:ExternalId": "word"}})
        sts = self.world.client("sts")
        sts.assume_role(RoleArn=arn, RoleSessionName="me", ExternalId="word")
        self.refused("AccessDenied", "sts:AssumeRole", sts.assume_role, RoleArn=arn, RoleSessionName="me", ExternalId="other")
        self.refused("AccessDenied", "sts:AssumeRole", sts.assume_role, RoleArn=arn, RoleSessionName="me")

    def test_session_policy(self) -> None:
        arn = self.role("may-much", f"arn:aws:iam::{DEVOPS}:root", allow("*"))
        found = self.world.client("sts").assume_role(RoleArn=arn, RoleSessionName="me", Policy=policy(allow("sagemaker:List*")))
        keys = (found["Credentials"]["AccessKeyId"], found["Credentials"]["SecretAccessKey"], found["Credentials"]["SessionToken"])
        self.world.client("sagemaker", keys=keys).list_models()
        self.refused("AccessDenied", "because no session policy allows", self.world.client("iam", keys=keys).list_users)

    def test_chained_sessions_last_an_hour(self) -> None:
        first = self.role("first", f"arn:aws:iam::{DEVOPS}:root", allow("sts:AssumeRole"))
        second = self.role("second", first)
        found = self.world.client("sts").assume_role(RoleArn=first, RoleSessionName="me")["Credentials"]
        sts = self.world.client("sts", keys=(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]))
        sts.assume_role(RoleArn=second, RoleSessionName="me")
        self.refused("ValidationError", "1 hour session limit for roles assumed by role chaining", sts.assume_role,
                     RoleArn=second, RoleSessionName="me", DurationSeconds=3601)
