"""Links by which those without an account see an image or a collection, until they end.

The token is derived from SECRET_KEY and the link's id, so that its makers may copy the address
again, while the database alone, which keeps a hash to find it by, opens nothing. With another
SECRET_KEY the links that are out still work; only their addresses cannot be shown again, unless
the former key is among SECRET_KEY_FALLBACKS.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import workspaces
from accounts.models import User
from accounts.workspaces import NotAllowed
from gallery.models import Collection, Image, ShareLink
from gallery.models.image_sets import ImageQuerySet

USUAL_LIFE = timedelta(days=30)
_TOKEN_BYTES = 24


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a link lets people see and do. `password` None: as it was; "": none."""

    expires_at: datetime | None
    shows_recipe: bool = False
    shows_before: bool = False
    allows_download: bool = False
    allows_preview: bool = False
    password: str | None = None

    @property
    def columns(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "expires_at": self.expires_at,
            "shows_recipe": self.shows_recipe,
            "shows_before": self.shows_before,
            "allows_download": self.allows_download,
            "allows_preview": self.allows_preview,
        }
        if self.password is not None:
            told["password_hash"] = make_password(self.password) if self.password else ""
        return told


def make(*, of: Image | Collection, by: User, terms: Terms, link_id: UUID) -> ShareLink:
    """The same `link_id` again makes no second link. Raises NotAllowed."""
    workspaces.check_may_make(by, of.workspace)
    link, _ = ShareLink.objects.get_or_create(
        pk=link_id,
        defaults={
            "workspace": of.workspace,
            "image": of if isinstance(of, Image) else None,
            "collection": of if isinstance(of, Collection) else None,
            "token_hash": _hash(_token(link_id)),
            "created_by": by,
            **terms.columns,
        },
    )
    if link.workspace_id != of.workspace_id:
        raise NotAllowed
    return link


def change(*, link: ShareLink, by: User, terms: Terms) -> None:
    """Until it is revoked. Raises NotAllowed."""
    check_may_change(link, by)
    ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(**terms.columns)


def revoke(*, link: ShareLink, by: User) -> bool:
    """From the next request on, files included. True if this call did it. Raises NotAllowed."""
    check_may_change(link, by)
    rows = ShareLink.objects.filter(pk=link.pk, revoked_at=None)
    return bool(rows.update(revoked_at=timezone.now()))


def check_may_change(link: ShareLink, by: User) -> None:
    """Its maker may while they may make pictures here, and who manages the workspace."""
    if not may_change(link, by):
        raise NotAllowed


def may_change(link: ShareLink, by: User) -> bool:
    is_own = link.created_by_id == by.pk and workspaces.may_make(by, link.workspace)
    return is_own or workspaces.may_manage(by, link.workspace)


def address(link: ShareLink) -> str:
    """ "" if it cannot be told any more."""
    for key in (None, *settings.SECRET_KEY_FALLBACKS):
        token = _token(link.pk, key=key)
        if constant_time_compare(_hash(token), link.token_hash):
            return settings.SITE_URL + reverse("gallery:share_page", args=[token])
    return ""


def find(token: str) -> ShareLink | None:
    """The link of this token, unless it has ended."""
    rows = ShareLink.objects.live(timezone.now()).select_related("workspace", "collection")
    link = rows.filter(token_hash=_hash(token)).first()
    if link:
        link.token = token
    return link


def images(link: ShareLink) -> ImageQuerySet:
    """What it shows: never what is in the trash, or has moved to another workspace."""
    here = Image.objects.filter(workspace=link.workspace_id, deleted_at=None)
    if link.image_id:
        return here.filter(pk=link.image_id)
    ours = here.filter(places__collection=link.collection_id)
    return ours.order_by("places__position", "places__id")


def before(link: ShareLink, image: Image) -> Image | None:
    """What an edit was made from, where the link shows it."""
    if not link.shows_before or not image.parent_id:
        return None
    here = Image.objects.filter(workspace=link.workspace_id, deleted_at=None)
    return here.filter(pk=image.parent_id).first()


def is_password(link: ShareLink, text: str) -> bool:
    return check_password(text, link.password_hash)


def seal(link: ShareLink) -> str:
    """What a browser keeps once it gave the password: of no use after that has changed."""
    return f"{link.pk}:{_hash(link.password_hash)[:32]}"


def count_view(link: ShareLink) -> None:
    ShareLink.objects.filter(pk=link.pk).update(view_count=F("view_count") + 1)


def listed(workspace_id: UUID) -> Any:
    """The workspace's links, the newest first; of ended ones those of the last days only."""
    recent = timezone.now() - USUAL_LIFE
    rows = ShareLink.objects.filter(workspace=workspace_id)
    ended = Q(revoked_at__lt=recent) | Q(expires_at__lt=recent)
    return rows.exclude(ended).select_related("image", "collection", "created_by")


def _token(link_id: UUID, *, key: str | None = None) -> str:
    derived = salted_hmac("easel.sharing", str(link_id), secret=key, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(derived[:_TOKEN_BYTES]).decode()


def _hash(token: str) -> str:
    """Plain SHA-256 is enough for 192 random bits; there is nothing to guess."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
