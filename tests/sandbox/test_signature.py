"""Every request's signature, over the wire, in each protocol: the good pass and each kind of bad gets AWS's words."""

from __future__ import annotations

import hashlib
import http.client
import json
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from support import BETA, BUCKET, DEVOPS, REGION, Case, shared

CALLS = [("sagemaker", "list_models", {}), ("sts", "get_caller_identity", {}), ("s3", "list_buckets", {}),
         ("ecr", "describe_repositories", {}), ("iam", "list_roles", {}), ("secretsmanager", "list_secrets", {}),
         ("logs", "describe_log_groups", {}), ("codebuild", "list_projects", {}), ("sqs", "list_queues", {})]
JSON_CALL = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "SageMaker.ListModels"}
FORM_CALL = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
WHO = b"Action=GetCallerIdentity&Version=2011-06-15"


def codes(service: str, json_code: str, query_code: str, s3_code: str) -> str:
    return {"s3": s3_code, "sts": query_code, "iam": query_code}.get(service, json_code)


class Signature(Case):
    def setUp(self) -> None:
        self.world = shared()

    def send(self, service: str, body: bytes, headers: dict[str, str], *, at: datetime | None = None, path: str = "/",
             method: str = "POST", spoil=None) -> tuple[int, str, dict[str, str]]:  # type: ignore[no-untyped-def]
        """A request signed by hand; `spoil` changes the signed request. Answer: status, body, headers."""
        url = self.world.state.api_url() + path
        request = AWSRequest(method=method, url=url, data=body, headers=dict(headers))
        signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(Credentials(*self.world.keys(DEVOPS)), service, REGION)
        moment = (at or datetime.now(timezone.utc)).strftime("%Y%m%dT%H%M%SZ")
        request.context["timestamp"] = moment
        request.headers["X-Amz-Date"] = moment
        request.headers["Host"] = urlsplit(url).netloc
        if service == "s3":
            request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(body).hexdigest()
        signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
        signed = signer.signed_headers(signer.headers_to_sign(request))
        request.headers["Authorization"] = (f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders={signed}, "
                                            f"Signature={signature}")
        fields, sent = dict(request.headers.items()), body
        if spoil:
            fields, sent = spoil(fields, sent)
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
        try:
            connection.request(method, path, sent, fields)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), dict(answer.getheaders())
        finally:
            connection.close()

    def test_good_in_each_protocol(self) -> None:
        for service, operation, params in CALLS:
            with self.subTest(service):
                answer = getattr(self.world.client(service), operation)(**params)
                self.assertTrue(answer["ResponseMetadata"]["RequestId"])

    def test_wrong_secret(self) -> None:
        key, secret = self.world.keys(DEVOPS)
        for service, operation, params in CALLS:
            with self.subTest(service):
                client = self.world.client(service, keys=(key, secret[:-1] + ("A" if secret[-1] != "A" else "B")))
                self.refused(codes(service, "InvalidSignatureException", "SignatureDoesNotMatch", "SignatureDoesNotMatch"),
                             "The request signature we calculated does not match the signature you provided",
                             getattr(client, operation), **params)

    def test_unknown_key(self) -> None:
        for service, operation, params in CALLS:
            with self.subTest(service):
                client = self.world.client(service, keys=("AKIAUNKNOWNUNKNOWN00", "s" * 40))
                words = "does not exist in our records" if service == "s3" else "The security token included in the request is invalid"
                self.refused(codes(service, "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId"),
                             words, getattr(client, operation), **params)

    def test_session_tokens(self) -> None:
        good = self.world.client("sts", BETA).get_session_token()["Credentials"]
        keys = (good["AccessKeyId"], good["SecretAccessKey"], good["SessionToken"])
        self.assertEqual(self.world.client("sts", keys=keys).get_caller_identity()["Account"], BETA)
        for spoilt in (keys[:2], (*keys[:2], keys[2] + "x"), (*self.world.keys(BETA), keys[2])):
            self.refused("UnrecognizedClientException", "security token", self.world.client("sagemaker", keys=spoilt).list_models)
            self.refused("InvalidClientTokenId", "security token", self.world.client("sts", keys=spoilt).get_caller_identity)
            self.refused("InvalidToken", "malformed", self.world.client("s3", keys=spoilt).list_buckets)

    def test_expired_token(self) -> None:
        good = self.world.client("sts", BETA).get_session_token()["Credentials"]
        keys = (good["AccessKeyId"], good["SecretAccessKey"], good["SessionToken"])
        path = self.world.state.sessions
        # The api keeps its own copy: end the session in the file and start the api again.
        import os
        import signal
        sessions = json.loads(path.read_text())
        sessions[keys[0]]["expires"] = (datetime.now(timezone.utc) - timedelta(minutes=1)).isoformat(timespec="seconds")
        os.kill(self.world.pid("api") or 0, signal.SIGKILL)
        path.write_text(json.dumps(sessions))
        self.world.sandbox("up")
        self.refused("ExpiredTokenException", "expired", self.world.client("sagemaker", keys=keys).list_models)
        self.refused("ExpiredToken", "expired", self.world.client("sts", keys=keys).get_caller_identity)
        self.refused("ExpiredToken", "The provided token has expired.", self.world.client("s3", keys=keys).list_buckets)

    def test_inactive_key(self) -> None:
        iam = self.world.client("iam")
        keys = self.world.user(DEVOPS, "sleeper")
        iam.update_access_key(UserName="sleeper", AccessKeyId=keys[0], Status="Inactive")
        self.refused("InvalidClientTokenId", "invalid", self.world.client("sts", keys=keys).get_caller_identity)

    def test_clock(self) -> None:
        now = datetime.now(timezone.utc)
        for minutes, status in ((-14, 200), (14, 200), (-16, 400), (16, 400)):
            with self.subTest(minutes=minutes):
                self.assertEqual(self.send("sagemaker", b"{}", JSON_CALL, at=now + timedelta(minutes=minutes))[0], status)
        late = self.send("sagemaker", b"{}", JSON_CALL, at=now - timedelta(minutes=20))
        self.assertIn("InvalidSignatureException", late[1])
        self.assertRegex(late[1], r"Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z")
        early = self.send("sts", WHO, FORM_CALL, at=now + timedelta(minutes=20))
        self.assertEqual(early[0], 403)
        self.assertRegex(early[1], "SignatureDoesNotMatch.*Signature not yet current")
        s3 = self.send("s3", b"", {}, at=now - timedelta(minutes=20), method="GET")
        self.assertEqual((s3[0], "RequestTimeTooSkewed" in s3[1]), (403, True))

    def test_no_signature(self) -> None:
        def bare(fields, body):  # type: ignore[no-untyped-def]
            del fields["Authorization"]
            return fields, body
        self.assertIn("MissingAuthenticationTokenException", self.send("sagemaker", b"{}", JSON_CALL, spoil=bare)[1])
        self.assertEqual(self.send("sts", WHO, FORM_CALL, spoil=bare)[0], 403)
        status, body, headers = self.send("s3", b"", {}, method="GET", path=f"/{BUCKET}/iris/training/iris.csv", spoil=bare)
        self.assertEqual((status, "<Code>AccessDenied</Code>" in body), (403, True))
        self.assertIn("x-amzn-RequestId", headers)

    def test_changed_on_the_way(self) -> None:
        def body(fields, sent):  # type: ignore[no-untyped-def]
            return fields, b'{"MaxResults": 5}'

        def header(fields, sent):  # type: ignore[no-untyped-def]
            return {**fields, "X-Amz-Target": "SageMaker.ListTrainingJobs"}, sent

        def mute(fields, sent):  # type: ignore[no-untyped-def]
            return {**fields, "Authorization": fields["Authorization"].replace("SignedHeaders=content-type;host;", "SignedHeaders=")}, sent

        for spoil in (body, header, mute):
            with self.subTest(spoil.__name__):
                status, text, _ = self.send("sagemaker", b"{}", JSON_CALL, spoil=spoil)
                self.assertEqual((status, json.loads(text)["__type"]), (400, "InvalidSignatureException"))
        status, text, _ = self.send("s3", b"abc", {}, method="PUT", path=f"/{BUCKET}/x", spoil=lambda f, s: (f, b"abd"))
        self.assertIn("XAmzContentSHA256Mismatch", text)

    def test_paths_that_need_encoding(self) -> None:
        s3 = self.world.client("s3", BETA)
        for key in ("a b", "ü/é", "x+y=z&", "percent%41", "double//slash", "~tilde'()*!"):
            with self.subTest(key):
                s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
                self.assertEqual(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read(), key.encode())
                s3.delete_object(Bucket=BUCKET, Key=key)

    def test_presigned(self) -> None:
        url = self.world.client("s3", BETA).generate_presigned_url(
            "get_object", {"Bucket": BUCKET, "Key": "iris/training/iris.csv"}, ExpiresIn=60)
        self.assertEqual(self.get(url)[0], 200)
        status, body = self.get(url.replace("iris.csv", "other.csv"))
        self.assertEqual((status, "SignatureDoesNotMatch" in body), (403, True))
        status, body = self.get(url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"))
        self.assertEqual((status, "SignatureDoesNotMatch" in body), (403, True))

    def get(self, url: str) -> tuple[int, str]:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=20)
        try:
            connection.request("GET", f"{parts.path}?{parts.query}")
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def test_motos_own_doors_are_shut(self) -> None:
        for path in ("/moto-api/reset", "/latest/meta-data/iam/security-credentials/"):
            self.assertEqual(self.send("s3", b"", {}, path=path, method="GET")[0], 404)

    def test_forged_account_header(self) -> None:
        """moto would believe this header: it must not reach it from outside."""
        status, text, _ = self.send("ecr", b"{}", {"Content-Type": "application/x-amz-json-1.1", "X-Moto-Account-Id": BETA,
                                                   "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories"})
        self.assertEqual(status, 200)
        self.assertEqual([found["registryId"] for found in json.loads(text)["repositories"]], [DEVOPS])
