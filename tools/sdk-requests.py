#!/usr/bin/env python3
"""Keep what the SageMaker SDK sends: the bodies of CreateTrainingJob and CreateModel.

    python3 -m venv /tmp/sdk1 && /tmp/sdk1/bin/pip install 'sagemaker>=1.72,<2' 'protobuf<3.21' 'numpy<2'
    python3 -m venv /tmp/sdk2 && /tmp/sdk2/bin/pip install 'sagemaker>=2,<3'
    python3 -m venv /tmp/sdk3 && /tmp/sdk3/bin/pip install sagemaker
    /tmp/sdkN/bin/python tools/sdk-requests.py tests/data/sdk

writes FOLDER/VERSION/SITUATION/training-job.json or model.json. No request leaves this
machine: botocore's clients are asked for the bytes that they would send, and answered
from a table. Times in names and made-up suffixes become the same at each run.
"""
import importlib.metadata
import json
import os
import re
import sys
import tempfile
from pathlib import Path

if os.environ.get("PYTHONHASHSEED") != "0":
    # some lists of the SDK are in the order of a set of strings
    os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"PYTHONHASHSEED": "0"})
FOLDER = Path(sys.argv[1]).resolve()
HOME = tempfile.mkdtemp()
os.environ.update(HOME=HOME, XDG_CONFIG_HOME=HOME, AWS_DEFAULT_REGION="us-east-2", AWS_REGION="us-east-2",
                  AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none", AWS_EC2_METADATA_DISABLED="true",
                  SAGEMAKER_SUPPRESS_V2_WARNING="1")
for name in ("AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_SESSION_TOKEN"):
    os.environ.pop(name, None)
os.chdir(HOME)

import botocore.client  # noqa: E402

ACCOUNT, REGION = "111111111111", "us-east-2"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/SageMakerRole"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/scikit-learn-iris:1"
BUCKET = "s3://scikit-learn-iris-data"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-0000-0000-000000000000"
ARTIFACT = f"{BUCKET}/output/model.tar.gz"
VERSION = importlib.metadata.version("sagemaker")

kept = {"CreateTrainingJob": "training-job.json", "CreateModel": "model.json"}
ANSWERS = {
    "GetCallerIdentity": {"Account": ACCOUNT, "UserId": "U", "Arn": f"arn:aws:iam::{ACCOUNT}:user/u"},
    "GetRole": {"Role": {"Arn": ROLE}},
    "CreateTrainingJob": {"TrainingJobArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/j"},
    "CreateModel": {"ModelArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model/m"},
    "DescribeTrainingJob": {"TrainingJobName": "j", "TrainingJobStatus": "InProgress",
                            "TrainingJobArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/j",
                            "ModelArtifacts": {"S3ModelArtifacts": ARTIFACT},
                            "SecondaryStatus": "Starting", "StoppingCondition": {}, "CreationTime": 0},
    "DescribeModel": {"ModelName": "m", "CreationTime": 0,
                      "ModelArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model/m"},
    "ListBuckets": {"Buckets": [], "Owner": {}},
    "PutObject": {"ETag": '"0"'},
    "HeadObject": {"ContentLength": 0, "ETag": '"0"'},
}
sent = []


def call(client, operation, params):
    model = client.meta.service_model.operation_model(operation)
    if operation in kept:
        body = client._serializer.serialize_to_request(params, model)["body"]
        sent.append((kept[operation], json.loads(body)))
    return dict(ANSWERS.get(operation, {}), ResponseMetadata={"HTTPStatusCode": 200, "HTTPHeaders": {},
                                                              "RequestId": "r"})


botocore.client.BaseClient._make_api_call = call


def neutral(text):
    text = re.sub(r"\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-\d{3}", "2020-01-01-00-00-00-000", text)
    text = re.sub(r"(?<!\d)\d{14}(?!\d)", "20200101000000", text)
    text = re.sub(r"(model-|code-|j-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
                  "00000000-0000-0000-0000-000000000000", text)
    return text


SOURCE = Path(HOME) / "source"
SOURCE.mkdir()
(SOURCE / "train.py").write_text("print('trained')\n")
(SOURCE / "requirements.txt").write_text("\n")
METRICS = [{"Name": "accuracy", "Regex": "accuracy=([0-9.]+)"}, {"Name": "loss", "Regex": "loss: (.*?);"}]
TAGS = [{"Key": "team", "Value": "mlops"}, {"Key": "commit", "Value": "0123abc"}]
VPC = {"subnets": ["subnet-0123456789abcdef0"], "security_group_ids": ["sg-0123456789abcdef0"]}
VPC_CONFIG = {"Subnets": VPC["subnets"], "SecurityGroupIds": VPC["security_group_ids"]}


def estimators(two):
    """Situations of the first and second SDK; the second renamed many parameters."""
    from sagemaker.estimator import Estimator
    import sagemaker
    session = sagemaker.Session()
    session.wait_for_job = session.logs_for_job = lambda *a, **k: None
    new = {"train_instance_count": "instance_count", "train_instance_type": "instance_type",
           "train_volume_size": "volume_size", "train_volume_kms_key": "volume_kms_key",
           "train_max_run": "max_run", "train_max_wait": "max_wait",
           "train_use_spot_instances": "use_spot_instances", "image_name": "image_uri"}

    def words(arguments):
        return {new.get(k, k) if two else k: v for k, v in arguments.items()}

    def estimator(kind=Estimator, **more):
        basic = {"role": ROLE, "train_instance_count": 1, "train_instance_type": "ml.c4.2xlarge",
                 "sagemaker_session": session}
        if kind is Estimator:
            basic["image_name"] = IMAGE
        else:
            basic.update(entry_point="train.py", source_dir=str(SOURCE))
        return kind(**words(basic | more))

    def fit(inputs=None, kind=Estimator, job_name=None, **more):
        return lambda: estimator(kind, **more).fit(inputs, wait=False, job_name=job_name)

    if two:
        from sagemaker.inputs import FileSystemInput, ShuffleConfig, TrainingInput as Input
    else:
        from sagemaker.inputs import FileSystemInput, s3_input as Input
        from sagemaker.session import ShuffleConfig
    channels = {"train": Input(BUCKET + "/train", content_type="text/csv", distribution="ShardedByS3Key"),
                "validation": Input(BUCKET + "/validation/", content_type="text/csv"),
                "test": BUCKET + "/test"}
    spot = {"train_use_spot_instances": True, "train_max_run": 3600, "train_max_wait": 7200}
    yield "estimator", fit(BUCKET + "/iris", output_path=BUCKET + "/output")
    yield "estimator-no-inputs", fit()
    yield "channels", fit(channels, output_path=BUCKET + "/output", hyperparameters={
        "epochs": 10, "rate": 0.1, "name": "x y", "layers": [3, 4], "flag": True})
    yield "metrics-tags", fit(BUCKET + "/iris", metric_definitions=METRICS, tags=TAGS,
                              enable_sagemaker_metrics=True)
    yield "spot", fit(BUCKET + "/iris", **spot)
    yield "spot-checkpoint", fit(BUCKET + "/iris", checkpoint_s3_uri=BUCKET + "/checkpoints",
                                 checkpoint_local_path="/opt/ml/checkpoints", **spot)
    yield "vpc", fit(BUCKET + "/iris", enable_network_isolation=True, encrypt_inter_container_traffic=True,
                     train_instance_count=2, **VPC)
    yield "keys", fit(BUCKET + "/iris", output_kms_key=KEY, train_volume_kms_key=KEY, train_volume_size=50)
    yield "key-alias", fit(BUCKET + "/iris", output_kms_key="alias/training")
    yield "pipe", fit(BUCKET + "/iris", input_mode="Pipe")
    yield "recordio", fit({"train": Input(BUCKET + "/train", compression="Gzip", record_wrapping="RecordIO",
                                          input_mode="Pipe", shuffle_config=ShuffleConfig(7))})
    yield "manifest", fit({"train": Input(BUCKET + "/train.manifest", s3_data_type="ManifestFile"),
                           "more": Input(BUCKET + "/augmented.jsonl", s3_data_type="AugmentedManifestFile",
                                         attribute_names=["source", "label"], input_mode="Pipe")})
    yield "file-system", fit({"train": FileSystemInput("fs-0123456789abcdef0", "FSxLustre", "/abcdefg/iris",
                                                       "ro")}, **VPC)
    yield "gpu", fit(BUCKET + "/iris", train_instance_type="ml.p3.2xlarge", train_instance_count=2,
                     train_max_run=432000)
    yield "named", fit(BUCKET + "/iris", job_name="iris-1")
    yield from debugger(two, fit, Input)
    yield from frameworks(two, fit)
    if two:
        yield from second(fit, estimator, Input)
    yield from models(two, session, estimator)


def debugger(two, fit, Input):
    from sagemaker.debugger import (CollectionConfig, DebuggerHookConfig, Rule, TensorBoardOutputConfig,
                                    rule_configs)
    hook = {"hook_parameters": {"save_interval": "100"}, "s3_output_path": BUCKET + "/debug",
            "collection_configs": [CollectionConfig("losses", {"save_interval": "50"})]}
    yield "debugger", fit(BUCKET + "/iris", debugger_hook_config=DebuggerHookConfig(**hook),
                          rules=[Rule.sagemaker(rule_configs.loss_not_decreasing()),
                                 Rule.sagemaker(rule_configs.overfit(), name="fits",
                                                rule_parameters={"patience": "5"})])
    yield "tensorboard", fit(BUCKET + "/iris",
                             tensorboard_output_config=TensorBoardOutputConfig(BUCKET + "/tensorboard"))
    if two:
        from sagemaker.debugger import FrameworkProfile, ProfilerConfig, ProfilerRule
        yield "profiler", fit(BUCKET + "/iris", profiler_config=ProfilerConfig(
            system_monitor_interval_millis=500, s3_output_path=BUCKET + "/profile"),
            rules=[ProfilerRule.sagemaker(rule_configs.ProfilerReport())])
        yield "framework-profile", fit(BUCKET + "/iris", profiler_config=ProfilerConfig(
            framework_profile_params=FrameworkProfile(start_step=2, num_steps=3)))
        yield "no-profiler", fit(BUCKET + "/iris", disable_profiler=True, debugger_hook_config=False)


def frameworks(two, fit):
    from sagemaker.pytorch import PyTorch
    from sagemaker.sklearn import SKLearn
    from sagemaker.tensorflow import TensorFlow
    from sagemaker.xgboost import XGBoost
    options = {"hyperparameters": {"epochs": 3}, "metric_definitions": METRICS}
    yield "sklearn", fit(BUCKET + "/iris", SKLearn, py_version="py3",
                         framework_version="1.2-1" if two else "0.23-1", **options)
    yield "xgboost", fit(BUCKET + "/iris", XGBoost, framework_version="1.7-1" if two else "1.0-1",
                         py_version="py3", train_instance_type="ml.m5.xlarge", **options)
    yield "pytorch", fit(BUCKET + "/iris", PyTorch, framework_version="2.3" if two else "1.5.0",
                         py_version="py311" if two else "py3", train_instance_type="ml.g4dn.xlarge", **options)
    yield "pytorch-distributed", fit(
        BUCKET + "/iris", PyTorch, framework_version="2.0.1" if two else "1.5.0",
        py_version="py310" if two else "py3", train_instance_type="ml.p3.16xlarge", train_instance_count=2,
        **({"distribution": {"pytorchddp": {"enabled": True}}} if two else {}))
    yield "tensorflow", fit(BUCKET + "/iris", TensorFlow, framework_version="2.14" if two else "2.2.0",
                            py_version="py310" if two else "py37", model_dir=BUCKET + "/models", **options)


def second(fit, estimator, Input):
    from sagemaker.huggingface import HuggingFace
    from sagemaker.instance_group import InstanceGroup
    from sagemaker.sklearn import SKLearn
    yield "fast-file", fit({"train": Input(BUCKET + "/train", input_mode="FastFile")}, input_mode="FastFile")
    yield "environment", fit(BUCKET + "/iris", environment={"MODE": "full", "WORKERS": "2"})
    yield "warm-pool", fit(BUCKET + "/iris", keep_alive_period_in_seconds=600)
    yield "retry", fit(BUCKET + "/iris", max_retry_attempts=3, enable_remote_debug=True,
                       enable_infra_check=True, enable_session_tag_chaining=True)
    yield "entrypoint", fit(BUCKET + "/iris", container_entry_point=["python", "train.py"],
                            container_arguments=["--epochs", "3"], disable_output_compression=True)
    yield "private-registry", fit(BUCKET + "/iris", image_name="registry.example.com/iris:1",
                                  training_repository_access_mode="Vpc", **VPC)
    groups = [InstanceGroup("small", "ml.c5.xlarge", 1), InstanceGroup("large", "ml.p3.2xlarge", 2)]
    yield "groups", fit({"train": Input(BUCKET + "/train", instance_groups=["small"])},
                        instance_groups=groups, train_instance_count=None, train_instance_type=None)
    yield "local-code", fit(BUCKET + "/iris", entry_point="train.py", source_dir=str(SOURCE))
    yield "huggingface", fit(BUCKET + "/iris", HuggingFace, transformers_version="4.36",
                             pytorch_version="2.1", py_version="py310",
                             train_instance_type="ml.p3.2xlarge", hyperparameters={"epochs": 1})
    yield "code-location", fit(BUCKET + "/iris", SKLearn, framework_version="1.2-1", py_version="py3",
                               code_location=BUCKET + "/code", dependencies=[str(SOURCE)])
    yield "experiment", lambda: estimator().fit(BUCKET + "/iris", wait=False, experiment_config={
        "ExperimentName": "iris", "TrialName": "one", "TrialComponentDisplayName": "fit"})


def models(two, session, estimator):
    from sagemaker.model import Model
    from sagemaker.multidatamodel import MultiDataModel
    from sagemaker.pipeline import PipelineModel
    session.endpoint_from_production_variants = lambda *a, **k: None
    image = "image_uri" if two else "image"

    def model(**more):
        return Model(**{image: IMAGE, "model_data": ARTIFACT, "role": ROLE, "sagemaker_session": session} | more)

    def deploy(made):
        return lambda: made().deploy(initial_instance_count=1, instance_type="ml.c4.xlarge", wait=False)

    yield "model", deploy(model)
    yield "model-vpc", deploy(lambda: model(vpc_config=VPC_CONFIG, enable_network_isolation=True,
                                            env={"MODE": "fast"}, name="iris-model"))
    yield "model-no-data", deploy(lambda: model(model_data=None))
    yield "model-pipeline", deploy(lambda: PipelineModel([model(), model(env={"A": "b"})], ROLE,
                                                         sagemaker_session=session))
    many = {"image_uri" if two else "image": IMAGE}
    yield "model-many", deploy(lambda: MultiDataModel("iris-many", BUCKET + "/models/", role=ROLE,
                                                      sagemaker_session=session, **many))
    if two:
        yield "model-uncompressed", deploy(lambda: model(model_data={"S3DataSource": {
            "S3Uri": BUCKET + "/model/", "S3DataType": "S3Prefix", "CompressionType": "None"}}))
        yield "model-registry", deploy(lambda: model(
            image_config={"RepositoryAccessMode": "Vpc"}, vpc_config=VPC_CONFIG))

    def from_job():
        made = estimator()
        made.fit(BUCKET + "/iris", wait=False, job_name="iris-1")
        del sent[:]
        made.deploy(initial_instance_count=1, instance_type="ml.c4.xlarge", wait=False)

    yield "model-of-job", from_job


def trainers():
    """Situations of the third SDK."""
    from sagemaker.core import shapes
    from sagemaker.core.helper.session_helper import Session
    from sagemaker.core.resources import Model
    from sagemaker.train import ModelTrainer
    from sagemaker.train import configs
    session = Session()

    def train(**more):
        channels = more.pop("inputs", [configs.InputData(channel_name="training",
                                                         data_source=BUCKET + "/iris")])
        basic = {"training_image": IMAGE, "role": ROLE, "sagemaker_session": session,
                 "base_job_name": "iris",
                 "compute": configs.Compute(instance_type="ml.c4.2xlarge", instance_count=1)}
        after = more.pop("after", lambda trainer: trainer)

        def go():
            after(ModelTrainer(**basic | more)).train(input_data_config=channels, wait=False, logs=False)
        return go

    def channel(name, uri, **more):
        source = shapes.S3DataSource(s3_data_type="S3Prefix", s3_uri=uri,
                                     s3_data_distribution_type="FullyReplicated")
        return shapes.Channel(channel_name=name, data_source=shapes.DataSource(s3_data_source=source), **more)

    yield "trainer", train(output_data_config=shapes.OutputDataConfig(s3_output_path=BUCKET + "/output"))
    yield "trainer-no-inputs", train(inputs=None)
    yield "hyperparameters", train(hyperparameters={"epochs": 10, "rate": 0.1, "name": "x y",
                                                    "layers": [3, 4], "flag": True})
    yield "channels", train(inputs=[
        channel("train", BUCKET + "/train", content_type="text/csv"),
        channel("validation", BUCKET + "/validation/", input_mode="FastFile"),
        configs.InputData(channel_name="test", data_source=BUCKET + "/test")])
    yield "source-code", train(source_code=configs.SourceCode(
        source_dir=str(SOURCE), entry_script="train.py", requirements="requirements.txt"))
    yield "command", train(source_code=configs.SourceCode(source_dir=str(SOURCE), command="python train.py"))
    yield "spot-checkpoint", train(
        compute=configs.Compute(instance_type="ml.c5.xlarge", instance_count=1,
                                enable_managed_spot_training=True),
        stopping_condition=configs.StoppingCondition(max_runtime_in_seconds=3600,
                                                     max_wait_time_in_seconds=7200),
        checkpoint_config=shapes.CheckpointConfig(s3_uri=BUCKET + "/checkpoints"))
    yield "vpc", train(networking=configs.Networking(
        subnets=VPC["subnets"], security_group_ids=VPC["security_group_ids"],
        enable_network_isolation=True, enable_inter_container_traffic_encryption=True))
    yield "keys", train(
        output_data_config=shapes.OutputDataConfig(s3_output_path=BUCKET + "/output", kms_key_id=KEY,
                                                   compression_type="NONE"),
        compute=configs.Compute(instance_type="ml.m5.large", instance_count=2, volume_size_in_gb=50,
                                volume_kms_key_id=KEY))
    yield "warm-pool", train(compute=configs.Compute(instance_type="ml.m5.large", instance_count=1,
                                                     keep_alive_period_in_seconds=600))
    yield "groups", train(
        compute=configs.Compute(instance_groups=[shapes.InstanceGroup(
            instance_group_name="all", instance_type="ml.c5.xlarge", instance_count=2)]))
    yield "algorithm", train(training_image=None, algorithm_name="scikit-decision-trees")
    yield "metrics-tags", train(
        tags=[shapes.Tag(key="team", value="mlops")], environment={"MODE": "full"},
        after=lambda t: t.with_metric_definitions([shapes.MetricDefinition(name=m["Name"], regex=m["Regex"])
                                                   for m in METRICS]))
    yield "more", train(after=lambda t: t.with_retry_strategy(shapes.RetryStrategy(maximum_retry_attempts=3))
                        .with_infra_check_config(shapes.InfraCheckConfig(enable_infra_check=True))
                        .with_remote_debug_config(shapes.RemoteDebugConfig(enable_remote_debug=True))
                        .with_session_chaining_config(
                            shapes.SessionChainingConfig(enable_session_tag_chaining=True))
                        .with_tensorboard_output_config(
                            shapes.TensorBoardOutputConfig(s3_output_path=BUCKET + "/tensorboard")))
    container = {"image": IMAGE, "model_data_url": ARTIFACT}
    yield "model", lambda: Model.create(
        model_name="iris", execution_role_arn=ROLE,
        primary_container=shapes.ContainerDefinition(**container, environment={"MODE": "fast"}))
    yield "model-serial", lambda: Model.create(
        model_name="iris-serial", execution_role_arn=ROLE,
        containers=[shapes.ContainerDefinition(**container), shapes.ContainerDefinition(**container)],
        vpc_config=shapes.VpcConfig(security_group_ids=VPC["security_group_ids"], subnets=VPC["subnets"]),
        tags=[shapes.Tag(key="team", value="mlops")], enable_network_isolation=True)


def main():
    failed = 0
    for name, situation in (trainers() if VERSION.startswith("3") else estimators(VERSION.startswith("2"))):
        del sent[:]
        try:
            situation()
        except Exception as error:
            if not sent:
                failed += 1
                print(f"{VERSION} {name}: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr)
        for file, body in sent:
            to = FOLDER / VERSION / name / file
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_text(neutral(json.dumps(body, indent=1)) + "\n")
            print(to.relative_to(FOLDER))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
