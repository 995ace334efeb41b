#!/usr/bin/env python3
"""Signs every request of fake_server.py's log again with botocore and compares.

verify_log.py LOG KEY=SECRET...: requests of other keys are left out. Exit 1 when one differs.
"""
import datetime
import json
import re
import sys

import botocore.auth
import botocore.awsrequest
import botocore.credentials

secrets = dict(a.split("=", 1) for a in sys.argv[2:])
good = bad = 0
for line in open(sys.argv[1], encoding="utf-8"):
    r = json.loads(line)
    h = r["headers"]
    m = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request, "
                     r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})", h.get("authorization", ""))
    if not m or m[1] not in secrets:
        continue
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True, t=h["x-amz-date"]: (
        datetime.datetime.strptime(t, "%Y%m%dT%H%M%SZ"))
    signed = {n: h[n] for n in m[4].split(";") if n not in ("host", "x-amz-date", "x-amz-security-token")}
    request = botocore.awsrequest.AWSRequest(r["method"], f"http://{h['host']}{r['path']}", headers=signed,
                                             data=r["body"].encode())
    botocore.auth.SigV4Auth(
        botocore.credentials.Credentials(m[1], secrets[m[1]], h.get("x-amz-security-token")), m[3], m[2]).add_auth(request)
    if request.headers["Authorization"].endswith(m[5]):
        good += 1
    else:
        bad += 1
        print("differs:", r["method"], r["path"], h.get("x-amz-target"))
print(f"{good} signatures agree, {bad} differ")
sys.exit(bad > 0)
