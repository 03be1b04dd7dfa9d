import threading
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts import ids, ledger, periods, statements, workspaces
from accounts.models import Transfer, User, Wallet, Workspace


def balance(workspace: Workspace) -> tuple[int, int]:
    wallet = ledger.credit_of(workspace)
    return wallet.posted_micros, wallet.held_micros


def test_signing_up_grants_credit_once(workspace: Workspace) -> None:
    reference = f"signup:{workspace.personal_of_id}"
    ledger.grant(to=workspace, amount_micros=150_000, reference=reference)
    assert balance(workspace) == (150_000, 0)


def test_a_hold_is_set_aside_then_posted_once(workspace: Workspace) -> None:
    ledger.hold(workspace=workspace, amount_micros=3_000, reference="job:1")
    assert balance(workspace) == (150_000, 3_000)
    assert ledger.post(reference="job:1")
    assert not ledger.post(reference="job:1")
    assert balance(workspace) == (147_000, 0)


def test_several_holds_are_posted_together_or_none(workspace: Workspace) -> None:
    ends = ledger.ends_of_holds(workspace)
    ledger.hold_each(ends, amounts={"job:1": 3_000, "job:2": 4_000, "job:3": 1_000})
    ledger.void(reference="job:3")
    with pytest.raises(ledger.SettledOtherwise), transaction.atomic():
        ledger.post_each(["job:1", "job:2", "job:3"])
    assert balance(workspace) == (150_000, 7_000)
    assert ledger.post_each(["job:1", "job:2"]) == 2
    assert ledger.post_each(["job:1", "job:2"]) == 0
    assert (balance(workspace), list(periods.drift())) == ((143_000, 0), [])


def test_wallets_are_released_in_one_order(
    workspace: Workspace, mallory: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else two that settle for the same two workspaces would each wait for the other."""
    several = [workspace, workspaces.personal(mallory)]
    several.sort(key=lambda each: ledger.credit_of(each).pk, reverse=True)
    for each in several:
        ledger.hold(workspace=each, amount_micros=1_000, reference=f"job:{each.pk}")
    asked: list[Any] = []
    run = statements.run
    monkeypatch.setattr(
        statements, "run", lambda sql, values: asked.append((sql, values)) or run(sql, values)
    )
    ledger.post_each([f"job:{each.pk}" for each in several])
    wallets = [values[-1] for sql, values in asked if "held_micros -" in sql]
    assert wallets == sorted(ledger.credit_of(each).pk for each in several)


def test_a_voided_hold_gives_the_money_back_once(workspace: Workspace) -> None:
    ledger.hold(workspace=workspace, amount_micros=3_000, reference="job:1")
    assert ledger.void(reference="job:1")
    assert not ledger.void(reference="job:1")
    assert balance(workspace) == (150_000, 0)


def test_what_is_posted_cannot_be_voided(workspace: Workspace) -> None:
    ledger.hold(workspace=workspace, amount_micros=3_000, reference="job:1")
    ledger.post(reference="job:1")
    with pytest.raises(ledger.SettledOtherwise):
        ledger.void(reference="job:1")
    assert balance(workspace) == (147_000, 0)


def test_holding_twice_with_one_reference_holds_once(workspace: Workspace) -> None:
    first = ledger.hold(workspace=workspace, amount_micros=150_000, reference="job:1")
    assert ledger.hold(workspace=workspace, amount_micros=150_000, reference="job:1") == first
    assert balance(workspace) == (150_000, 150_000)


def test_a_reference_stands_for_one_amount(workspace: Workspace) -> None:
    ledger.hold(workspace=workspace, amount_micros=3_000, reference="job:1")
    with pytest.raises(ledger.ReferenceTaken):
        ledger.hold(workspace=workspace, amount_micros=6_000, reference="job:1")
    assert balance(workspace) == (150_000, 3_000)


def test_no_more_can_be_held_than_is_available(workspace: Workspace) -> None:
    ledger.hold(workspace=workspace, amount_micros=148_000, reference="job:1")
    with pytest.raises(ledger.InsufficientCredit) as refusal:
        ledger.hold(workspace=workspace, amount_micros=3_000, reference="job:2")
    assert (refusal.value.needed_micros, refusal.value.available_micros) == (3_000, 2_000)
    assert balance(workspace) == (150_000, 148_000)


@pytest.mark.parametrize("change", [{"amount_micros": 1}, {"reference": "x"}, {"memo": "x"}])
def test_the_database_refuses_to_rewrite_a_transfer(
    workspace: Workspace, change: dict[str, object]
) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Transfer.objects.update(**change)


def test_the_database_refuses_to_unsettle_a_transfer(workspace: Workspace) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Transfer.objects.update(state="pending", settled_at=None)


def test_the_database_refuses_another_time_of_settling(workspace: Workspace) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Transfer.objects.update(settled_at=timezone.now())


def test_who_moved_money_can_be_forgotten_but_not_changed(ada: User, workspace: Workspace) -> None:
    other = User.objects.create_user("other@example.com")
    ledger.grant(to=workspace, amount_micros=1, reference="gift:1", by=other)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Transfer.objects.filter(reference="gift:1").update(created_by=ada)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Transfer.objects.filter(created_by=None).update(created_by=ada)
    other.delete()
    assert Transfer.objects.get(reference="gift:1").created_by is None


def test_the_database_refuses_to_empty_the_ledger(workspace: Workspace) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    connection.check_constraints()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute("TRUNCATE accounts_transfer CASCADE")


def test_the_database_refuses_to_delete_a_transfer(workspace: Workspace) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute("DELETE FROM accounts_transfer")


@pytest.mark.parametrize("change", [{"posted_micros": -1}, {"held_micros": 150_001}])
def test_the_database_refuses_a_negative_balance(
    workspace: Workspace, change: dict[str, int]
) -> None:
    with pytest.raises(DatabaseError, match="wallet_never_negative"), transaction.atomic():
        Wallet.objects.filter(workspace=workspace).update(**change)


@pytest.mark.parametrize("amount_micros", [0, -3_000])
def test_the_database_refuses_to_move_nothing_or_less(
    workspace: Workspace, amount_micros: int
) -> None:
    before = balance(workspace)
    with pytest.raises(ledger.LedgerError):
        ledger.grant(to=workspace, amount_micros=amount_micros, reference="x")
    assert balance(workspace) == before


def test_the_database_refuses_a_transfer_to_where_it_came_from(workspace: Workspace) -> None:
    credit = ledger.credit_of(workspace)
    with pytest.raises(DatabaseError, match="transfer_between_two"), transaction.atomic():
        Transfer.objects.create(
            debit=credit, credit=credit, amount_micros=1, state="pending", reference="x"
        )


def test_the_database_refuses_a_reference_that_is_taken(workspace: Workspace) -> None:
    first = ledger.hold(workspace=workspace, amount_micros=3_000, reference="job:1")
    first.pk = ids.new()
    with pytest.raises(DatabaseError, match=r"(?i)unique"), transaction.atomic():
        first.save(force_insert=True)


def test_the_database_refuses_a_second_wallet_of_a_kind(workspace: Workspace) -> None:
    ledger.system(Wallet.Kind.REVENUE)
    for owner, kind in ((workspace, "credit"), (None, "revenue")):
        with pytest.raises(DatabaseError, match=r"(?i)unique"), transaction.atomic():
            Wallet.objects.create(workspace=owner, kind=kind)


@pytest.mark.django_db(transaction=True)
def test_what_was_committed_survives_a_power_cut() -> None:
    """On PostgreSQL its own settings see to it; of SQLite's log, `tests/config/test_sqlite.py`."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous")
            assert cursor.fetchone() == (2,), "FULL"
            assert connection.waits_for_disk
        else:
            cursor.execute("SHOW synchronous_commit")
            assert cursor.fetchone() == ("on",)


def test_drift_is_found(workspace: Workspace) -> None:
    assert list(periods.drift()) == []
    Wallet.objects.filter(workspace=workspace).update(posted_micros=1)
    assert len(list(periods.drift())) == 1


@pytest.mark.django_db(transaction=True)
def test_spends_at_once_never_exceed_the_funds(ada: User, workspace: Workspace) -> None:
    """8 threads x 20 holds of 3,000 against 150,000: exactly 50 succeed."""
    held: list[str] = []

    def spend(thread: int) -> None:
        for number in range(20):
            reference = f"job:{thread}-{number}"
            try:
                with transaction.atomic(durable=True):
                    ledger.hold(workspace=workspace, amount_micros=3_000, reference=reference)
                held.append(reference)
            except ledger.InsufficientCredit:
                pass
        connection.close()

    threads = [threading.Thread(target=spend, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(held) == 50
    assert balance(workspace) == (150_000, 150_000)
    assert list(periods.drift()) == []
