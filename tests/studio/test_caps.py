"""What a member may spend in a month. Keys' caps: tests/api/test_key_caps.py."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts import keys, ledger, members
from accounts.models import Membership, Role, User, Workspace
from accounts.workspaces import NotAllowed
from studio import jobs
from studio.jobs import CapReached
from tests.programs import ON_BOTH, Ground
from tests.studio.makers import submit

PROCESSES, ORDERS = 6, 8


def cap(user: User, workspace: Workspace, micros: int) -> None:
    Membership.objects.filter(user=user, workspace=workspace).update(monthly_cap_micros=micros)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("ground", ON_BOTH, indirect=True)
def test_orders_at_once_spend_the_cap_and_no_more(ground: Ground) -> None:
    """On the page, with two keys, and by another member beside it."""
    *orders, end = ground.run("tests.studio.cap_races", PROCESSES, ORDERS)
    half = PROCESSES * ORDERS // 2
    assert sum(each["accepted"] for each in orders) == half
    assert sum(each["refused"] for each in orders) == half
    assert end == {"ben": half * 3_000, "held": half * 3_000, "drift": []}


@pytest.mark.django_db
def test_a_cap_is_of_one_person_in_one_workspace(
    ada: User, ben: User, workspace: Workspace
) -> None:
    cap(ben, workspace, 8_999)
    submit(ben, workspace, count=2)
    with pytest.raises(CapReached, match=r"Your cap of \$0.008999 a month in this team"):
        submit(ben, workspace)
    submit(ben, ben.personal_workspace)
    submit(ada, workspace)
    assert jobs.spending_in(workspace) == {ada.pk: 3_000, ben.pk: 6_000}
    cap(ben, workspace, 9_000)
    submit(ben, workspace)


@pytest.mark.django_db
def test_what_is_not_charged_leaves_the_cap(ben: User, workspace: Workspace) -> None:
    cap(ben, workspace, 3_000)
    (job,) = submit(ben, workspace)
    with pytest.raises(CapReached):
        submit(ben, workspace)
    jobs.cancel(job=job, by=ben)
    submit(ben, workspace)


@pytest.mark.django_db
def test_a_key_spends_what_its_maker_may(ben: User, workspace: Workspace) -> None:
    key, _ = keys.issue(workspace=workspace, by=ben, name="posters", monthly_cap_micros=90_000)
    cap(ben, workspace, 3_000)
    submit(ben, workspace, api_key=key)
    with pytest.raises(CapReached, match="Your cap"):
        submit(ben, workspace, api_key=key)


@pytest.mark.django_db
def test_the_page_says_so_and_charges_nothing(
    client: Client, ben: User, workspace: Workspace
) -> None:
    cap(ben, workspace, 0)
    client.force_login(ben)
    session = client.session
    session["workspace"] = str(workspace.pk)
    session.save()
    response = client.post(reverse("studio:job_create"), {"prompt": "a lake"})
    assert response.status_code == 422
    assert "Your cap of $0.00 a month" in response.content.decode()
    assert ledger.credit_of(workspace).held_micros == 0


@pytest.mark.django_db
def test_one_removed_between_look_and_lock_orders_nothing(
    ada: User, ben: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last word is spoken under the lock."""
    ben_here = Membership.objects.get(user=ben, workspace=workspace)
    lock = ledger.lock

    def removed_first(of: Workspace) -> object:
        Membership.objects.filter(pk=ben_here.pk).delete()
        return lock(of)

    monkeypatch.setattr(ledger, "lock", removed_first)
    with pytest.raises(NotAllowed):
        submit(ben, workspace)
    assert ledger.credit_of(workspace).held_micros == 0


@pytest.mark.django_db
def test_only_who_decides_about_a_member_sets_their_cap(
    client: Client, ada: User, ben: User, workspace: Workspace
) -> None:
    member = Membership.objects.get(user=ben, workspace=workspace)
    address = reverse("accounts:member_change", args=[member.pk])
    fields = {"role": "member", "monthly_cap_micros": "1.50"}
    client.force_login(ben)
    assert client.post(address, fields).status_code == 403
    client.force_login(ada)
    assert client.post(address, fields | {"monthly_cap_micros": "-1"}).status_code == 422
    assert client.post(address, fields).status_code == 302
    member.refresh_from_db()
    assert (member.role, member.monthly_cap_micros) == (Role.MEMBER, 1_500_000)
    members.change(member=member, by=ada, role=Role.MEMBER, monthly_cap_micros=None)
