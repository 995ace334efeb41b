"""What the targets sent, made and read back by boto3: targets_aws.py make|sqs|bus|pipeline|deny."""
import json
import sys
import time

import boto3

REGION = "us-east-2"


def client(name, **more):
    return boto3.client(name, region_name=REGION, **more)


def make():
    iam, sqs, events = client("iam"), client("sqs"), client("events")
    sqs.create_queue(QueueName="pushes")
    sqs.create_queue(QueueName="pushes.fifo", Attributes={"FifoQueue": "true"})
    sqs.create_queue(QueueName="from-bus")
    arn = sqs.get_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName="from-bus")["QueueUrl"],
                                   AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.create_event_bus(Name="pushes")
    events.put_rule(Name="all", EventBusName="pushes",
                    EventPattern=json.dumps({"source": ["codetrain"], "detail": {"branch": ["main"]}}))
    events.put_targets(Rule="all", EventBusName="pushes", Targets=[{"Id": "1", "Arn": arn}])
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "codepipeline.amazonaws.com"}}]}
    role = iam.create_role(RoleName="pipeline", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    action = {"runOrder": 1, "configuration": {}, "inputArtifacts": [], "outputArtifacts": []}
    client("codepipeline").create_pipeline(pipeline={
        "name": "iris", "roleArn": role, "version": 1, "artifactStore": {"type": "S3", "location": "mlops-beta-222222222222"},
        "stages": [{"name": "Source", "actions": [{**action, "name": "Source", "actionTypeId": {
            "category": "Source", "owner": "AWS", "provider": "CodeCommit", "version": "1"}}]},
            {"name": "Build", "actions": [{**action, "name": "Build", "actionTypeId": {
                "category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"}}]}]})
    print(sqs.get_queue_url(QueueName="pushes.fifo")["QueueUrl"])


def messages(name):
    """All messages of a queue, oldest first; bounded."""
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    found, end = [], time.monotonic() + 10
    while time.monotonic() < end:
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"],
                                  AttributeNames=["All"], WaitTimeSeconds=0).get("Messages", [])
        if not got and found:
            break
        for m in got:
            found.append(m)
            sqs.delete_message(QueueUrl=url, ReceiptHandle=m["ReceiptHandle"])
    return found


def sqs(name):
    for m in messages(name):
        body = json.loads(m["Body"])
        attributes = m.get("Attributes", {})
        print(body["id"].rpartition("/")[2], body["ref"], body["new"], m["MessageAttributes"]["codetrain-event"]["StringValue"] == body["id"],
              (attributes.get("MessageDeduplicationId") or "").rpartition("-")[2] or "-", len(attributes.get("MessageGroupId") or ""))


def bus(_):
    for m in messages("from-bus"):
        event = json.loads(m["Body"])
        print(event["source"], event["detail-type"], event["detail"]["id"].rpartition("/")[2], event["detail"]["ref"])


def pipeline(_):
    listed = client("codepipeline").list_pipeline_executions(pipelineName="iris")["pipelineExecutionSummaries"]
    print(" ".join(sorted(e["pipelineExecutionId"] for e in listed)))


def deny(action):
    """The user of the profile may no longer do this."""
    name = client("sts").get_caller_identity()["Arn"].rpartition("/")[2]
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}]}
    client("iam").put_user_policy(UserName=name, PolicyName="deny", PolicyDocument=json.dumps(document))


def allow(_):
    name = client("sts").get_caller_identity()["Arn"].rpartition("/")[2]
    client("iam").delete_user_policy(UserName=name, PolicyName="deny")


COMMANDS = {"make": lambda _: make(), "sqs": sqs, "bus": bus, "pipeline": pipeline, "deny": deny, "allow": allow}
COMMANDS[sys.argv[1]](sys.argv[2] if len(sys.argv) > 2 else "")
