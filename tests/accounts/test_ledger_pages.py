"""The ledger as people read it: pages, days, CSV."""

import csv
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import books, ids, ledger
from accounts.books import LONGEST_HELD, Days
from accounts.models import Transfer, User, Wallet, Workspace
from studio.jobs import asking

pytestmark = pytest.mark.django_db
NOON = {"hour": 12, "tzinfo": UTC}
NOVEMBER = {"since": "2025-11-01", "until": "2025-11-30"}


def page(client: Client, name: str, **asked: str) -> str:
    return client.get(reverse(f"accounts:{name}"), asked).content.decode()


def table(client: Client, **asked: str) -> list[dict[str, str]]:
    response = client.get(reverse("accounts:ledger_csv"), asked)
    text = b"".join(response).decode()  # type: ignore[call-overload]
    return list(csv.DictReader(text.splitlines()))


def moved(workspace: Workspace, memo: str, at: datetime, settled_at: datetime | None) -> None:
    """A picture that was ordered and paid then, or is held since."""
    Transfer.objects.create(
        id=UUID(int=ids.first_at(at).int + Transfer.objects.count()),
        debit=ledger.credit_of(workspace),
        credit=ledger.system(Wallet.Kind.REVENUE),
        amount_micros=1_000,
        state=Transfer.State.POSTED if settled_at else Transfer.State.PENDING,
        reference=f"job:{memo}",
        memo=memo,
        created_at=at,
        settled_at=settled_at,
    )


@pytest.fixture
def autumn(workspace: Workspace) -> None:
    """Around November, and what was ordered in one month and paid in the other."""
    for memo, month, day, paid in (
        ("October’s", 10, 31, 31),
        ("Into November", 10, 31, 32),
        ("November’s first", 11, 1, 1),
        ("Asked for long", 11, 1, 15),
        ("November’s last", 11, 30, 30),
        ("Out of November", 11, 30, 31),
        ("December’s", 12, 1, 1),
    ):
        at = datetime(2025, month, day, **NOON)  # type: ignore[arg-type]
        moved(workspace, memo, at, at + timedelta(days=paid - day))
        if memo == "November’s first":
            moved(workspace, "Held since", at + timedelta(hours=1), None)


def test_the_ledger_has_both_sides_newest_first_in_pages(
    as_ada: Client, ada: User, workspace: Workspace
) -> None:
    for number in range(60):
        ledger.hold(workspace=workspace, amount_micros=1_000, reference=f"job:{number}", by=ada)
        verb = ledger.void if number % 10 == 0 else ledger.post
        verb(reference=f"job:{number}")
    ledger.hold(workspace=workspace, amount_micros=2_000, reference="job:held")
    ledger.grant(to=workspace, amount_micros=5_000, reference="grant:1", memo="A gift")
    seen = page(as_ada, "ledger_page")
    assert seen.count('role="rowheader"') == 50
    assert seen.index("A gift") < seen.index("Held") < seen.index("Picture", seen.index("Held") + 9)
    assert "+$0.005" in seen
    before = seen.partition("?before=")[2].partition('"')[0]
    older = as_ada.get(reverse("accounts:ledger_page"), {"before": before}).content.decode()
    assert older.count('role="rowheader"') == 54 + 3 - 50
    assert "Welcome credit" in older
    assert "Older" not in older
    assert as_ada.get(reverse("accounts:ledger_page"), {"before": "x"}).status_code == 404


def test_the_csv_has_all_and_sums_to_what_is_left(
    as_ada: Client, workspace: Workspace, mallory: User
) -> None:
    ledger.hold(workspace=workspace, amount_micros=3_000, reference="job:1")
    ledger.post(reference="job:1")
    ledger.hold(workspace=workspace, amount_micros=3_000, reference="job:2")
    ledger.void(reference="job:2")
    ledger.grant(to=workspace, amount_micros=1, reference="grant:1", memo="=cmd()")
    response = as_ada.get(reverse("accounts:ledger_csv"))
    assert response["Content-Disposition"] == 'attachment; filename="ledger.csv"'
    rows = table(as_ada)
    assert [row["state"] for row in rows] == ["posted", "posted", "voided", "posted"]
    posted = sum(float(row["dollars"]) for row in rows if row["state"] == "posted")
    assert round(posted * 1_000_000) == ledger.credit_of(workspace).posted_micros
    assert rows[-1]["memo"] == "'=cmd()"
    assert len(rows) == Transfer.objects.count() - 1, "none of Mallory's"


def test_a_page_of_the_ledger_costs_no_more_when_there_is_more(
    as_ada: Client, ada: User, workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    for number in range(40):
        ledger.hold(workspace=workspace, amount_micros=1, reference=f"job:{number}", by=ada)
    with django_assert_max_num_queries(3):
        books.page(workspace, before=None, size=50)


@pytest.mark.usefixtures("autumn")
def test_days_are_those_on_which_it_took_effect(as_ada: Client) -> None:
    """The last one included; on the page and in the CSV."""
    shown = {"Into November", "November’s first", "Held since", "Asked for long", "November’s last"}
    others = {"October’s", "Out of November", "December’s", "Welcome credit"}
    seen = page(as_ada, "ledger_page", **NOVEMBER)
    assert {memo for memo in shown | others if memo in seen} == shown
    assert {row["memo"] for row in table(as_ada, **NOVEMBER)} == shown
    assert "ledger.csv?since=2025-11-01&amp;until=2025-11-30" in seen
    name = as_ada.get(reverse("accounts:ledger_csv"), NOVEMBER)["Content-Disposition"]
    assert name == 'attachment; filename="ledger-2025-11-01-2025-11-30.csv"'


@pytest.mark.usefixtures("autumn")
def test_either_end_may_be_open(as_ada: Client) -> None:
    since = {row["memo"] for row in table(as_ada, since="2025-12-01")}
    assert since == {"Out of November", "December’s", "Welcome credit"}
    assert [row["memo"] for row in table(as_ada, until="2025-10-31")] == ["October’s"]
    assert len(table(as_ada)) == 9
    assert "Nothing was moved in this time" in page(as_ada, "ledger_page", until="1999-01-01")
    for day in ("0001-01-01", "9999-12-31"):
        assert as_ada.get(reverse("accounts:ledger_page"), {"since": day, "until": day})


@pytest.mark.usefixtures("autumn")
def test_pages_of_a_period_stay_in_it(as_ada: Client, workspace: Workspace) -> None:
    for minute in range(60):
        at = datetime(2025, 11, 10, 10, minute, tzinfo=UTC)
        moved(workspace, f"Number {minute}", at, at)
    seen = page(as_ada, "ledger_page", **NOVEMBER)
    assert seen.count('role="rowheader"') == 50
    before = seen.partition("?before=")[2].partition("&amp;")[0]
    assert f"?before={before}&amp;since=2025-11-01&amp;until=2025-11-30" in seen
    older = page(as_ada, "ledger_page", before=before, **NOVEMBER)
    assert older.count('role="rowheader"') == 65 - 50
    assert "October’s" not in older


@pytest.mark.parametrize(
    "asked",
    [
        {"since": "yesterday"},
        {"until": "2025-02-30"},
        {"since": "2025-11-30T00:00"},
        {"since": "２０２５-11-01x"},
        {"since": "-2025-11-01"},
        {"since": "2025-11-02", "until": "2025-11-01"},
        {"since": "\0"},
    ],
    ids=str,
)
def test_wrong_days_are_said_and_show_nothing(as_ada: Client, asked: dict[str, str]) -> None:
    for name in ("ledger_page", "ledger_csv"):
        response = as_ada.get(reverse(f"accounts:{name}"), asked)
        assert response.status_code == 422
        assert "errorlist" in response.content.decode()
        assert "Welcome credit" not in response.content.decode()


def test_this_month_is_one_click_away(as_ada: Client) -> None:
    first = timezone.now().date().replace(day=1)
    seen = page(as_ada, "ledger_page")
    assert f'href="?since={first}&amp;until=' in seen
    until = seen.partition(f"?since={first}&amp;until=")[2][:10]
    assert (date.fromisoformat(until) + timedelta(days=1)).day == 1
    chosen = page(as_ada, "ledger_page", since=f"{first}", until=until)
    assert "Welcome credit" in chosen
    assert chosen.count('aria-current="true">This month') == 1


def test_nothing_is_held_for_longer_than_is_looked_for() -> None:
    assert asking.PATIENCE < LONGEST_HELD / 2


def test_a_period_reads_by_the_keys(workspace: Workspace) -> None:
    """However much came before and after it."""
    sql = str(Transfer.objects.filter(Days(since=date(2025, 11, 1)).moved()).query)
    assert '"accounts_transfer"."id" >=' in sql
