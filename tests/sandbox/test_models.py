"""Models: made only from what their role can really read, in their own account."""

from __future__ import annotations

from typing import Any

from support import (BETA, BUCKET, DEVOPS, PRODUCTION, PULL, REGION, REPOSITORY, ROLE, Case, allow, policy, shared, trust)

ARTEFACT = f"s3://{BUCKET}/output/model-of-the-tests/output/model.tar.gz"


class Models(Case):
    image = ""

    def setUp(self) -> None:
        self.world = shared()
        self.production = self.world.client("sagemaker", PRODUCTION)
        if not Models.image:
            Models.image = self.world.image("models", "print('train')\n")
            self.world.client("s3", BETA).put_object(Bucket=BUCKET, Key=ARTEFACT.split("/", 3)[3], Body=b"artefact")

    def tearDown(self) -> None:
        self.world.client("s3", BETA).delete_bucket_policy(Bucket=BUCKET)

    def role(self, name: str, *statements: dict[str, Any], account: str = PRODUCTION) -> str:
        iam = self.world.client("iam", account)
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust())
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(*statements))
        return f"arn:aws:iam::{account}:role/{name}"

    def open_to(self, *roles: str) -> None:
        """The repository and the bucket for these roles, beside beta's own."""
        self.world.client("ecr").set_repository_policy(repositoryName=REPOSITORY, policyText=policy(
            {"Effect": "Allow", "Principal": {"AWS": [ROLE, *roles]}, "Action": PULL}))
        statements = [{"Effect": "Allow", "Principal": {"AWS": list(roles)}, "Action": "s3:GetObject",
                       "Resource": f"arn:aws:s3:::{BUCKET}/output/*"}]
        self.world.client("s3", BETA).put_bucket_policy(Bucket=BUCKET, Policy=policy(*statements))

    def create(self, name: str, role: str, **change: Any) -> str:
        return self.production.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer={
            "Image": self.image, "ModelDataUrl": ARTEFACT, **change})["ModelArn"]

    def everything(self) -> tuple[dict[str, Any], ...]:
        repository = f"arn:aws:ecr:{REGION}:{DEVOPS}:repository/{REPOSITORY}"
        return (allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/output/*"), allow(PULL, repository),
                allow("ecr:GetAuthorizationToken"))

    def test_made_and_described(self) -> None:
        role = self.role("Reads", *self.everything())
        self.open_to(role)
        arn = self.create("Iris-Model", role)
        self.assertEqual(arn, f"arn:aws:sagemaker:{REGION}:{PRODUCTION}:model/iris-model")
        model = self.production.describe_model(ModelName="Iris-Model")
        self.assertEqual((model["PrimaryContainer"]["ModelDataUrl"], model["ExecutionRoleArn"]), (ARTEFACT, role))
        self.refused("ValidationException", "already existing model", self.create, name="Iris-Model", role=role)
        for account in (DEVOPS, BETA):
            self.assertEqual(self.world.client("sagemaker", account).list_models()["Models"], [])
        self.assertEqual([m["ModelName"] for m in self.production.list_models()["Models"]], ["Iris-Model"])
        self.production.delete_model(ModelName="Iris-Model")
        self.refused("ValidationException", f'Could not find model "{arn}".', self.production.describe_model, ModelName="Iris-Model")

    def test_artefact_without_grants(self) -> None:
        no_access = f"Could not access model data at {ARTEFACT}."
        granted = self.role("Granted", *self.everything())
        self.open_to(self.role("Somebody", *self.everything()))
        error = self.refused("ValidationException", no_access, self.create, name="no", role=granted)     # bucket policy missing
        self.assertIn(f'Please ensure that the role "{granted}" exists and that its trust relationship policy allows the action '
                      '"sts:AssumeRole" for the service principal "sagemaker.amazonaws.com". Also ensure that the role has '
                      f'"s3:GetObject" permissions and that the object is located in {REGION}.', str(error))
        bare = self.role("NoIdentityPolicy", *self.everything()[1:])
        self.open_to(bare)
        self.refused("ValidationException", no_access, self.create, name="no", role=bare)
        self.refused("ValidationException", no_access, self.create, name="no", role=f"arn:aws:iam::{PRODUCTION}:role/Nobody")

    def test_image_without_grants(self) -> None:
        role = self.role("NoPull", *self.everything())
        self.world.client("s3", BETA).put_bucket_policy(Bucket=BUCKET, Policy=policy(
            {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}))
        self.refused("ValidationException", "Cannot find repository", self.create, name="no", role=role)

    def test_deny_in_the_bucket_wins(self) -> None:
        role = self.role("Denied", *self.everything())
        self.open_to(role)
        self.world.client("s3", BETA).put_bucket_policy(Bucket=BUCKET, Policy=policy(
            {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "s3:*", "Resource": f"arn:aws:s3:::{BUCKET}/*"},
            {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/output/*",
             "Condition": {"StringEquals": {"aws:PrincipalAccount": PRODUCTION}}}))
        self.refused("ValidationException", "Could not access model data", self.create, name="no", role=role)

    def test_other_mistakes(self) -> None:
        role = self.role("Mistakes", *self.everything())
        self.open_to(role)
        self.refused("ValidationException", "Could not find model data", self.create, name="no", role=role,
                     ModelDataUrl=ARTEFACT.replace("model.tar.gz", "other.tar.gz"))
        self.refused("ValidationException", "not found", self.create, name="no", role=role, Image=self.image + "x")
        self.refused("ValidationException", "regular expression pattern", self.create, name="under_score", role=role)
        foreign = f"arn:aws:iam::{DEVOPS}:role/x"
        self.refused("ValidationException", "Cross-account pass role is not allowed", self.create, name="no", role=foreign)
