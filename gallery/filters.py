"""What is asked for of a workspace's images, from a page's address or a program's."""

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta

from accounts.models import User, Workspace
from gallery.models import Collection, Image
from gallery.models.image_sets import ImageQuerySet


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Nothing is asked for where there is None, or nothing in a text. Dates are UTC, inclusive.

    `person` is an id; `is_favourite` means those of who asks.
    """

    text: str = ""
    model: str = ""
    kind: str = ""
    person: int | None = None
    since: date | None = None
    until: date | None = None
    size: tuple[int, int] | None = None
    seed: int | None = None
    is_favourite: bool = False
    collection: Collection | None = None
    is_trash: bool = False

    @property
    def is_any(self) -> bool:
        return any(getattr(self, each.name) not in {None, "", False} for each in fields(self))


def chosen(workspace: Workspace, filters: Filters, by: User) -> ImageQuerySet:
    """Those of the workspace's images that `by` asks for, in no order."""
    whole = Image.objects.in_trash if filters.is_trash else Image.objects.in_workspace
    rows = whole(workspace).filter(**_columns(filters))
    if filters.text:
        rows = rows.search(filters.text)
    if filters.is_favourite:
        rows = rows.favourites_of(by)
    if filters.collection:
        rows = rows.placed_in(filters.collection)
    return rows


def _columns(filters: Filters) -> dict[str, object]:
    width, height = filters.size or (None, None)
    wanted = {
        "model": filters.model or None,
        "kind": filters.kind or None,
        "created_by": filters.person,
        "seed": filters.seed,
        "width": width,
        "height": height,
        "created_at__gte": _midnight(filters.since) if filters.since else None,
        "created_at__lt": (_midnight(filters.until + timedelta(days=1)) if filters.until else None),
    }
    return {column: value for column, value in wanted.items() if value is not None}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def size(text: str) -> tuple[int, int]:
    """Of "1024x768" or "1024 × 768". Raises ValueError."""
    width, height = (int(side) for side in text.lower().replace("×", "x").split("x"))
    if not (1 <= width <= 100_000 and 1 <= height <= 100_000):
        raise ValueError(text)
    return width, height
