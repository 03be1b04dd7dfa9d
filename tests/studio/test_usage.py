"""Usage by day, person and model: the same sums that /v1/usage tells."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import keys, ledger, teams
from accounts.models import Membership, Role, User, Workspace
from studio import usage
from studio.models import Job, State
from tests.conftest import person
from tests.studio.makers import submit

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)


def made(
    by: User, workspace: Workspace, *ages: float, model: str = "", micros: int = 3_000
) -> None:
    """Delivered so many days ago."""
    for age in ages:
        (job,) = submit(by, workspace, prompt="a lake")
        Job.objects.filter(pk=job.pk).update(
            state=State.SUCCEEDED,
            finished_at=NOW - timedelta(days=age),
            price_micros=micros,
            **({"model": model} if model else {}),
        )


def sums(shares: list[usage.Share]) -> dict[str, tuple[int, int]]:
    return {each.name: (each.images, each.micros) for each in shares if each.images}


def test_days_people_and_models_have_the_same_sum(
    ada: User, ben: User, workspace: Workspace, mallory: User
) -> None:
    made(ada, workspace, 0, 0, 2)
    made(ben, workspace, 1, 29, model="big", micros=10_000)
    made(ben, workspace, 30, 400)
    made(mallory, mallory.personal_workspace, 0)
    submit(ada, workspace)
    start = usage.since(30, at=NOW)
    delivered = usage.delivered(workspace, since=start)
    days = usage.by_day(delivered, start=start, at=NOW)
    assert len(days) == 30
    assert sums(days) == {
        "15 March 2026": (2, 6_000),
        "14 March 2026": (1, 10_000),
        "13 March 2026": (1, 3_000),
        "14 February 2026": (1, 10_000),
    }
    assert sums(usage.by_person(delivered)) == {"Ada": (3, 9_000), "Ben": (2, 20_000)}
    assert usage.by_model(delivered)[0].name == "big"
    for shares in (days, usage.by_person(delivered), usage.by_model(delivered)):
        assert sum(each.micros for each in shares) == usage.total(delivered).micros == 29_000
        assert max(each.percent for each in shares) == 100


def test_a_year_is_of_months(ada: User, workspace: Workspace) -> None:
    made(ada, workspace, 1, 20, 360)
    start = usage.since(365, at=NOW)
    months = usage.by_day(usage.delivered(workspace, since=start), start=start, at=NOW)
    assert [months[0].name, months[-1].name, len(months)] == ["March 2025", "March 2026", 13]
    assert sums(months) == {
        "March 2025": (1, 3_000),
        "February 2026": (1, 3_000),
        "March 2026": (1, 3_000),
    }


def test_who_is_gone_is_counted(ada: User, workspace: Workspace) -> None:
    made(ada, workspace, 0)
    Job.objects.update(created_by=None)
    delivered = usage.delivered(workspace, since=usage.since(7, at=NOW))
    assert sums(usage.by_person(delivered)) == {"People who are gone": (1, 3_000)}


@pytest.mark.parametrize(
    ("role", "sees"), [(Role.ADMIN, True), (Role.MEMBER, False), (Role.VIEWER, False)]
)
def test_who_manages_sees_all_and_others_themselves(
    client: Client, ada: User, role: Role, sees: bool
) -> None:
    team = teams.open_team(by=ada, name="Lake house")
    ledger.grant(to=team, amount_micros=900_000, reference="grant:team")
    rob = person("Rob", team, role)
    Membership.objects.filter(user=rob).update(monthly_cap_micros=12_000)
    made(ada, team, 0, 0)
    Job.objects.update(finished_at=timezone.now())
    client.force_login(rob)
    client.post(reverse("accounts:workspace_switch", args=[team.pk]))
    page = client.get(reverse("studio:usage_page"), {"days": "7"}).content.decode()
    assert ("By person" in page) == sees
    assert ("$0.006" in page) == sees
    assert "$0.012" in page.partition("Caps this month")[2], "one's own cap is seen"
    assert ("No picture was delivered" in page) != sees


def test_the_page_has_a_chart_and_a_table(as_ada: Client, ada: User, workspace: Workspace) -> None:
    made(ada, workspace, 0, 0)
    Job.objects.update(finished_at=timezone.now())
    page = as_ada.get(reverse("studio:usage_page")).content.decode()
    assert page.count("<rect") == 2, "a day and a model"
    assert page.partition("As a table")[2].count('<th scope="row">') == 30
    assert "style=" not in page.partition("<main")[2].partition("</main")[0]
    for odd in ("x", "-1", "99999999", ""):
        shown = as_ada.get(reverse("studio:usage_page"), {"days": odd})
        assert shown.status_code == 200


def test_programs_are_told_the_same(client: Client, ada: User, workspace: Workspace) -> None:
    made(ada, workspace, 0, 0)
    Job.objects.update(finished_at=timezone.now())
    _, secret = keys.issue(workspace=workspace, by=ada, name="mine")
    told = client.get("/v1/usage", headers={"Authorization": f"Bearer {secret}"}).json()
    delivered = usage.delivered(workspace, since=usage.since(30, at=timezone.now()))
    assert (told["images"], told["spent_micros"]) == (2, 6_000)
    assert usage.total(delivered).micros == 6_000
