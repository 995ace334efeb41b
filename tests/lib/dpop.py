"""DPoP proofs (RFC 9449) as a server looks at them, by Python's cryptography."""
import base64
import hashlib
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature


def decode(text):
    if not text or set(text) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"):
        raise ValueError("no base64url without padding")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def thumbprint(jwk):
    """RFC 7638."""
    text = json.dumps({k: jwk[k] for k in ("crv", "kty", "x", "y")}, sort_keys=True, separators=(",", ":"))
    return encode(hashlib.sha256(text.encode()).digest())


def thumbprint_of(public):
    n = public.public_numbers()
    return thumbprint({"crv": "P-256", "kty": "EC", "x": encode(n.x.to_bytes(32, "big")), "y": encode(n.y.to_bytes(32, "big"))})


def verify(proof, method, url, now):
    """The thumbprint of the key; ValueError tells what is wrong with the proof."""
    parts = proof.split(".")
    if len(parts) != 3:
        raise ValueError("no JWT")
    header, payload = json.loads(decode(parts[0])), json.loads(decode(parts[1]))
    signature, jwk = decode(parts[2]), header.get("jwk", {})
    if set(header) != {"typ", "alg", "jwk"} or header["typ"] != "dpop+jwt" or header["alg"] != "ES256":
        raise ValueError("another kind of JWT")
    if set(jwk) != {"kty", "crv", "x", "y"} or jwk["kty"] != "EC" or jwk["crv"] != "P-256":
        raise ValueError("another kind of key, or a private one")
    if len(signature) != 64:
        raise ValueError("the signature is not r and s side by side")
    x, y = decode(jwk["x"]), decode(jwk["y"])
    if len(x) != 32 or len(y) != 32:
        raise ValueError("coordinates of another length")
    key = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1()).public_key()
    der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    try:
        key.verify(der, f"{parts[0]}.{parts[1]}".encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise ValueError("the signature is wrong") from None
    if set(payload) != {"htm", "htu", "iat", "jti"} or payload["htm"] != method or payload["htu"] != url:
        raise ValueError(f"the proof is for {payload.get('htm')} {payload.get('htu')}")
    if abs(payload["iat"] - now) > 300:
        raise ValueError("the proof is of another time")
    return thumbprint(jwk)
