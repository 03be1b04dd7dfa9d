"""Content Credentials (C2PA): signed into downloads where a certificate is configured.

The picture is parsed in a child; the private key stays here, and signs what the child hands up.

    CodecBusy, PictureError     as gallery.codec
    CertificateError            what is configured does not fit; names the variable
"""

import json
import struct
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from django.conf import settings
from django.utils import timezone

from gallery import codec
from gallery.codec_reader import Program
from gallery.pictures import PictureError

_PROGRAM = Program(module="gallery.credential_child", verbs=("inspect", "sign"))
# As gallery.credential_child, which loads what no process of ours should
_HEAD = struct.Struct(">I")
# E-mail protection, document signing, and C2PA's own
_PURPOSES = {"1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36", "1.3.6.1.4.1.62558.2.1"}
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "ES256": hashes.SHA256(),
    "ES384": hashes.SHA384(),
    "ES512": hashes.SHA512(),
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file of a chain, the oldest first. `manifest` None: it is not ours to sign."""

    title: str
    content_type: str
    data: bytes
    manifest: dict[str, Any] | None


class CertificateError(Exception):
    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} {why}")
        self.name = name
        self.why = why


def check() -> None:
    """Raises CertificateError for what no download could be signed with."""
    chain, key_pem = settings.C2PA_CERTIFICATE, settings.C2PA_PRIVATE_KEY
    if not (chain or key_pem):
        return
    if not chain:
        raise CertificateError("C2PA_CERTIFICATE", "is not set, and C2PA_PRIVATE_KEY needs it")
    if not key_pem:
        raise CertificateError("C2PA_PRIVATE_KEY", "is not set, and C2PA_CERTIFICATE needs it")
    certificate = _certificate(chain)
    try:
        key = _key(key_pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CertificateError("C2PA_PRIVATE_KEY", "holds no key without a password") from error
    if not algorithm(key):
        raise CertificateError("C2PA_PRIVATE_KEY", "is of a kind that cannot sign credentials")
    if key.public_key() != certificate.public_key():
        raise CertificateError("C2PA_PRIVATE_KEY", "is not the key of the certificate")


def _certificate(chain: str) -> x509.Certificate:
    try:
        certificate = x509.load_pem_x509_certificates(chain.encode())[0]
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (ValueError, x509.ExtensionNotFound) as error:
        why = "holds no certificate for signing documents or protecting e-mail"
        raise CertificateError("C2PA_CERTIFICATE", why) from error
    if not _PURPOSES & {each.dotted_string for each in purposes}:
        why = "is neither for signing documents nor for protecting e-mail"
        raise CertificateError("C2PA_CERTIFICATE", why)
    if certificate.not_valid_after_utc < timezone.now():
        raise CertificateError("C2PA_CERTIFICATE", "has expired")
    return certificate


def is_on() -> bool:
    return bool(settings.C2PA_CERTIFICATE)


def sign(parts: list[Part]) -> bytes:
    """The last file, signed, which names the one before it as its ingredient, and so on."""
    key = _key(settings.C2PA_PRIVATE_KEY)
    steps = [
        {
            "title": each.title,
            "type": each.content_type,
            "size": len(each.data),
            "manifest": each.manifest,
        }
        for each in parts
    ]
    head = {"chain": settings.C2PA_CERTIFICATE, "algorithm": algorithm(key), "steps": steps}
    files = b"".join(each.data for each in parts)
    answer = codec.ask(
        "sign", _packed(head) + files, program=_PROGRAM, signs=lambda data: _sign(key, data)
    )
    return answer.blobs[0]


def inspect(data: bytes) -> dict[str, Any]:
    """What a stranger's file says of itself; see gallery.inspection."""
    head = {"anchors": settings.C2PA_CERTIFICATE}
    said = codec.ask("inspect", _packed(head) + data, program=_PROGRAM).said
    texts = ("content_type", "parameters", "source", "state")
    if not all(isinstance(said.get(each), str) for each in texts):
        raise PictureError("This picture cannot be read safely.")
    return said


def manifest(*, title: str, content_type: str, source: str, has_parent: bool) -> dict[str, Any]:
    """What is claimed of a picture: that Easel made it, or opened another one and edited it."""
    kind = {"digitalSourceType": f"http://cv.iptc.org/newscodes/digitalsourcetype/{source}"}
    actions: list[dict[str, Any]] = [{"action": "c2pa.created", **kind}]
    if has_parent:
        opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}
        actions = [opened, {"action": "c2pa.edited", **kind}]
    return {
        "claim_generator_info": [{"name": "Easel"}],
        "title": title,
        "format": content_type,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
    }


def algorithm(key: Any) -> str:
    """ "" for a key that C2PA knows no algorithm for."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return _CURVES.get(key.curve.name, "")
    if isinstance(key, rsa.RSAPrivateKey):
        return "PS256"
    return "ED25519" if isinstance(key, ed25519.Ed25519PrivateKey) else ""


def _sign(key: Any, data: bytes) -> bytes:
    name = algorithm(key)
    if name == "PS256":
        scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
        signature: bytes = key.sign(data, scheme, hashes.SHA256())
    elif name == "ED25519":
        signature = key.sign(data)
    else:
        signature = key.sign(data, ec.ECDSA(_HASHES[name]))
    return signature


@cache
def _key(pem: str) -> Any:
    return serialization.load_pem_private_key(pem.encode(), password=None)


def _packed(head: dict[str, Any]) -> bytes:
    said = json.dumps(head).encode()
    return _HEAD.pack(len(said)) + said
