"""What a workspace had delivered and paid: in all, by day, by person, by model.

Days and months are those of UTC, as are the limits of keys and members.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, F, Sum, Value
from django.db.models.functions import TruncDate, TruncMonth

from accounts.models import User, Workspace
from studio.jobs import archive
from studio.models import State
from studio.models.jobs import JobQuerySet

# Days that a page may look back; of the longest, whole months are shown
PERIODS = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "12 months"}
_MOST_ROWS = 100
# Of both tables
Delivered = tuple[JobQuerySet, JobQuerySet]
# Of a chart, in the units of its picture
_HEIGHT, STEP = 100, 10


@dataclass(frozen=True, kw_only=True)
class Share:
    """A day, a person or a model; `percent` is of the largest of its kind."""

    name: str
    images: int
    micros: int
    percent: float = 0.0
    day: date | None = None


@dataclass(frozen=True, kw_only=True)
class Column:
    """Of a chart, in the units of its picture."""

    share: Share
    x: int
    y: float
    height: float


def delivered(workspace: Workspace, *, since: datetime, by: User | None = None) -> Delivered:
    """By anybody, or by one person; what went to the archive too."""
    at = {"state": State.SUCCEEDED, "finished_at__gte": since}
    if by:
        at["created_by"] = by
    hot, archived = archive.all_in(workspace)
    return hot.filter(**at), archived.filter(**at)


def total(jobs: Delivered) -> Share:
    images, micros = _grouped(jobs, Value(1))[1]
    return Share(name="", images=images, micros=micros)


def since(days: int, *, at: datetime) -> datetime:
    """Midnight, so that today is the last of so many days; of a year, the first of a month."""
    day = (at.astimezone(UTC) - timedelta(days=days - 1)).date()
    return datetime.combine(day.replace(day=1) if days > 90 else day, time(), UTC)


def by_day(jobs: Delivered, *, start: datetime, at: datetime) -> list[Share]:
    """One for each day, or each month of a year, though nothing was made on it."""
    is_long = at - start > timedelta(days=100)
    trunc = (
        TruncMonth("finished_at", tzinfo=UTC) if is_long else TruncDate("finished_at", tzinfo=UTC)
    )
    found = {_day(key): sums for key, sums in _grouped(jobs, trunc).items()}
    shares = []
    for day in _days(start.date(), at.astimezone(UTC).date(), is_long=is_long):
        images, micros = found.get(day, (0, 0))
        name = f"{day:%B %Y}" if is_long else f"{day:%-d %B %Y}"
        shares.append(Share(name=name, images=images, micros=micros, day=day))
    return _measured(shares)


def by_person(jobs: Delivered) -> list[Share]:
    """The first hundred, by what they spent."""
    rows = _most(_grouped(jobs, F("created_by")))
    people = User.objects.in_bulk([key for key, _ in rows if key])
    return _measured(
        [
            Share(name=str(people.get(key, "People who are gone")), images=images, micros=micros)
            for key, (images, micros) in rows
        ]
    )


def by_model(jobs: Delivered) -> list[Share]:
    rows = _most(_grouped(jobs, F("model")))
    return _measured(
        [Share(name=key, images=images, micros=micros) for key, (images, micros) in rows]
    )


def _grouped(jobs: Delivered, key: Any) -> dict[Any, tuple[int, int]]:
    """Images and micro-dollars by key. Of one moment: a job may go to the archive meanwhile."""
    hot, archived = (
        each.order_by()
        .annotate(key=key)
        .values_list("key")
        .annotate(images=Count("pk"), micros=Sum("price_micros"))
        for each in jobs
    )
    found: dict[Any, tuple[int, int]] = {}
    for name, images, micros in hot.union(archived, all=True):
        before = found.get(name, (0, 0))
        found[name] = before[0] + images, before[1] + (micros or 0)
    return found


def _most(sums: dict[Any, tuple[int, int]]) -> list[tuple[Any, tuple[int, int]]]:
    """The first hundred, by what they spent."""
    ordered = sorted(sums.items(), key=lambda each: (-each[1][1], str(each[0])))
    return ordered[:_MOST_ROWS]


def _day(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value


def _days(first: date, last: date, *, is_long: bool) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day = (day + timedelta(days=31)).replace(day=1) if is_long else day + timedelta(days=1)


def _measured(shares: list[Share]) -> list[Share]:
    """By images, since models cost differently and a gift costs nothing."""
    most = max((each.images for each in shares), default=0)
    return [
        Share(**{**vars(each), "percent": round(100 * each.images / most, 2) if most else 0.0})
        for each in shares
    ]


def columns(days: list[Share]) -> list[Column]:
    """Whoever made one picture is seen beside who made a thousand."""
    return [
        Column(share=each, x=number * STEP + 1, y=_HEIGHT - height, height=height)
        for number, each in enumerate(days)
        for height in [max(each.percent, 2.0) if each.images else 0.0]
    ]
