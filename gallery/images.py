"""Stores pictures and gives them their rows.

An object is staged first (written, read back, compared) outside of any transaction, and
owned later, in the transaction that makes its Image. What is never owned is an orphan,
which `sweep` removes within the hour.
"""

import hashlib
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from accounts import ids
from accounts.models import User, Workspace
from gallery import pictures
from gallery.models import Image, PendingObject
from gallery.pictures import Picture

log = logging.getLogger("easel.gallery")
ORPHAN_AGE = timedelta(minutes=45)


class StorageError(Exception):
    """The storage did not keep what it was given."""


def stage(data: bytes, *, suffix: str) -> str:
    """Writes bytes under a new key and returns the key. Raises StorageError."""
    now = timezone.now()
    key = f"{now:%Y/%m/%d}/{ids.new()}.{suffix}"
    PendingObject.objects.create(key=key, created_at=now)
    try:
        kept = default_storage.save(key, ContentFile(data))
        if hashlib.sha256(read(kept)).digest() != hashlib.sha256(data).digest():
            raise StorageError(f"{key} reads otherwise than it was written")
    except OSError as error:
        raise StorageError(f"{key} could not be written") from error
    return key


def read(key: str) -> bytes:
    with default_storage.open(key) as file:
        data: bytes = file.read()
    return data


def discard(keys: Iterable[str]) -> None:
    """Removes staged objects that nobody will own. May be repeated."""
    for key in filter(None, keys):
        default_storage.delete(key)
        PendingObject.objects.filter(key=key).delete()


def store(
    *, workspace: Workspace, by: User | None, key: str, picture: Picture, **recipe: Any
) -> Image:
    """Gives a staged object its image, in the caller's transaction.

    `recipe` holds further columns of Image. Raises StorageError if the sweep has taken the
    object for an orphan meanwhile.
    """
    with transaction.atomic():
        if not PendingObject.objects.filter(key=key).delete()[0]:
            raise StorageError(f"{key} is not staged any more")
        return Image.objects.create(
            workspace=workspace,
            created_by=by,
            original=key,
            content_type=picture.content_type,
            width=picture.width,
            height=picture.height,
            size_bytes=len(picture.data),
            sha256=picture.sha256,
            **recipe,
        )


def same_upload(*, workspace: Workspace, sha256: str) -> Image | None:
    """The photo of these bytes that the workspace has already."""
    return (
        Image.objects.in_workspace(workspace)
        .filter(kind=Image.Kind.UPLOAD, sha256=sha256)
        .first()
    )


def make_previews(image: Image) -> None:
    """Makes both previews and the placeholder, unless they are there. May be repeated."""
    if image.preview_large:
        return
    made = pictures.previews(read(image.original))
    small = stage(made.small, suffix="webp")
    large = stage(made.large, suffix="webp")
    with transaction.atomic(durable=True):
        won = Image.objects.filter(pk=image.pk, preview_large="").update(
            preview_small=small, preview_large=large, placeholder=made.placeholder
        )
        if won:
            PendingObject.objects.filter(key__in=(small, large)).delete()
    if not won:
        discard((small, large))


def sweep(*, at: datetime) -> None:
    """Removes orphans, and makes previews that a stopped worker left unmade."""
    old = PendingObject.objects.filter(created_at__lt=at - ORPHAN_AGE)
    for key in old.values_list("key", flat=True)[:100]:
        log.info("orphan removed key=%s", key)
        discard((key,))
    unmade = Image.objects.filter(preview_large="", created_at__lt=at - timedelta(minutes=1))
    for image in unmade.order_by("created_at")[:20]:
        try:
            make_previews(image)
        except (StorageError, OSError, pictures.PictureError):
            log.exception("no previews for image=%s", image.pk)
