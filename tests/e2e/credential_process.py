#!/usr/bin/env python3
"""What boto3 and Terraform make of `codetrain credentials`.

credential_process.py boto PROFILE       the credentials of a profile, as botocore has them: key, token, account, end, new key
credential_process.py terraform COMMAND  checks the output as Terraform's AWS provider (the SDK for Go) reads it

boto asks twice when the session is about to end, as a program that runs for long does.
"""
import datetime
import json
import re
import subprocess
import sys

# aws-sdk-go-v2, credentials/processcreds: CredentialProcessResponse. Go's JSON takes no string for an int, and for a
# time RFC 3339 alone; AccessKeyID's name there has no case.
MEMBERS = {"Version": int, "AccessKeyId": str, "SecretAccessKey": str, "SessionToken": str, "Expiration": str, "AccountId": str}


def boto(profile):
    import boto3
    credentials = boto3.Session(profile_name=profile).get_credentials()
    first = credentials.get_frozen_credentials()
    end = getattr(credentials, "_expiry_time", None)
    second = credentials.get_frozen_credentials()
    print(first.access_key, first.token or "-", first.account_id or "-",
          end.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") if end else "-",
          "same" if second == first else "renewed")
    boto3.Session(profile_name=profile).client("sts").get_caller_identity()


def terraform(command):
    text = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode()
    answer = json.loads(text)
    assert type(answer["Version"]) is int and answer["Version"] == 1, "Version"
    for name, value in answer.items():
        assert type(value) is MEMBERS[name], f"{name} is a {type(value).__name__}"
        assert value != "", f"{name} is empty"
    assert {"AccessKeyId", "SecretAccessKey"} <= answer.keys(), "a key is missing"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", answer.get("Expiration", "2099-01-01T00:00:00Z"))
    assert re.fullmatch(r"\d{12}", answer.get("AccountId", "1" * 12)), "AccountId"
    # an end without a token would be a session that nobody can use
    assert ("Expiration" not in answer) or ("SessionToken" in answer), "an end without a token"
    print(" ".join(sorted(answer)))


{"boto": lambda a: boto(a[0]), "terraform": terraform}[sys.argv[1]](sys.argv[2:])
