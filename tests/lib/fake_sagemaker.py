#!/usr/bin/env python3
"""Three small AWS accounts for the build step's command line tests.

fake_sagemaker.py FOLDER

Listens on 127.0.0.1 and writes its port to FOLDER/port, every request as a line of JSON to FOLDER/log.
Ends when its standard input ends. Access keys AKIADEVOPS…, AKIABETA… and AKIAPRODUCTION… (secret: any)
belong to accounts 111111111111, 222222222222 and 333333333333.

FOLDER/plan is read at every request: a JSON object. FOLDER/jobs: the jobs that were taken.
  "status":  how jobs end (Completed, Failed, Stopped, MaxRuntimeExceeded; "" never), "reason", "polls"
             (how often one is InProgress before), "lines" (log lines), "streams"
  OPERATION: a list of what happens to its next calls, one each, then it answers as it should:
             throttle, 500, denied, html, hang, reset (request not taken), lost (taken, answer not sent),
             refuse:CODE:MESSAGE (status 400)
  "existing": members that replace those of a job when it is described
"""
import base64
import hashlib
import json
import os
import re
import socketserver
import struct
import socket
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler

FOLDER = sys.argv[1]
ACCOUNTS = {"DEVOPS": "111111111111", "BETA": "222222222222", "PRODUCTION": "333333333333"}
DIGEST = "sha256:" + "5" * 64
LOCK = threading.RLock()
state = {"jobs": {}, "models": {}, "done": {}, "iam": {}, "ecr": {}, "s3": {}}


class Refused(Exception):
    def __init__(self, code, message, status=400):
        super().__init__(code)
        self.code, self.message, self.status = code, message, status


def plan():
    try:
        with open(os.path.join(FOLDER, "plan"), encoding="utf-8") as f:
            return json.load(f)
    except FileNotFoundError:
        return {}


# ---- SageMaker ----

def create_training_job(account, q):
    name = q["TrainingJobName"]
    if (account, name) in state["jobs"]:
        raise Refused("ResourceInUse", "Training job names must be unique within an AWS account")
    arn = f"arn:aws:sagemaker:us-east-2:{account}:training-job/{name}"
    state["jobs"][account, name] = {**q, "TrainingJobArn": arn, "polled": 0, "stopped": False}
    with open(os.path.join(FOLDER, "jobs"), "w", encoding="utf-8") as f:
        json.dump([{"name": job["TrainingJobName"], "trial": job.get("HyperParameters", {}).get("trial")}
                   for job in state["jobs"].values()], f)
    return {"TrainingJobArn": arn}


def describe_training_job(account, q):
    job = state["jobs"].get((account, q["TrainingJobName"]))
    if job is None:
        raise Refused("ValidationException", "Requested resource not found.")
    p = plan()
    end = "Stopped" if job["stopped"] else p.get("status", "Completed")
    d = {k: v for k, v in job.items() if k not in ("polled", "stopped", "Tags")}
    steps = [{"Status": "Starting", "StartTime": 1700000000, "StatusMessage": "Preparing"}]
    job["polled"] += 1
    if end == "" or job["polled"] <= p.get("polls", 0):
        d.update(TrainingJobStatus="InProgress", SecondaryStatus="Training")
        steps.append({"Status": "Training", "StartTime": 1700000001.5, "StatusMessage": "In progress"})
    else:
        over = "Stopped" if end == "MaxRuntimeExceeded" else end
        d.update(TrainingJobStatus=over, SecondaryStatus=end, TrainingTimeInSeconds=61, BillableTimeInSeconds=61,
                 FinalMetricDataList=[{"MetricName": "validation:accuracy", "Value": 0.97, "Timestamp": 1700000002}])
        if over == "Failed":
            d["FailureReason"] = p.get("reason", "AlgorithmError: exit code 1")
        else:
            base = q_output(job)
            d["ModelArtifacts"] = {"S3ModelArtifacts": f"{base}{job['TrainingJobName']}/output/model.tar.gz"}
        steps.append({"Status": end, "StartTime": 1700000002, "StatusMessage": "over"})
    d["SecondaryStatusTransitions"] = steps
    d.update(p.get("existing", {}))
    return d


def q_output(job):
    return job["OutputDataConfig"]["S3OutputPath"].rstrip("/") + "/"


def stop_training_job(account, q):
    state["jobs"][account, q["TrainingJobName"]]["stopped"] = True
    return {}


def create_model(account, q):
    if (account, q["ModelName"]) in state["models"]:
        raise Refused("ValidationException", "Cannot create already existing model")
    arn = f"arn:aws:sagemaker:us-east-2:{account}:model/{q['ModelName'].lower()}"
    state["models"][account, q["ModelName"]] = {**q, "ModelArn": arn, "EnableNetworkIsolation": False}
    return {"ModelArn": arn}


def describe_model(account, q):
    if (account, q["ModelName"]) not in state["models"]:
        raise Refused("ValidationException", "Could not find model")
    return state["models"][account, q["ModelName"]]


# ---- the others ----

def get_secret_value(account, q):
    keys = {"aws_access_key_id": "AKIABETA000000000000", "aws_secret_access_key": "canary/Secret+0123456789012345678901"}
    secrets = {"mlops/beta": keys, "no-keys": {"username": "x", "password": "canary/Secret+01"}}
    if q["SecretId"] not in secrets or account != "111111111111":
        raise Refused("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    return {"Name": q["SecretId"], "SecretString": json.dumps(secrets[q["SecretId"]])}


def batch_get_image(account, q):
    if account != q["registryId"] and account != "222222222222":
        raise Refused("AccessDeniedException", "not authorized to perform: ecr:BatchGetImage")
    tag = q["imageIds"][0]["imageTag"]
    if tag == "missing":
        return {"images": [], "failures": [{"failureCode": "ImageNotFound", "imageId": {"imageTag": tag}}]}
    return {"images": [{"imageId": {"imageDigest": DIGEST, "imageTag": tag}}], "failures": []}


def describe_log_streams(_, q):
    p = plan()
    if "lines" not in p:
        raise Refused("ResourceNotFoundException", "The specified log group does not exist.")
    return {"logStreams": [{"logStreamName": f"{q['logStreamNamePrefix']}algo-{i + 1}-1700000000"}
                           for i in range(p.get("streams", 1))]}


def get_log_events(_, q):
    """Three lines a page; the token says how many there were."""
    lines = plan().get("lines", [])
    start = int(q.get("nextToken", "f/0")[2:])
    page = lines[start:start + 3]
    host = re.search(r"algo-\d+", q["logStreamName"])[0]
    return {"events": [{"message": f"{line} of {host}", "timestamp": 1} for line in page],
            "nextForwardToken": f"f/{start + len(page)}"}


def ecr_policy(account, q):
    key = (account, q["repositoryName"])
    if q["repositoryName"] != "scikit-learn-iris":
        raise Refused("RepositoryNotFoundException", "The repository does not exist")
    if "policyText" in q:
        state["ecr"][key] = q["policyText"]
    if key not in state["ecr"]:
        raise Refused("RepositoryPolicyNotFoundException", "Repository policy does not exist")
    return {"policyText": state["ecr"][key]}


JSON = {"CreateTrainingJob": create_training_job, "DescribeTrainingJob": describe_training_job,
        "StopTrainingJob": stop_training_job, "CreateModel": create_model, "DescribeModel": describe_model,
        "GetSecretValue": get_secret_value, "BatchGetImage": batch_get_image,
        "DescribeLogStreams": describe_log_streams, "GetLogEvents": get_log_events,
        "GetRepositoryPolicy": ecr_policy, "SetRepositoryPolicy": ecr_policy}


# ---- IAM and STS: XML ----

def iam(account, action, q):
    """Roles, groups, users and their inline policies are entries of one dictionary."""
    store = state["iam"].setdefault(account, {"role/codebuild-scikit-learn-iris": "{}"})
    kind = next((k for k in ("Role", "Group", "User") if k in action), "User")
    name = q.get(kind + "Name", "")
    key = f"{kind.lower()}/{name}"
    inner = f"{key}/{q.get('PolicyName')}"
    document = q.get("PolicyDocument", q.get("AssumeRolePolicyDocument", ""))
    if action.startswith("Create"):
        if key in store:
            raise Refused("EntityAlreadyExists", f"{kind} with name {name} already exists.", 409)
        store[key] = document
        return ""
    if action == "AddUserToGroup":
        store["user/" + q["UserName"]] = q["GroupName"]
        return ""
    if action == "ListGroupsForUser":
        group = store.get("user/" + q["UserName"])
        return f"<Groups>{f'<member><GroupName>{group}</GroupName></member>' if group else ''}</Groups>"
    if key not in store:
        raise Refused("NoSuchEntity", f"The {kind.lower()} with name {name} cannot be found.", 404)
    if action.startswith("Put") or action == "UpdateAssumeRolePolicy":
        store[inner if "PolicyName" in q else key] = document
        return ""
    if "PolicyName" in q:
        if inner not in store:
            raise Refused("NoSuchEntity", "The policy cannot be found.", 404)
        return f"<PolicyDocument>{urllib.parse.quote(store[inner])}</PolicyDocument>"
    arn = f"arn:aws:iam::{account}:{key}"
    return (f"<{kind}><Arn>{arn}</Arn><{kind}Name>{name}</{kind}Name><AssumeRolePolicyDocument>"
            f"{urllib.parse.quote(store[key])}</AssumeRolePolicyDocument></{kind}>")


def query(account, q):
    action = q["Action"]
    if action == "GetCallerIdentity":
        inner = f"<Account>{account}</Account><Arn>arn:aws:iam::{account}:user/x</Arn><UserId>A</UserId>"
    elif action == "AssumeRole":
        owner = next(n for n, number in ACCOUNTS.items() if number == q["RoleArn"].split(":")[4])
        inner = (f"<Credentials><AccessKeyId>ASIA{owner}00000000000</AccessKeyId><SecretAccessKey>s3cr3t/roleRoleRole"
                 "</SecretAccessKey><SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
                 "</Credentials>")
    else:
        inner = iam(account, action, q)
    return f"<{action}Response><{action}Result>{inner}</{action}Result></{action}Response>"


def s3(method, bucket, what, body, checksums):
    if method == "PUT" and checksums != [base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()]:
        raise Refused("InvalidRequest", "Expecting a single x-amz-checksum- header")
    if bucket != "mlops-beta-222222222222":
        raise Refused("NoSuchBucket", "The specified bucket does not exist", 404)
    if method == "PUT":
        state["s3"][what] = body
        return ""
    if what not in state["s3"]:
        code = {"policy": "NoSuchBucketPolicy", "ownershipControls": "OwnershipControlsNotFoundError"}[what]
        raise Refused(code, "there is none", 404)
    return state["s3"][what]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # the second piece of an answer would wait for the client's word

    def log_message(self, *_):
        pass

    def reply(self, status, text, kind="application/x-amz-json-1.1"):
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("x-amzn-RequestId", "id-1")
        self.end_headers()
        self.wfile.write(data)

    def refuse(self, form, code, message, status):
        if form == "json":
            self.reply(status, json.dumps({"__type": code, "message": message}))
        elif form == "query":
            self.reply(status, f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error>"
                               "<RequestId>id-1</RequestId></ErrorResponse>", "text/xml")
        else:
            self.reply(status, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>", "application/xml")

    def next_step(self, operation):
        steps = plan().get(operation, [])
        with LOCK:
            n = state["done"].get((operation, tuple(steps)), 0)
            state["done"][operation, tuple(steps)] = n + 1
        return steps[n] if n < len(steps) else ""

    def misbehave(self, step, form):
        """True when the call must not be carried out, and has its answer."""
        if step == "throttle":
            self.refuse(form, "ThrottlingException", "Rate exceeded", 400)
        elif step == "500":
            self.refuse(form, "InternalFailure", "come again", 500)
        elif step == "denied":
            self.refuse(form, "AccessDeniedException", "User: x is not authorized to perform: that", 403)
        elif step == "html":
            self.reply(200, "<!DOCTYPE html><html>hotel</html>", "text/html")
        elif step == "hang":
            time.sleep(60)
        elif step == "reset":
            self.cut()
        elif step.startswith("refuse:"):
            self.refuse(form, *step.split(":", 2)[1:], 400)
        else:
            return False
        return True

    def cut(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()
        self.wfile = open(os.devnull, "wb")

    def handle_all(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        key = re.search(r"Credential=(?:AKIA|ASIA)([A-Z]+?)0", self.headers.get("Authorization", ""))
        account = ACCOUNTS[key[1]]
        target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        url = urllib.parse.urlsplit(self.path)
        form = dict(urllib.parse.parse_qsl(body)) if not target and self.command == "POST" else {}
        what = url.query.partition("=")[0]
        operation = target or form.get("Action") or f"{self.command}:{what}"
        with LOCK, open(os.path.join(FOLDER, "log"), "a", encoding="utf-8") as f:
            f.write(json.dumps({"operation": operation, "account": account, "body": json.loads(body) if target else
                                form or body}) + "\n")
        kind = "json" if target else "query" if form else "s3"
        step = self.next_step(operation)
        if self.misbehave(step, kind):
            return
        try:
            with LOCK:
                if target:
                    text, media = json.dumps(JSON[target](account, json.loads(body))), "application/x-amz-json-1.1"
                elif form:
                    text, media = query(account, form), "text/xml"
                else:
                    text, media = s3(self.command, url.path.strip("/"), what, body,
                                     self.headers.get_all("x-amz-checksum-sha256", [])), "application/xml"
        except Refused as r:
            self.refuse(kind, r.code, r.message, r.status)
            return
        if step == "lost":
            self.cut()
        else:
            self.reply(200, text, media)

    do_GET = do_PUT = do_POST = handle_all


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        pass


def main():
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with open(os.path.join(FOLDER, "port.new"), "w", encoding="utf-8") as f:
        f.write(str(server.server_address[1]))
    os.rename(os.path.join(FOLDER, "port.new"), os.path.join(FOLDER, "port"))
    sys.stdin.read()


main()
