"""What a workspace had delivered and paid: in all, by day, by person, by model.

Days and months are those of UTC, as are the limits of keys and members.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate, TruncMonth

from accounts.models import User, Workspace
from studio.models import Job, State
from studio.models.jobs import JobQuerySet

# Days that a page may look back; of the longest, whole months are shown
PERIODS = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "12 months"}
_MOST_ROWS = 100
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


def delivered(workspace: Workspace, *, since: datetime, by: User | None = None) -> JobQuerySet:
    """By anybody, or by one person."""
    jobs = Job.objects.in_workspace(workspace)
    jobs = jobs.filter(state=State.SUCCEEDED, finished_at__gte=since)
    return jobs.filter(created_by=by) if by else jobs


def total(jobs: JobQuerySet) -> Share:
    sums = jobs.aggregate(images=Count("pk"), micros=Sum("price_micros"))
    return Share(name="", images=sums["images"], micros=sums["micros"] or 0)


def since(days: int, *, at: datetime) -> datetime:
    """Midnight, so that today is the last of so many days; of a year, the first of a month."""
    day = (at.astimezone(UTC) - timedelta(days=days - 1)).date()
    return datetime.combine(day.replace(day=1) if days > 90 else day, time(), UTC)


def by_day(jobs: JobQuerySet, *, start: datetime, at: datetime) -> list[Share]:
    """One for each day, or each month of a year, though nothing was made on it."""
    is_long = at - start > timedelta(days=100)
    trunc = (
        TruncMonth("finished_at", tzinfo=UTC) if is_long else TruncDate("finished_at", tzinfo=UTC)
    )
    found = {_day(each["key"]): each for each in _grouped(jobs.annotate(key=trunc), "key")}
    shares = []
    for day in _days(start.date(), at.astimezone(UTC).date(), is_long=is_long):
        row = found.get(day, {"images": 0, "micros": 0})
        name = f"{day:%B %Y}" if is_long else f"{day:%-d %B %Y}"
        shares.append(Share(name=name, images=row["images"], micros=row["micros"], day=day))
    return _measured(shares)


def by_person(jobs: JobQuerySet) -> list[Share]:
    """The first hundred, by what they spent."""
    rows = list(_grouped(jobs, "created_by").order_by("-micros", "created_by")[:_MOST_ROWS])
    people = User.objects.in_bulk([row["created_by"] for row in rows if row["created_by"]])
    return _measured(
        [
            Share(
                name=str(people.get(row["created_by"], "People who are gone")),
                images=row["images"],
                micros=row["micros"],
            )
            for row in rows
        ]
    )


def by_model(jobs: JobQuerySet) -> list[Share]:
    rows = _grouped(jobs, "model").order_by("-micros", "model")[:_MOST_ROWS]
    return _measured(
        [Share(name=row["model"], images=row["images"], micros=row["micros"]) for row in rows]
    )


def _grouped(jobs: JobQuerySet, column: str) -> Any:
    """Dictionaries: the column, `images` and `micros`."""
    sums = jobs.values(column).annotate(images=Count("pk"), micros=Sum("price_micros"))
    return sums.order_by(column)


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
