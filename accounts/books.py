"""The ledger of a workspace as people read it: what made its credit more or less."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from heapq import merge
from itertools import chain
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts import ledger
from accounts.models import Transfer, Workspace
from accounts.money import MICROS_PER_DOLLAR
from accounts.zips import in_pages

COLUMNS = ("id", "created", "settled", "state", "dollars", "reference", "memo")
# What a reference begins with, where the transfer has no memo
_WORDS = {"job": "Picture", "grant": "Credit given", "moved": "Moved between workspaces"}


@dataclass(frozen=True, kw_only=True)
class Line:
    id: UUID
    at: datetime
    words: str
    micros: int
    is_held: bool
    by: str


def page(workspace: Workspace, *, before: UUID | None, size: int) -> list[Line]:
    """The newest first. What was held and given back is left out: nothing came of it.

    Each side is read by its own index, so that the hundredth page costs what the first one does.
    """
    wallet = ledger.credit_of(workspace)
    moved = Transfer.objects.exclude(state=Transfer.State.VOIDED).select_related("created_by")
    if before:
        moved = moved.filter(pk__lt=before)
    sides: list[QuerySet[Transfer]] = [moved.filter(debit=wallet), moved.filter(credit=wallet)]
    found = chain.from_iterable(side.order_by("-pk")[:size] for side in sides)
    newest = sorted(found, key=lambda each: each.pk, reverse=True)[:size]
    return [_line(each, wallet.pk) for each in newest]


def _line(each: Transfer, wallet: int) -> Line:
    return Line(
        id=each.pk,
        at=each.settled_at or each.created_at,
        words=each.memo or _WORDS.get(each.reference.partition(":")[0], "Transfer"),
        micros=each.amount_micros if each.credit_id == wallet else -each.amount_micros,
        is_held=each.state == Transfer.State.PENDING,
        by=str(each.created_by or ""),
    )


def rows(workspace: Workspace) -> Iterator[tuple[Any, ...]]:
    """All of it, the oldest first, in COLUMNS. What is owed is no credit."""
    wallet = ledger.credit_of(workspace)
    sides = (Transfer.objects.filter(debit=wallet), Transfer.objects.filter(credit=wallet))
    for each in merge(*map(in_pages, sides), key=attrgetter("pk")):
        sign = 1 if each.credit_id == wallet.pk else -1
        yield (
            *(each.pk, each.created_at.isoformat()),
            each.settled_at.isoformat() if each.settled_at else "",
            *(each.state, Decimal(sign * each.amount_micros) / MICROS_PER_DOLLAR),
            *(each.reference, each.memo),
        )
