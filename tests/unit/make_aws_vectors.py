#!/usr/bin/env python3
"""Signed requests as botocore makes them, for test_aws_sign.c.

make_aws_vectors.py >aws_vectors.h: needs botocore; run by hand when a case is added.
"""
import datetime
import json

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.session
from botocore.config import Config

NOW = datetime.datetime(2024, 2, 29, 12, 34, 56)
KEY, SECRET, TOKEN = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "tok/en+1=="
botocore.auth.get_current_datetime = lambda remove_tzinfo=True: NOW
session = botocore.session.Session()

KEYS = ["plain.txt", "a b/c d.csv", "a+b", "100%", "100%25", "träin/データ.csv", "//double//slash", "~tilde~",
        "dot/../dot/./x", "q?x=y&z", "a=b;c,d:e@f$g!h*i'j(k)", "#frag", "back\\slash", "trailing/", " ", "%2F"]


def c(s):
    """A C string literal of UTF-8."""
    return json.dumps(s, ensure_ascii=False)


def captured(service, operation, endpoint, **kw):
    """URL and signature of a request of a botocore client."""
    client = session.create_client(
        service, region_name="us-east-2", aws_access_key_id=KEY, aws_secret_access_key=SECRET,
        aws_session_token=TOKEN, endpoint_url=endpoint,
        config=Config(request_checksum_calculation="when_required", response_checksum_validation="when_required"))
    got = []

    def before_send(request, **_):
        got.append((request.url, request.headers["Authorization"].decode().rpartition("=")[2]))
        raise KeyboardInterrupt

    client.meta.events.register("before-send.*.*", before_send)
    try:
        getattr(client, operation)(**kw)
    except KeyboardInterrupt:
        pass
    return got[0]


def signed(service, region, url, headers, body):
    """The signature of a POST with this very body."""
    request = botocore.awsrequest.AWSRequest("POST", url, headers=headers, data=body)
    credentials = botocore.credentials.Credentials(KEY, SECRET, TOKEN)
    botocore.auth.SigV4Auth(credentials, service, region).add_auth(request)
    return request.headers["Authorization"].rpartition("=")[2]


print("/* Made by make_aws_vectors.py: what botocore sends. */")
print("static const struct { const char *bucket, *key, *endpoint, *url, *signature; } object_vectors[] = {")
for bucket, key in [("my-bucket", k) for k in KEYS] + [("dotted.bucket", "k"), ("under_score", "k")]:
    for endpoint in (None, "http://127.0.0.1:5000", "http://127.0.0.1:5000/base"):
        url, signature = captured("s3", "get_object", endpoint, Bucket=bucket, Key=key)
        print(f"\t{{ {c(bucket)}, {c(key)}, {c(endpoint) if endpoint else 'NULL'},\n\t  {c(url)},\n\t  {c(signature)} }},")
print("};\n\nstatic const struct { const char *operation, *input, *url, *body, *signature; } call_vectors[] = {")
JSON, QUERY = "application/x-amz-json-1.1", "application/x-www-form-urlencoded; charset=utf-8"
for operation, given, service, region, url, headers, body in [
    ("sagemaker:DescribeTrainingJob", '{"TrainingJobName":"ü~ x"}', "sagemaker", "us-east-2",
     "https://api.sagemaker.us-east-2.amazonaws.com/",
     {"Content-Type": JSON, "X-Amz-Target": "SageMaker.DescribeTrainingJob"}, '{"TrainingJobName":"ü~ x"}'),
    ("ecr:BatchGetImage", "{}", "ecr", "us-east-2", "https://api.ecr.us-east-2.amazonaws.com/",
     {"Content-Type": JSON, "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.BatchGetImage"}, "{}"),
    ("sqs:SendMessage", '{"MessageBody":"x"}', "sqs", "us-east-2", "https://sqs.us-east-2.amazonaws.com/",
     {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.SendMessage"}, '{"MessageBody":"x"}'),
    ("iam:CreateRole", '{"RoleName":"r","Tags":[{"Key":"a","Value":"b c+d"},{"Key":"e","Value":"ü~*"}],'
     '"MaxSessionDuration":3600,"X":true,"Empty":[]}', "iam", "us-east-1", "https://iam.amazonaws.com/",
     {"Content-Type": QUERY}, "Action=CreateRole&Version=2010-05-08&RoleName=r&Tags.member.1.Key=a&"
     "Tags.member.1.Value=b%20c%2Bd&Tags.member.2.Key=e&Tags.member.2.Value=%C3%BC~%2A&MaxSessionDuration=3600&"
     "X=true&Empty="),
    ("sts:GetCallerIdentity", "{}", "sts", "us-east-2", "https://sts.us-east-2.amazonaws.com/",
     {"Content-Type": QUERY}, "Action=GetCallerIdentity&Version=2011-06-15"),
]:
    signature = signed(service, region, url, headers, body.encode())
    print(f"\t{{ {c(operation)}, {c(given)},\n\t  {c(url)},\n\t  {c(body)},\n\t  {c(signature)} }},")
print("};")
