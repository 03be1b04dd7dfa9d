"""Months of the ledger that are over: closed once, and believed until somebody asks."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import ids, ledger, periods
from accounts.models import Period, PeriodSum, Transfer, User, Wallet, Workspace
from accounts.periods import close
from tests import ledger_guard
from tests.bench import many_jobs

pytestmark = pytest.mark.django_db
COUNT = 30_000  # jobs, each five minutes: 104 days


@pytest.fixture
def long_ago(ada: User, workspace: Workspace) -> Workspace:
    many_jobs.fill(COUNT, ada, workspace)
    return workspace


@pytest.fixture
def closed(long_ago: Workspace) -> Workspace:
    while close(at=timezone.now()):
        pass
    return long_ago


@pytest.fixture
def unguarded() -> Any:
    """Who owns the tables can take the triggers away."""
    with transaction.atomic():
        ledger_guard.take_down()
        yield
        ledger_guard.raise_up()


def test_months_that_are_over_are_closed_one_after_another(long_ago: Workspace) -> None:
    assert list(periods.drift(is_whole=True)) == []
    before = ledger.moved_in(), periods.posted(ledger.credit_of(long_ago))
    while close(at=timezone.now()):
        assert (ledger.moved_in(), periods.posted(ledger.credit_of(long_ago))) == before
        assert list(periods.drift()) == []
    ends = list(Period.objects.order_by("until").values_list("until", flat=True))
    first = timezone.now() - timedelta(minutes=5 * (COUNT - 1))
    last = timezone.now() - timedelta(days=1)
    assert len(ends) == 12 * (last.year - first.year) + last.month - first.month
    assert all((each.day, each.hour) == (1, 0) for each in ends)
    assert list(periods.drift(is_whole=True)) == []
    in_first = PeriodSum.objects.filter(period__until=ends[0])
    spent = Transfer.objects.filter(pk__lt=ids.first_at(ends[0])).count() * 3_000
    assert {each.wallet.kind: (each.came_micros, each.went_micros) for each in in_first} == {
        "credit": (0, spent),
        "revenue": (spent, 0),
    }


def test_a_month_stays_open_a_day_and_while_anything_of_it_is_pending(workspace: Workspace) -> None:
    ledger.hold(workspace=workspace, amount_micros=3_000, reference="job:1")
    now = timezone.now()
    over = (now.replace(day=1) + timedelta(days=31)).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    assert not close(at=over + timedelta(days=2))
    ledger.void(reference="job:1")
    assert not close(at=over + timedelta(hours=23))
    assert close(at=over + timedelta(days=1))
    assert not close(at=over + timedelta(days=1))
    assert list(periods.drift()) == list(periods.drift(is_whole=True)) == []


def test_nothing_moved_yet(db: None) -> None:
    assert not close(at=timezone.now() + timedelta(days=400))
    assert ledger.moved_in() == {"payments": (0, 0), "grants": (0, 0)}


def test_a_month_without_a_transfer_is_closed_too(workspace: Workspace) -> None:
    later = timezone.now() + timedelta(days=100)
    assert close(at=later)
    assert close(at=later)
    assert Period.objects.count() == 2
    assert PeriodSum.objects.values("period").distinct().count() == 1


def test_sums_read_only_what_is_open(closed: Workspace) -> None:
    """A transfer of before does not count again, whatever it says."""
    with CaptureQueriesContext(connection) as asked:
        assert list(periods.drift()) == []
        ledger.moved_in()
    first = periods.first_open().hex
    read = [each["sql"] for each in asked if "accounts_transfer" in each["sql"]]
    assert len(read) == 1 + 2 * Wallet.objects.filter(kind="grants").count()
    assert all(first in each for each in read)


@pytest.mark.parametrize("model", [Period, PeriodSum])
@pytest.mark.parametrize(
    "act",
    [
        lambda rows: rows.update(id=F("id") + 1_000),
        lambda rows: rows._raw_delete("default"),
    ],
)
def test_the_database_refuses_to_rewrite_a_period(
    closed: Workspace, model: Any, act: Callable[[Any], Any]
) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        act(model.objects.all())


TAMPERINGS: dict[str, Callable[[Any], Any]] = {
    "a wallet's": lambda rows: rows.filter(wallet__kind="credit").update(went_micros=3_000),
    "the system's": lambda rows: rows.filter(wallet__kind="revenue").update(came_micros=3_000),
    "one is gone": lambda rows: rows.filter(wallet__kind="credit")[:1].get().delete(),
    "all are gone": lambda rows: rows.all()._raw_delete("default"),
}


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_a_checkpoint_that_was_tampered_with_is_found(
    closed: Workspace, unguarded: None, kind: str
) -> None:
    TAMPERINGS[kind](PeriodSum.objects.order_by("pk"))
    assert list(periods.drift())
    assert list(periods.drift(is_whole=True))


def test_a_transfer_of_before_that_was_tampered_with_is_found_by_the_whole(
    closed: Workspace, unguarded: None
) -> None:
    oldest = Transfer.objects.order_by("pk")[0]
    Transfer.objects.filter(pk=oldest.pk).update(amount_micros=9_000)
    assert list(periods.drift()) == []
    found = list(periods.drift(is_whole=True))
    assert len(found) == 3, "the wallet, and both of its period"
