"""The ledger of a workspace as people read it: what made its credit more or less."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from heapq import merge
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db.models import Q

from accounts import ids, ledger
from accounts.models import Transfer, Workspace
from accounts.money import MICROS_PER_DOLLAR
from accounts.zips import in_pages

COLUMNS = ("id", "created", "settled", "state", "dollars", "reference", "memo")
# What a reference begins with, where the transfer has no memo
_WORDS = {"job": "Picture", "grant": "Credit given", "moved": "Moved between workspaces"}

# Between a hold and its end: longer than any order waits for a yes
LONGEST_HELD = timedelta(days=31)
_A_MOMENT = timedelta(minutes=1)  # between a transfer's time and its id


@dataclass(frozen=True, kw_only=True)
class Days:
    """Whole days of UTC, the last one included; without an end where there is None."""

    since: date | None = None
    until: date | None = None

    def moved(self) -> Q:
        """What took effect in it. The keys bound how much is read, whatever time is asked for."""
        among = Q()
        if self.since and self.since > date.min + LONGEST_HELD:
            start = datetime.combine(self.since, time(), UTC)
            among &= Q(pk__gte=ids.first_at(start - LONGEST_HELD))
            among &= Q(settled_at__gte=start) | Q(settled_at=None, created_at__gte=start)
        if self.until and self.until < date.max:
            end = datetime.combine(self.until + timedelta(days=1), time(), UTC)
            among &= Q(pk__lt=ids.first_at(end + _A_MOMENT))
            among &= Q(settled_at__lt=end) | Q(settled_at=None, created_at__lt=end)
        return among


_ALWAYS = Days()


@dataclass(frozen=True, kw_only=True)
class Line:
    id: UUID
    at: datetime
    words: str
    micros: int
    is_held: bool
    by: str


def page(
    workspace: Workspace, *, before: UUID | None, size: int, days: Days = _ALWAYS
) -> list[Line]:
    """The newest first. What was held and given back is left out: nothing came of it."""
    wallet = ledger.credit_of(workspace)
    among = ~Q(state=Transfer.State.VOIDED) & days.moved()
    if before:
        among &= Q(pk__lt=before)
    return [_line(each, wallet.pk) for each in ledger.latest_of(wallet, size, among=among)]


def _line(each: Transfer, wallet: int) -> Line:
    return Line(
        id=each.pk,
        at=each.settled_at or each.created_at,
        words=each.memo or _WORDS.get(each.reference.partition(":")[0], "Transfer"),
        micros=each.amount_micros if each.credit_id == wallet else -each.amount_micros,
        is_held=each.state == Transfer.State.PENDING,
        by=str(each.created_by or ""),
    )


def rows(workspace: Workspace, days: Days = _ALWAYS) -> Iterator[tuple[Any, ...]]:
    """All of it, the oldest first, in COLUMNS. What is owed is no credit."""
    wallet = ledger.credit_of(workspace)
    moved = Transfer.objects.filter(days.moved())
    sides = (moved.filter(debit=wallet), moved.filter(credit=wallet))
    for each in merge(*map(in_pages, sides), key=attrgetter("pk")):
        sign = 1 if each.credit_id == wallet.pk else -1
        yield (
            *(each.pk, each.created_at.isoformat()),
            each.settled_at.isoformat() if each.settled_at else "",
            *(each.state, Decimal(sign * each.amount_micros) / MICROS_PER_DOLLAR),
            *(each.reference, each.memo),
        )
