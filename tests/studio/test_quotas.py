"""What people see of their quotas, and when there is room again."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import invitations
from accounts.models import Membership, Plan, Role, User, Workspace
from studio import quotas
from studio.jobs import quota
from studio.models import Job
from tests.conftest import person
from tests.studio.makers import Puppet, run_to_end, submit

pytestmark = pytest.mark.django_db


def of(user: User, workspace: Workspace) -> dict[str, quotas.Standing]:
    me = Membership.objects.select_related("user").get(user=user, workspace=workspace)
    return {each.label: each for each in quotas.standings(workspace, me)}


def test_what_is_left_and_when_it_is_back(ada: User, workspace: Workspace, puppet: Puppet) -> None:
    jobs = submit(ada, workspace, count=3)
    Plan.objects.update(images_per_day=4, running_limit=2)
    workspace.refresh_from_db()
    began = timezone.now() - timedelta(hours=5)
    Job.objects.filter(pk=jobs[1].pk).update(created_at=began)
    day = of(ada, workspace)["Pictures in 24 hours"]
    assert (day.used, day.limit, day.left, day.percent) == ("3", "4", "1", 75)
    assert day.frees_at == began + timedelta(days=1)
    counts = quota.counts(workspace, at=began + timedelta(days=1))
    assert counts.in_day == 2  # what the page says is what `submit` finds
    run_to_end(jobs[0])
    assert of(ada, workspace)["Storage"].percent == 0
    assert of(ada, workspace)["Waiting"].used == "1"


def test_nothing_used_frees_nothing(ada: User, workspace: Workspace) -> None:
    assert of(ada, workspace)["Pictures in 30 days"].frees_at is None


def test_a_member_sees_their_own_cap(ben: User, workspace: Workspace) -> None:
    Membership.objects.filter(user=ben, workspace=workspace).update(monthly_cap_micros=12_000)
    submit(ben, workspace)
    cap = of(ben, workspace)["Your cap this month"]
    assert (cap.used, cap.limit, cap.left) == ("$0.003", "$0.012", "$0.009")
    assert cap.frees_at
    assert cap.frees_at > timezone.now()
    assert cap.frees_at.day == 1


def test_the_page_shows_them(as_ada: Client, workspace: Workspace) -> None:
    words = as_ada.get(reverse("accounts:workspace_page", args=[workspace.pk])).content.decode()
    assert "Pictures in 24 hours" in words
    assert "0 of 1,000" in words


def test_a_plan_has_room_for_so_many_people(ada: User, workspace: Workspace) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(personal_of=None)
    Plan.objects.update(member_limit=2)
    workspace.refresh_from_db()
    sent = invitations.invite(workspace=workspace, by=ada, email="ben@x.org", role=Role.MEMBER)
    with pytest.raises(invitations.TooMany, match="2 people"):
        invitations.invite(workspace=workspace, by=ada, email="cleo@x.org", role=Role.MEMBER)
    person("Vera", workspace, Role.VIEWER)
    late = User.objects.create_user("ben@x.org")
    with pytest.raises(invitations.TooMany, match="as many people"):
        invitations.accept(invitation=sent, by=late)
