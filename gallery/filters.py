"""What is asked for of a workspace's images, from a page's address or a program's."""

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta

from accounts.models import User, Workspace
from gallery import search
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
    def is_searched(self) -> bool:
        """No index in the gallery's order can answer alone."""
        several = (self.model, self.kind, self.person, self.size, self.seed is not None)
        return bool(self.text) or sum(map(bool, (*several, self.is_favourite))) > 1

    @property
    def known(self) -> dict[str, object]:
        """The columns whose value is said, by name."""
        width, height = self.size or (None, None)
        said = {
            "model": self.model or None,
            "kind": self.kind or None,
            "created_by": self.person,
            "seed": self.seed,
            "width": width,
            "height": height,
        }
        return {column: value for column, value in said.items() if value is not None}

    @property
    def is_any(self) -> bool:
        return any(getattr(self, each.name) not in {None, "", False} for each in fields(self))


def chosen(workspace: Workspace, filters: Filters, by: User) -> ImageQuerySet:
    """Those of the workspace's images that `by` asks for, in no order."""
    whole = Image.objects.in_trash if filters.is_trash else Image.objects.in_workspace
    since = _midnight(filters.since) if filters.since else None
    before = _midnight_after(filters.until) if filters.until else None
    rows = _between(whole(workspace).filter(**filters.known), since, before)
    if filters.is_favourite:
        rows = rows.favourites_of(by)
    if filters.collection:
        rows = rows.placed_in(filters.collection)
    if not filters.is_searched:
        return rows
    terms = search.about(
        workspace=workspace.pk,
        favourite_of=by.pk if filters.is_favourite else None,
        collection=filters.collection.pk if filters.collection else None,
        **filters.known,
    )
    found: ImageQuerySet = search.within(rows.search(filters.text, terms), since, before)
    return found


def _between(rows: ImageQuerySet, since: datetime | None, before: datetime | None) -> ImageQuerySet:
    rows = rows.filter(created_at__gte=since) if since else rows
    return rows.filter(created_at__lt=before) if before else rows


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _midnight_after(day: date) -> datetime | None:
    return None if day == date.max else _midnight(day + timedelta(days=1))


def size(text: str) -> tuple[int, int]:
    """Of "1024x768" or "1024 × 768". Raises ValueError."""
    width, height = (int(side) for side in text.lower().replace("×", "x").split("x"))
    if not (1 <= width <= 100_000 and 1 <= height <= 100_000):
        raise ValueError(text)
    return width, height
