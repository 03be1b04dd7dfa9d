"""Months of the ledger that are over: added up once, so that no sum reads all transfers again.

A transfer is of the month in which it was made, by its key. When a month is over and nothing of
it is pending, its transfers never change again, and the sweep writes for each wallet what came
and what went. Whatever adds up all transfers reads those rows, and the transfers since.
Decision 0024.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet, Sum

from accounts import ids, statements
from accounts.models import Period, PeriodSum, Transfer, Wallet

# Whoever made a transfer has committed it by then, and clocks differ by less
_MARGIN = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ADDED = """
    SELECT wallet_id, SUM(came), SUM(went) FROM (
        SELECT credit_id AS wallet_id, amount_micros AS came, 0 AS went FROM accounts_transfer
        WHERE id >= %s AND id < %s AND state = 'posted'
        UNION ALL
        SELECT debit_id, 0, amount_micros FROM accounts_transfer
        WHERE id >= %s AND id < %s AND state = 'posted'
        UNION ALL
        SELECT wallet_id, -came_micros, -went_micros FROM accounts_periodsum WHERE period_id = %s
    ) AS moved GROUP BY wallet_id HAVING SUM(came) <> 0 OR SUM(went) <> 0 ORDER BY wallet_id
"""
_DRIFT = """
    SELECT id, posted_micros, held_micros, COALESCE(posted, 0), COALESCE(held, 0)
    FROM accounts_wallet LEFT JOIN (
        SELECT wallet_id, SUM(posted) AS posted, SUM(held) AS held FROM (
            SELECT wallet_id, came_micros - went_micros AS posted, 0 AS held
            FROM accounts_periodsum WHERE period_id IN (
                SELECT id FROM accounts_period WHERE until <= %s)
            UNION ALL
            SELECT credit_id, amount_micros, 0 FROM accounts_transfer
            WHERE id >= %s AND state = 'posted'
            UNION ALL
            SELECT debit_id, CASE state WHEN 'posted' THEN -amount_micros ELSE 0 END,
                CASE state WHEN 'pending' THEN amount_micros ELSE 0 END
            FROM accounts_transfer WHERE id >= %s AND state <> 'voided'
        ) AS moved GROUP BY wallet_id
    ) AS sums ON sums.wallet_id = accounts_wallet.id
    WHERE workspace_id IS NOT NULL
        AND (posted_micros <> COALESCE(posted, 0) OR held_micros <> COALESCE(held, 0))
    ORDER BY id
"""


def close(*, at: datetime) -> bool:
    """Closes the oldest month that is over and open. Whether it did; others may do it at once."""
    end = _next_end()
    if end is None or at < end + _MARGIN or _is_any_pending(before=end + _MARGIN):
        return False
    begin = _latest_end()
    sums = _added(begin, end)
    with transaction.atomic(durable=True):
        period, is_new = Period.objects.get_or_create(until=end, defaults={"closed_at": at})
        if is_new:
            PeriodSum.objects.bulk_create(
                (
                    PeriodSum(period=period, wallet_id=wallet, came_micros=came, went_micros=went)
                    for wallet, came, went in sums
                ),
                batch_size=500,
            )
    return is_new


def _next_end() -> datetime | None:
    """Of the month after the last that is closed, or of the first in which money moved."""
    latest = Period.objects.order_by("-until").first()
    if latest:
        return _month_after(latest.until)
    first = Transfer.objects.order_by("pk").values_list("pk", flat=True).first()
    return _month_after(ids.made_at(first)) if first else None


def _month_after(moment: datetime) -> datetime:
    day = moment.astimezone(UTC).date().replace(day=1) + timedelta(days=31)
    return datetime(day.year, day.month, 1, tzinfo=UTC)


def _is_any_pending(*, before: datetime) -> bool:
    pending = Transfer.objects.filter(state=Transfer.State.PENDING)
    return pending.filter(created_at__lt=before).exists()


def _added(
    begin: datetime, end: datetime, *, less: Period | None = None
) -> list[tuple[int, int, int]]:
    """For each wallet what came and what went, less what was written of a period."""
    between = [*_key(begin), *_key(end)]
    rows = statements.returned(_ADDED, [*between, *between, less.pk if less else 0])
    return [(wallet, int(came), int(went)) for wallet, came, went in rows]


def _latest_end() -> datetime:
    """All transfers of before are in the sums."""
    ends = Period.objects.order_by("-until").values_list("until", flat=True)
    return ends.first() or _EPOCH


def _key(moment: datetime) -> list[object]:
    return statements.prepared(Transfer, id=ids.first_at(moment))


def first_open() -> UUID:
    """The key from which on transfers are in no period."""
    return ids.first_at(_latest_end())


def posted(wallet: Wallet) -> tuple[int, int]:
    """What came into it and what went out of it, ever: whole micro-dollars."""
    end = _latest_end()
    closed = wallet.sums.filter(period__until__lte=end).aggregate(
        came=Sum("came_micros"), went=Sum("went_micros")
    )
    later = {"pk__gte": ids.first_at(end), "state": Transfer.State.POSTED}
    came = (closed["came"] or 0) + _sum(wallet.credits.filter(**later))
    return came, (closed["went"] or 0) + _sum(wallet.debits.filter(**later))


def _sum(transfers: QuerySet[Transfer]) -> int:
    return transfers.aggregate(total=Sum("amount_micros"))["total"] or 0


def drift(*, is_whole: bool = False) -> Iterator[str]:
    """A sentence for every wallet whose cached balance is not the sum of its transfers.

    Closed periods count as what they were added up to, each of which has to be even; if
    `is_whole`, all of them are added up again.
    """
    end = _EPOCH if is_whole else _latest_end()
    (until,) = statements.prepared(Period, until=end)
    for wallet, *figures in statements.returned(_DRIFT, [until, *_key(end), *_key(end)]):
        posted_micros, held_micros, came, held = map(int, figures)
        yield (
            f"wallet {wallet}: cached {posted_micros} posted and {held_micros} held, "
            f"transfers say {came} and {held}"
        )
    uneven = Period.objects.annotate(over=Sum(F("sums__came_micros") - F("sums__went_micros")))
    for period in uneven.exclude(over=None).exclude(over=0).order_by("until"):
        yield f"the period {period} has {period.over} more that came than went"
    if is_whole:
        yield from _other_sums()


def _other_sums() -> Iterator[str]:
    begin = _EPOCH
    for period in Period.objects.order_by("until"):
        for wallet, came, went in _added(begin, period.until, less=period):
            yield f"wallet {wallet} of the period {period}: {came} more came, {went} more went"
        begin = period.until
