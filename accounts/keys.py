"""Makes and finds API keys: easel_PPPPPPPP_SSS…SCCCCCC.

P is the public prefix, S 32 characters of secret (190 bits), C a checksum over all that
stands before it, so that a typo is told from a wrong key without a query, and a scanner
for leaked secrets can tell a key from other text.

    TooMany       the person has as many as one may have
"""

import hashlib
import secrets
import string
import zlib
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import ids, once, workspaces
from accounts.models import ApiKey, Membership, User, Workspace
from accounts.prepared import Prepared
from accounts.workspaces import NotAllowed

_WORKING = Prepared(
    lambda secret_hash, at: (
        ApiKey.objects.working(at)
        .filter(secret_hash=secret_hash)
        .select_related("workspace__plan", "created_by")
    )
)
_STILL_WORKING = Prepared(lambda pk, at: ApiKey.objects.working(at).filter(pk=pk).values_list("pk"))
_ALPHABET = string.digits + string.ascii_letters
SCOPES = ("generate", "read")
MAX_HELD = 50


class TooMany(Exception):
    """The message is a sentence for the user."""


def issue(
    *,
    workspace: Workspace,
    by: User,
    name: str,
    scopes: Collection[str] | None = None,
    monthly_cap_micros: int | None = None,
    expires_at: datetime | None = None,
    new_id: UUID | None = None,
) -> tuple[ApiKey, str]:
    """The key's row and the key itself, which cannot be had again.

    Without `scopes` it gets all that its maker may have. The same `new_id` again makes no
    second key. Raises NotAllowed, MadeAlready and TooMany.
    """
    allowed = scopes_for(by, workspace)
    scopes = allowed if scopes is None else scopes
    if not scopes or not set(scopes) <= set(allowed):
        raise NotAllowed
    prefix, secret = _new_secret()
    key = ApiKey(
        pk=new_id or ids.new(),
        workspace=workspace,
        created_by=by,
        name=name,
        prefix=prefix,
        ending=secret[-4:],
        secret_hash=_hash(secret),
        scopes=sorted(set(scopes)),
        monthly_cap_micros=monthly_cap_micros,
        expires_at=expires_at,
    )
    _insert(key)
    return key, secret


def _new_secret() -> tuple[str, str]:
    prefix = f"easel_{_random(8)}"
    body = f"{prefix}_{_random(32)}"
    return prefix, body + _checksum(body)


def _insert(key: ApiKey) -> None:
    """One of a person's at a time, or two that count at once would both find room."""
    with transaction.atomic():
        members = Membership.objects.select_for_update()
        if not members.filter(user=key.created_by, workspace=key.workspace).first():
            raise NotAllowed  # removed just now
        once.check(ApiKey, key.pk)
        held = ApiKey.objects.in_workspace(key.workspace).not_revoked()
        if held.filter(created_by=key.created_by).count() >= MAX_HELD:
            raise TooMany(f"You have {MAX_HELD} keys here already. Revoke one that nobody uses.")
        key.save(force_insert=True)


def scopes_for(user: User, workspace: Workspace) -> tuple[str, ...]:
    """What keys of this person may do there: a viewer's only read, an outsider's nothing."""
    if workspaces.may_make(user, workspace):
        return SCOPES
    return ("read",) if workspaces.role_of(user, workspace) else ()


def change(
    *,
    key: ApiKey,
    by: User,
    name: str,
    monthly_cap_micros: int | None,
    expires_at: datetime | None,
) -> None:
    """Of one's own key, until it is revoked. Raises NotAllowed."""
    own = ApiKey.objects.visible_to(by).not_revoked().filter(pk=key.pk, created_by=by)
    if not own.update(name=name, monthly_cap_micros=monthly_cap_micros, expires_at=expires_at):
        raise NotAllowed


def revoke(*, key: ApiKey, by: User) -> bool:
    """From the next request on. True if this call did it. Raises NotAllowed."""
    visible = ApiKey.objects.visible_to(by).filter(pk=key.pk)
    if not visible.exists():
        raise NotAllowed
    return bool(visible.not_revoked().update(revoked_at=timezone.now()))


def find(secret: str) -> ApiKey | None:
    """The key of this secret, while it works; none of somebody suspended or removed.

    No query is made for one whose checksum is wrong.
    """
    if not is_well_formed(secret):
        return None
    return _WORKING.first(secret_hash=_hash(secret), at=timezone.now())


def still_works(key: ApiKey) -> bool:
    """For who has waited for something meanwhile."""
    return bool(_STILL_WORKING(pk=key.pk, at=timezone.now()))


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
