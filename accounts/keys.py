"""Makes and finds API keys: easel_PPPPPPPP_SSS…SCCCCCC.

P is the public prefix, S 32 characters of secret (190 bits), C a checksum over all that
stands before it, so that a typo is told from a wrong key without a query, and a scanner
for leaked secrets can tell a key from other text.
"""

import hashlib
import secrets
import string
import zlib

from django.utils import timezone

from accounts.models import ApiKey, User, Workspace

_ALPHABET = string.digits + string.ascii_letters
SCOPES = ("generate", "read")


def issue(*, workspace: Workspace, by: User, name: str) -> tuple[ApiKey, str]:
    """The key's row and the key itself, which cannot be had again."""
    prefix = f"easel_{_random(8)}"
    body = f"{prefix}_{_random(32)}"
    secret = body + _checksum(body)
    key = ApiKey.objects.create(
        workspace=workspace,
        created_by=by,
        name=name,
        prefix=prefix,
        secret_hash=_hash(secret),
        scopes=list(SCOPES),
    )
    return key, secret


def find(secret: str) -> ApiKey | None:
    """The live key of this secret; none of somebody suspended.

    No query is made for one whose checksum is wrong.
    """
    if not is_well_formed(secret):
        return None
    key = (
        ApiKey.objects.select_related("workspace", "created_by")
        .filter(secret_hash=_hash(secret), revoked_at=None, created_by__is_active=True)
        .first()
    )
    if key is None or (key.expires_at and key.expires_at <= timezone.now()):
        return None
    return key


def is_well_formed(secret: str) -> bool:
    return (
        secret.isascii()
        and len(secret) == 53
        and secret.startswith("easel_")
        and secret[-6:] == _checksum(secret[:-6])
    )


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _checksum(text: str) -> str:
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = _ALPHABET[digit] + digits
    return digits


def _hash(secret: str) -> str:
    """Plain SHA-256 is enough for 190 random bits; there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()
