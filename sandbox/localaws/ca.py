"""The sandbox's own certificate authority, and the certificate of its CodeCommit. Made once, keys 0600."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .state import REGION, State, write_private

HOSTS = (f"git-codecommit.{REGION}.amazonaws.com", f"git-codecommit-fips.{REGION}.amazonaws.com")
_DAYS = 3650


def context(state: State) -> ssl.SSLContext:
    """TLS for the server side; makes the certificates when they are not there."""
    chain, key = state.ca / "server.pem", state.ca / "server.key"
    if not (chain.exists() and key.exists() and state.ca_bundle.exists()):
        _make(state)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.load_cert_chain(chain, key)
    return made


def _make(state: State) -> None:
    now = datetime.now(timezone.utc)
    authority, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "codetrain sandbox CA (this machine only)")])

    def certificate(subject: x509.Name, public: ec.EllipticCurvePublicKey, is_ca: bool) -> x509.CertificateBuilder:
        usage = x509.KeyUsage(digital_signature=True, key_cert_sign=is_ca, crl_sign=is_ca, content_commitment=False,
                              key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
                              decipher_only=False)
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
                .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
                .not_valid_after(now + timedelta(days=_DAYS))
                .add_extension(x509.BasicConstraints(ca=is_ca, path_length=0 if is_ca else None), critical=True)
                .add_extension(usage, critical=True)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False))

    root = certificate(issuer, authority.public_key(), True).sign(authority, hashes.SHA256())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOSTS[0])])
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in HOSTS])
    leaf = (certificate(subject, server.public_key(), False).add_extension(names, critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(authority, hashes.SHA256()))
    pem = serialization.Encoding.PEM
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    write_private(state.ca / "ca.key", authority.private_bytes(pem, form, plain))
    write_private(state.ca / "server.key", server.private_bytes(pem, form, plain))
    write_private(state.ca / "server.pem", leaf.public_bytes(pem))
    write_private(state.ca_bundle, root.public_bytes(pem))      # last: it marks the rest as complete
