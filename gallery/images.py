"""Stores pictures and gives them their rows.

An object is staged first (written and compared) outside of any transaction, and
owned later, in the transaction that makes its Image. What is never owned is an orphan,
which `sweep` removes within the hour.

    StorageError, FileNotFoundError      as gallery.stores
"""

import hashlib
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import ids, statements, turns
from accounts.durability import unsynced
from accounts.models import Workspace
from accounts.together import Together
from gallery import codec
from gallery.codec import CodecBusy
from gallery.models import Image, PendingObject
from gallery.pictures import Picture, PictureError
from gallery.stores import StorageError, current
from gallery.trash import purge, restore, trash

__all__ = ["StorageError", "restore", "trash"]
read, reader, size_of, stored = current.read, current.reader, current.size_of, current.objects
is_storage_up = current.is_up
log = logging.getLogger("easel.gallery")
ORPHAN_AGE = timedelta(minutes=45)
_PATIENCE_SECONDS = 1.0
_JUST_BROUGHT = timedelta(hours=1)
_OWN = "DELETE FROM gallery_pendingobject WHERE NOT is_doomed AND key IN ({places})"


@dataclass(frozen=True, kw_only=True)
class Staged:
    """An object that was written and that nothing owns yet."""

    key: str
    data: bytes = field(repr=False)
    sha256: str
    facts: dict[str, Any]


def stage(
    data: bytes,
    *,
    suffix: str,
    sha256: str = "",
    purpose: str = "",
    until: datetime | None = None,
    **facts: Any,
) -> str:
    """Writes bytes under a new key and returns the key. Raises StorageError.

    With a `purpose`, `staged_for` finds them and the `facts` again. `sha256`: who knows it.
    `until`: for how long a storage that is away is waited for.
    """
    row = _pending(data, suffix, sha256, purpose=purpose, facts=facts)
    _announce(row)
    _keep(row, data, until)
    return row.key


def _pending(data: bytes, suffix: str, sha256: str = "", **columns: Any) -> PendingObject:
    now = timezone.now()
    key = f"{now:%Y/%m/%d}/{ids.new()}.{suffix}"
    sha256 = sha256 or hashlib.sha256(data).hexdigest()
    return PendingObject(key=key, created_at=now, sha256=sha256, **columns)


def _insert(rows: Sequence[PendingObject]) -> Sequence[PendingObject]:
    # Else bytes could be there for nobody
    with unsynced(durable=True, outlives_server=True, is_pipelined=True):
        statements.insert(rows)
    return rows


_announce = Together(_insert)


def _keep(row: PendingObject, data: bytes, until: datetime | None = None) -> None:
    with turns.waiting():
        while not _is_kept(row, data, is_last=until is None or timezone.now() >= until):
            time.sleep(_PATIENCE_SECONDS)


def _is_kept(row: PendingObject, data: bytes, *, is_last: bool) -> bool:
    try:
        current.keep(row.key, data, row.sha256)
    except StorageError:
        if is_last:
            raise
        log.warning("the storage does not take key=%s; it is asked again", row.key)
        return False
    return True


def staged_for(purpose: str) -> Staged | None:
    """What was staged for it and written whole. Raises StorageError."""
    for row in PendingObject.objects.filter(purpose=purpose, is_doomed=False):
        try:
            data = read(row.key)
        except FileNotFoundError:
            continue
        if hashlib.sha256(data).hexdigest() == row.sha256:
            return Staged(key=row.key, data=data, sha256=row.sha256, facts=row.facts)
    return None


def discard_for(purpose: str) -> None:
    discard(PendingObject.objects.filter(purpose=purpose).values_list("key", flat=True))


def discard(keys: Iterable[str]) -> None:
    """Removes staged objects that nobody will own. May be repeated; leaves owned ones alone.

    What the storage does not let go now stays an orphan, and the sweep tries again.
    """
    for key in filter(None, keys):
        if not PendingObject.objects.filter(key=key).update(is_doomed=True):
            continue
        try:
            current.remove(key)
        except StorageError:
            log.warning("orphan stays for now key=%s", key)
        else:
            PendingObject.objects.filter(key=key).delete()


def store(**columns: Any) -> Image:
    """Gives a staged object its image, as `image_of` makes it, in the caller's transaction."""
    image = image_of(**columns)
    store_each([image])
    return image


def store_each(some: Sequence[Image]) -> None:
    """Gives staged objects their images, in the caller's transaction.

    Raises StorageError if the sweep has taken one of the objects for an orphan meanwhile.
    """
    own(*(image.original for image in some))
    statements.insert(some)


def image_of(
    *, workspace_id: UUID, by_id: int | None, key: str, picture: Picture, **recipe: Any
) -> Image:
    """What `store_each` takes. `recipe` holds further columns of Image."""
    return Image(
        workspace_id=workspace_id,
        created_by_id=by_id,
        original=key,
        content_type=picture.content_type,
        width=picture.width,
        height=picture.height,
        size_bytes=len(picture.data),
        sha256=picture.sha256,
        **recipe,
    )


def own(*keys: str) -> None:
    """Takes staged objects for somebody who keeps their keys, in the caller's transaction.

    Raises StorageError if the sweep has taken one for an orphan meanwhile.
    """
    if statements.run(_OWN.format(places=statements.places(len(keys))), keys) < len(keys):
        raise StorageError(f"{', '.join(keys)}: not staged any more")


def disown(key: str) -> None:
    """Removes an object whose owner needs it no more. May be repeated."""
    PendingObject.objects.get_or_create(key=key)
    discard((key,))


def same_upload(*, workspace: Workspace, sha256: str) -> Image | None:
    """The photo of these bytes that the workspace has already.

    Where photos are kept for some days only, each is kept for so long since it was brought.
    """
    same = Image.objects.in_workspace(workspace).filter(kind=Image.Kind.UPLOAD, sha256=sha256)
    if workspace.uploads_kept_days is not None:
        same = same.filter(created_at__gt=timezone.now() - _JUST_BROUGHT)
    return same.first()


def make_previews(image: Image) -> None:
    """Makes both previews and the placeholder, unless they are there. May be repeated."""
    if image.preview_large:
        return
    made = codec.previews(read(image.original))
    pairs = [(_pending(data, "webp"), data) for data in (made.small, made.large)]
    _insert([row for row, _ in pairs])  # one statement for both: no company is needed
    for row, data in pairs:
        _keep(row, data)
    small, large = (row.key for row, _ in pairs)
    with transaction.atomic(durable=True):
        won = Image.objects.filter(pk=image.pk, preview_large="").update(
            preview_small=small, preview_large=large, placeholder=made.placeholder
        )
        if won:
            PendingObject.objects.filter(key__in=(small, large)).delete()
    if not won:
        discard((small, large))


def sweep(*, at: datetime) -> list[Image]:
    """Empties old trash, removes orphans, and makes previews that a stopped worker left unmade.

    Returns those of which none can be made: their pixels are not as they should be.
    """
    while keys := purge(at=at):
        discard(keys)
    old = PendingObject.objects.filter(created_at__lt=at - ORPHAN_AGE)
    for key in old.values_list("key", flat=True)[:100]:
        log.info("orphan removed key=%s", key)
        discard((key,))
    unmade = Image.objects.filter(preview_large="", created_at__lt=at - timedelta(minutes=1))
    return [each for each in unmade.order_by("created_at")[:20] if not _makes_late_previews(each)]


def _makes_late_previews(image: Image) -> bool:
    """One that can never have previews gets its original for them, and is not tried again."""
    try:
        make_previews(image)
    except (CodecBusy, StorageError):
        log.warning("no previews yet for image=%s", image.pk)
    except (PictureError, FileNotFoundError):
        log.exception("no previews ever for image=%s", image.pk)
        Image.objects.filter(pk=image.pk, preview_large="").update(
            preview_small=image.original, preview_large=image.original
        )
        return False
    return True
