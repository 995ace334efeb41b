"""Requests against the service model, in AWS's sentences."""

from __future__ import annotations

import unittest

import support  # noqa: F401
from localaws import validation
from localaws.errors import AwsError

GOOD = {"TrainingJobName": "a", "RoleArn": "arn:aws:iam::222222222222:role/r",
        "AlgorithmSpecification": {"TrainingImage": "i", "TrainingInputMode": "File"},
        "OutputDataConfig": {"S3OutputPath": "s3://b/o"},
        "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.c4.2xlarge", "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60}}
BAD = [
    ({"TrainingJobName": None}, "1 validation error detected: Value null at 'trainingJobName' failed to satisfy constraint: "
     "Member must not be null"),
    ({"TrainingJobName": "a_b"}, "Value 'a_b' at 'trainingJobName' failed to satisfy constraint: Member must satisfy regular "
     "expression pattern: "),
    ({"TrainingJobName": "a" * 64}, "Member must have length less than or equal to 63"),
    ({"ResourceConfig": {"InstanceCount": -1, "VolumeSizeInGB": 30}}, "Value '-1' at 'resourceConfig.instanceCount' failed to "
     "satisfy constraint: Member must have value greater than or equal to 0"),
    ({"ResourceConfig": {"InstanceType": "ml.nothing", "VolumeSizeInGB": 30}}, "Value 'ml.nothing' at "
     "'resourceConfig.instanceType' failed to satisfy constraint: Member must satisfy enum value set: [ml."),
    ({"HyperParameters": {"k": "v" * 2501}}, "at 'hyperParameters' failed to satisfy constraint: Map value must satisfy "
     "constraint: [Member must have length less than or equal to 2500"),
    ({"InputDataConfig": [{"ChannelName": "a b", "DataSource": {}}]}, "Value 'a b' at 'inputDataConfig.1.member.channelName'"),
    ({"TrainingJobName": None, "RoleArn": None}, "2 validation errors detected: "),
]


class Validation(unittest.TestCase):
    def test_good(self) -> None:
        validation.check("sagemaker", "CreateTrainingJob", GOOD)

    def test_bad(self) -> None:
        for change, words in BAD:
            with self.subTest(words), self.assertRaises(AwsError) as caught:
                validation.check("sagemaker", "CreateTrainingJob", {**GOOD, **change})
            self.assertEqual(caught.exception.code, "ValidationException")
            self.assertIn(words, caught.exception.message)

    def test_wrong_type(self) -> None:
        for change in ({"TrainingJobName": 5}, {"HyperParameters": []}, {"InputDataConfig": {}},
                       {"ResourceConfig": {"InstanceCount": "1"}}, {"HyperParameters": {"k": 5}},
                       {"EnableNetworkIsolation": "yes"}):
            with self.subTest(change), self.assertRaises(AwsError) as caught:
                validation.check("sagemaker", "CreateTrainingJob", {**GOOD, **change})
            self.assertEqual(caught.exception.code, "SerializationException")
