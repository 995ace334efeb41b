#!/usr/bin/env python3
"""botocore and Python's cryptography as the other side of `aws login`.

login_oracle.py token SESSION SECONDS KIND [KEY]   what `aws login` keeps, ending in SECONDS; the refresh token is "KIND." and
                                                   the key's thumbprint. KEY: sec1, pkcs8, crlf, bare (forms of a key), short
                                                   (one with a coordinate that begins with zero), p384, other (not the bound one)
login_oracle.py get PROFILE...                     a line for each by botocore: KEY TOKEN ACCOUNT
login_oracle.py log LOG                            every proof that a server saw, in LOG
login_oracle.py proofs PROGRAM COUNT               proofs that PROGRAM makes, and what each must not be
"""
import base64
import hashlib
import json
import os
import subprocess
import sys
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

sys.path.insert(0, os.path.join(os.environ["SOURCE"], "tests/lib"))
import dpop  # noqa: E402


class EC:
    """What botocore takes from awscrt, by cryptography."""

    def __init__(self, key):
        self.key = key

    @classmethod
    def new_key_from_der_data(cls, der):
        return cls(serialization.load_der_private_key(der, None))

    def get_public_coords(self):
        n = self.key.public_key().public_numbers()
        return n.x.to_bytes(32, "big"), n.y.to_bytes(32, "big")

    def sign(self, digest):
        return self.key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))

    @staticmethod
    def decode_der_signature_to_padded_pair(signature, pad_to):
        return b"".join(v.to_bytes(pad_to, "big") for v in utils.decode_dss_signature(signature))


def new_key(kind):
    if kind == "p384":
        return ec.generate_private_key(ec.SECP384R1())
    while True:
        key = ec.generate_private_key(ec.SECP256R1())
        n = key.public_key().public_numbers()
        if kind != "short" or min(n.x, n.y) >> 248 == 0:
            return key


def pem(key, kind):
    form = serialization.PrivateFormat.PKCS8 if kind == "pkcs8" else serialization.PrivateFormat.TraditionalOpenSSL
    text = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
    if kind == "crlf":
        text = text.replace("\n", "\r\n")
    if kind == "bare":
        text = "".join(line for line in text.splitlines() if not line.startswith("-"))
    return text


def token(session, seconds, refresh, kind="sec1"):
    folder = os.environ.get("AWS_LOGIN_CACHE_DIRECTORY") or os.path.expanduser("~/.aws/login/cache")
    key = new_key(kind)
    bound = "none" if kind == "p384" else dpop.thumbprint_of(key.public_key())
    kept = pem(new_key("sec1") if kind == "other" else key, kind)
    t = {"accessToken": {"accessKeyId": "ASIAKEPTKEPTKEPT0000", "secretAccessKey": "s", "sessionToken": "keptLoginToken",
                         "accountId": "111111111111",
                         "expiresAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + int(seconds)))},
         "tokenType": "aws_sigv4", "clientId": "arn:aws:signin:::devtools/same-device",
         "refreshToken": f"{refresh}.{bound}", "idToken": "ü.unused", "dpopKey": kept}
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, hashlib.sha256(session.encode()).hexdigest() + ".json")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
        json.dump(t, f)
    os.chmod(path, 0o600)
    print(path)


def get(profiles):
    import botocore.credentials
    import botocore.session
    botocore.credentials.EC = EC
    for name in profiles:
        session = botocore.session.Session(profile=name)
        try:
            c = session.get_component("credential_provider").get_provider("login").load().get_frozen_credentials()
            print(c.access_key, c.token, c.account_id)
        except Exception as e:  # whatever it is, the test reads it
            print(f"{type(e).__name__}: {e}".replace("\n", " "))


def same_as_botocore(proof):
    """The first two parts, byte for byte, when botocore makes them of the same key, id and time."""
    import botocore.credentials
    header, payload = (json.loads(dpop.decode(p)) for p in proof.split(".")[:2])

    class Known(EC):
        def __init__(self):
            pass

        def get_public_coords(self):
            return dpop.decode(header["jwk"]["x"]), dpop.decode(header["jwk"]["y"])

        def sign(self, digest):
            return b"0\x06\x02\x01\x01\x02\x01\x01"

    botocore.credentials.EC = EC
    theirs = botocore.credentials._build_dpop_header(Known(), payload["htu"], uid=payload["jti"], ts=payload["iat"])
    assert theirs.rpartition(".")[0] == proof.rpartition(".")[0], (theirs, proof)
    return payload["jti"]


def refused(proof, url, now):
    try:
        dpop.verify(proof, "POST", url, now)
    except ValueError:
        return True
    return False


def log(path):
    seen = set()
    for line in open(path, encoding="utf-8"):
        q = json.loads(line)
        if q["path"].endswith("/v1/token") and "botocore" not in q["headers"]["user-agent"].lower():
            proof, url = q["headers"]["dpop"], f"http://{q['headers']['host']}{q['path']}"
            dpop.verify(proof, "POST", url, time.time())
            seen.add(same_as_botocore(proof))
            assert q["headers"]["content-type"] == "application/json" and "authorization" not in q["headers"], q
    print(len(seen), "proofs")


def mutations(proof):
    h, p, s = proof.split(".")
    raw = dpop.decode(s)
    yield f"{h}.{p}.{dpop.encode(raw[32:] + raw[:32])}"
    yield f"{h}.{p}.{dpop.encode(bytes([raw[0] ^ 1]) + raw[1:])}"
    yield f"{h}.{p}.{dpop.encode(utils.encode_dss_signature(int.from_bytes(raw[:32], 'big'), int.from_bytes(raw[32:], 'big')))}"
    yield f"{h}.{p}.{base64.b64encode(raw).decode()}"
    yield f"{h}.{p}"
    payload = json.loads(dpop.decode(p))
    yield f"{h}.{dpop.encode(json.dumps({**payload, 'iat': payload['iat'] - 1}).encode())}.{s}"
    header = json.loads(dpop.decode(h))
    other = EC(new_key("sec1")).get_public_coords()
    header["jwk"].update(x=dpop.encode(other[0]), y=dpop.encode(other[1]))
    yield f"{dpop.encode(json.dumps(header).encode())}.{p}.{s}"


def proofs(program, count):
    url, now, ids = "https://us-east-2.signin.aws.amazon.com/v1/token", 1709210096, set()
    for kind in ("sec1", "pkcs8", "crlf", "bare", "short"):
        key = new_key(kind)
        out = subprocess.run([program, "--proofs", url, str(now), count], input=pem(key, kind), text=True, check=True,
                             capture_output=True).stdout.split()
        for proof in out:
            assert dpop.verify(proof, "POST", url, now) == dpop.thumbprint_of(key.public_key())
            ids.add(same_as_botocore(proof))
        assert all(refused(m, url, now) for m in mutations(out[0]))
        assert refused(out[0], url + "/", now) and refused(out[0], url, now + 3600)
    assert len(ids) == 5 * int(count), len(ids)
    print(len(ids), "proofs")


what, *arguments = sys.argv[1:]
{"token": token, "get": lambda *a: get(a), "log": log, "proofs": proofs}[what](*arguments)
