"""Pages of many images, each read from where the last one ended, as far down as one likes.

A cursor holds what its image is sorted by, so that it leads to its place though that image has
left. It is a text for an address: "1764178378123456-019ac0...".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, Q, Value

from gallery import search
from gallery.filters import Filters
from gallery.models import Image
from gallery.models.image_sets import ImageQuerySet

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST = 2**62


@dataclass(frozen=True, kw_only=True)
class Sort:
    """By two columns, the second of which settles what the first leaves open, if it does."""

    name: str
    first: str
    second: str
    is_descending: bool


@dataclass(frozen=True, kw_only=True)
class Page:
    """`older` and `newer` are cursors; None where there is nothing more."""

    images: Sequence[Image]
    older: str | None
    newer: str | None


def sort(filters: Filters, name: str = "") -> Sort:
    """The order of that name ("newest", "oldest", "arranged"), or the one usual for the filters.

    A favourite, and a place in a collection, know their image's time, so that a few of many are
    read in their order too, and not sorted.
    """
    if filters.is_trash:
        return Sort(name="newest", first="deleted_at", second="id", is_descending=True)
    if filters.collection and name in {"", "arranged"}:
        return Sort(
            name="arranged", first="place__position", second="place__id", is_descending=False
        )
    if filters.is_searched and search.has_order():
        is_descending = name != "oldest"
        name = "newest" if is_descending else "oldest"
        return Sort(name=name, first="found", second="", is_descending=is_descending)
    of = "mark__" if filters.is_favourite else "place__" if filters.collection else ""
    return Sort(
        name="oldest" if name == "oldest" else "newest",
        first=f"{of}image_created_at" if of else "created_at",
        second=f"{of}image_id" if of else "id",
        is_descending=name != "oldest",
    )


def page(rows: ImageQuerySet, sort: Sort, size: int, *, after: str = "", before: str = "") -> Page:
    """What follows one cursor, or what comes just before another. Raises ValueError."""
    is_back = bool(before)
    is_descending = sort.is_descending != is_back
    rows = _with_keys(rows, sort)
    if after or before:
        rows = rows.filter(_beyond(_key(before or after, sort), is_descending=is_descending))
    names = ["key_first", "key_second"] if sort.second else ["key_first"]
    keys = [f"-{name}" if is_descending else name for name in names]
    found = list(search.first(rows, keys, size + 1))
    has_more, shown = len(found) > size, found[:size]
    if is_back:
        shown.reverse()
    has_older, has_newer = (True, has_more) if is_back else (has_more, bool(after))
    return Page(
        images=shown,
        older=cursor(shown[-1]) if shown and has_older else None,
        newer=cursor(shown[0]) if shown and has_newer else None,
    )


def beside(
    rows: ImageQuerySet, sort: Sort, image: UUID
) -> tuple[Image | None, Image | None] | None:
    """What comes before and after an image; None if it is not among the rows."""
    here = cursor_of(rows, sort, image)
    if here is None:
        return None
    before, after = page(rows, sort, 1, before=here).images, page(rows, sort, 1, after=here).images
    return (before[0] if before else None), (after[0] if after else None)


def cursor_of(rows: ImageQuerySet, sort: Sort, image: UUID) -> str | None:
    """The one that leads on from an image; None if it is not among the rows."""
    found = _with_keys(rows, sort).filter(pk=image).first()
    return cursor(found) if found else None


def _with_keys(rows: ImageQuerySet, sort: Sort) -> ImageQuerySet:
    second: Any = F(sort.second) if sort.second else Value(0)
    return rows.annotate(key_first=F(sort.first), key_second=second)


def cursor(image: Any) -> str:
    """Of an image that `page` has found."""
    first, second = image.key_first, image.key_second
    if isinstance(first, datetime):
        first = (first - _EPOCH) // timedelta(microseconds=1)
    return f"{first}-{second.hex if isinstance(second, UUID) else second}"


def _key(text: str, sort: Sort) -> tuple[Any, Any]:
    first, _, second = text.partition("-")
    if not (first.isascii() and first.isdigit() and int(first[:20]) < _MOST and len(first) < 20):
        raise ValueError(text)
    if sort.first in {"found", "place__position"}:
        return int(first), int(second) if second.isdigit() and len(second) < 19 else 0
    return _EPOCH + timedelta(microseconds=min(int(first), 10**17)), UUID(second)


def _beyond(key: tuple[Any, Any], *, is_descending: bool) -> Q:
    """The first condition is implied by the second; it is what lets an index be entered there."""
    first, second = key
    side = "lt" if is_descending else "gt"
    if isinstance(second, int) and not second:
        return Q(**{f"key_first__{side}": first})
    tie = Q(key_first=first, **{f"key_second__{side}": second})
    return Q(**{f"key_first__{side}e": first}) & (Q(**{f"key_first__{side}": first}) | tie)
