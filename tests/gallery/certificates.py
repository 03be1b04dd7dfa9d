"""Certificates as an operator has them, made for a test."""

from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.utils import timezone

Pair = tuple[x509.Certificate, Any]


def pem_of(pair: Pair) -> tuple[str, str]:
    """The certificate and its key."""
    certificate, key = pair
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def certificate(
    name: str,
    *,
    by: Pair | None = None,
    key: Any = None,
    purpose: Any = ExtendedKeyUsageOID.EMAIL_PROTECTION,
    days: int = 30,
) -> Pair:
    """Without `by`, one that signs others. `days` below 0: it has expired."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    named = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test & Sons"),
        ]
    )
    issuer, issuing = (by[0].subject, by[1]) if by else (named, key)
    is_root, now = by is None, timezone.now()
    usage = {"digital_signature": not is_root, "key_cert_sign": is_root, "crl_sign": is_root}
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    unused = dict.fromkeys((*others, "encipher_only", "decipher_only"), False)
    built = (
        x509.CertificateBuilder(issuer, named, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage, **unused), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing.public_key()),
            critical=False,
        )
    )
    if not is_root:
        built = built.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    return built.sign(issuing, hashes.SHA256()), key


def signer(**options: Any) -> tuple[str, str]:
    """A chain of two, and the key of its first."""
    root = certificate("Test root")
    leaf, key = pem_of(certificate("Easel of Test & Sons", by=root, **options))
    return leaf + pem_of(root)[0], key
