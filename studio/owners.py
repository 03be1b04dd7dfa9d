"""Which objects of the storage are whose: its list beside the keys that rows name.

Both come in the order of keys and are walked through side by side, so that a hundred million of
them need no more memory than a hundred. What seems astray is looked at once more, by its key:
it may have come or gone meanwhile, and a storage may list in another order.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from heapq import merge
from itertools import groupby, islice
from operator import attrgetter
from uuid import UUID

from django.db import connection
from django.db.models import Q

from accounts.models import Export
from gallery import images
from gallery.models import Image, PendingObject
from gallery.stores import Store, current
from studio.models import Job

_AT_ONCE = 500
_NAMED = """
    SELECT key, id, size_bytes FROM (
        SELECT original AS key, id, size_bytes FROM gallery_image
        UNION ALL SELECT preview_small, id, NULL FROM gallery_image WHERE preview_small <> ''
        UNION ALL SELECT preview_large, id, NULL FROM gallery_image WHERE preview_large <> ''
        UNION ALL SELECT key, NULL, NULL FROM gallery_pendingobject
        UNION ALL SELECT mask, NULL, NULL FROM studio_job WHERE mask <> ''
    ) AS named ORDER BY key{collation}
"""


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """In the storage, or in a row; with an image's original comes its size."""

    key: str
    is_stored: bool
    size_bytes: int | None = None
    image: UUID | None = None


def findings() -> Iterator[str]:
    """A sentence for each image that lacks bytes, and each object that nothing names."""
    suspects: list[str] = []
    for key, seen in _side_by_side(images.stored()):
        yield from _without_bytes(key, seen)
        if all(each.is_stored for each in seen):
            suspects.append(key)
        if len(suspects) == _AT_ONCE:
            yield from _sentences(suspects)
            suspects = []
    yield from _sentences(suspects)


def unowned(store: Store = current) -> Iterator[str]:
    """Keys of its objects that nothing names; some may be gone meanwhile. Raises StorageError."""
    alone = (
        key for key, seen in _side_by_side(store.objects()) if all(each.is_stored for each in seen)
    )
    while piece := list(islice(alone, _AT_ONCE)):
        named = _named_now(piece)
        yield from (key for key in piece if key not in named)


def _side_by_side(objects: Iterable[tuple[str, int]]) -> Iterator[tuple[str, list[_Seen]]]:
    stored = (_Seen(key=key, size_bytes=size, is_stored=True) for key, size in objects)
    both = merge(stored, _named(), key=attrgetter("key"))
    for key, seen in groupby(both, key=attrgetter("key")):
        yield key, list(seen)


def _named() -> Iterator[_Seen]:
    """As of one moment, and a few at a time."""
    collation = ' COLLATE "C"' if connection.vendor == "postgresql" else ""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_NAMED.format(collation=collation))
        while rows := cursor.fetchmany(_AT_ONCE):
            for key, image, size_bytes in rows:
                pk = image if image is None or isinstance(image, UUID) else UUID(image)
                yield _Seen(key=key, is_stored=False, size_bytes=size_bytes, image=pk)


def _without_bytes(key: str, seen: Collection[_Seen]) -> Iterator[str]:
    """For each image that names this key and has no such bytes."""
    owners = [each for each in seen if each.image]
    if not owners:
        return
    size_bytes = next((each.size_bytes for each in seen if each.is_stored), None)
    if size_bytes is None:
        size_bytes = _size_of(key)
    for image in {each.image for each in owners if each.image}:
        sizes = {each.size_bytes for each in owners if each.image == image} - {None}
        if size_bytes is None:
            if key in _keys_of(image):
                yield f"image {image} has no bytes at {key}"
        elif sizes - {size_bytes} and key in _keys_of(image):
            yield f"image {image} has other bytes at {key}"


def _keys_of(image: UUID) -> Collection[str]:
    """It may be gone since its key was read."""
    found = Image.objects.filter(pk=image).first()
    return found.keys if found else ()


def _sentences(suspects: Collection[str]) -> Iterator[str]:
    named = _named_now(suspects)
    for key in suspects:
        if key not in named and _size_of(key) is not None:
            yield f"no image owns {key}"


def _named_now(keys: Collection[str]) -> set[str]:
    """Those that a row names. What is being written is known by its PendingObject."""
    owned = set(PendingObject.objects.filter(key__in=keys).values_list("key", flat=True))
    owned.update(Job.objects.filter(mask__in=keys).values_list("mask", flat=True))
    owned.update(each.key for each in Export.objects.filter(pk__in=_exports(keys)))
    names_one = Q(original__in=keys) | Q(preview_small__in=keys) | Q(preview_large__in=keys)
    for image in Image.objects.filter(names_one) if keys else ():
        owned.update(image.keys)
    return owned


def _exports(keys: Iterable[str]) -> Iterator[UUID]:
    """Those that keys may be of. No column of theirs holds it."""
    for key in keys:
        if key.startswith(Export.FOLDER):
            with suppress(ValueError):
                yield UUID(key.removeprefix(Export.FOLDER).removesuffix(".zip"))


def _size_of(key: str) -> int | None:
    try:
        return images.size_of(key)
    except FileNotFoundError:
        return None
