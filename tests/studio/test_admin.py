import re

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import keys
from accounts.models import User, Workspace
from studio import alerts
from studio.models import Alert, Job, Offer
from tests.studio.makers import Puppet, run_to_end, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_operator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("operator@example.com", "correct horse"))
    return client


def test_the_index_shows_what_the_operator_has_to_mend(as_operator: Client) -> None:
    alerts.open_once("engine:stepfun:key", "The engine stepfun refuses the key.")
    assert "refuses the key" in as_operator.get("/admin/").content.decode()


def test_every_list_and_page_opens(as_operator: Client, ada: User, workspace: object) -> None:
    (job,) = submit(ada, workspace)  # type: ignore[arg-type]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert as_operator.get(reverse(f"{name}_changelist")).status_code == 200, name
        first = model._default_manager.first()
        if first:
            page = as_operator.get(reverse(f"{name}_change", args=[first.pk]))
            assert page.status_code == 200, name
    found = as_operator.get(reverse("admin:studio_job_changelist"), {"q": str(job.pk)})
    assert str(job.pk) in found.content.decode()


def test_a_workspace_shows_what_it_used(
    as_operator: Client, ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    (job,) = submit(ada, workspace)
    run_to_end(job)
    address = reverse("admin:accounts_workspace_change", args=[workspace.pk])
    page = as_operator.get(address).content.decode()
    assert "1 picture for $0.003 in 30 days" in page
    (chart,) = re.findall(r'<svg class="chart".*?</svg>', page, re.DOTALL)
    heights = [float(each) for each in re.findall(r'height="([0-9.]+)"', chart)]
    assert len(heights) == 30
    assert [each for each in heights if each] == [heights[-1]]
    assert f"<td>{timezone.now():%-d %b %Y}</td>" in page


def test_money_and_jobs_cannot_be_edited(as_operator: Client, ada: User, workspace: object) -> None:
    (job,) = submit(ada, workspace)  # type: ignore[arg-type]
    page = reverse("admin:studio_job_change", args=[job.pk])
    assert as_operator.post(page, {"state": "succeeded"}).status_code == 403
    assert Job.objects.get().state == "queued"


def test_a_model_without_a_price_cannot_go_on_offer(as_operator: Client) -> None:
    page = reverse("admin:studio_offer_change", args=["step-1x-edit"])
    answer = as_operator.post(page, {"is_on": "on", "price_micros": "", "note": ""})
    assert "needs a price" in answer.content.decode()
    assert not Offer.objects.get(pk="step-1x-edit").is_on


@pytest.fixture
def as_staff(client: Client) -> Client:
    """Somebody of the staff who may change people, and look at alerts."""
    staff = User.objects.create_user("staff@example.com", "correct horse", is_staff=True)
    may = ("view_user", "change_user", "view_alert")
    staff.user_permissions.set(Permission.objects.filter(codename__in=may))
    client.force_login(staff)
    return client


def test_staff_give_themselves_no_power(as_staff: Client) -> None:
    staff = User.objects.get(email="staff@example.com")
    group = Group.objects.create(name="everything")
    page = reverse("admin:accounts_user_change", args=[staff.pk])
    fields = {"name": "Stan", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    as_staff.post(page, fields | {"groups": [group.pk], "email": "ada@example.com"})
    staff.refresh_from_db()
    assert staff.name == "Stan"
    assert not staff.is_superuser
    assert not staff.groups.exists()
    assert staff.email == "staff@example.com"


def test_staff_cannot_suspend_a_superuser(as_staff: Client) -> None:
    above = User.objects.create_superuser("operator@example.com")
    page = reverse("admin:accounts_user_change", args=[above.pk])
    assert as_staff.post(page, {"name": "x"}).status_code == 403


def test_a_superuser_gives_power_but_changes_no_address(as_operator: Client, ada: User) -> None:
    page = reverse("admin:accounts_user_change", args=[ada.pk])
    fields = {"name": "Ada", "is_active": "on", "is_staff": "on", "email": "x@example.com"}
    as_operator.post(page, fields)
    ada.refresh_from_db()
    assert ada.is_staff
    assert ada.email == "ada@example.com"


def close_all(client: Client) -> int:
    """How many alerts are open after somebody tried to close them."""
    alerts.open_once("engine:stepfun:key", "The engine stepfun refuses the key.")
    chosen = {"action": "close", "_selected_action": [each.pk for each in Alert.objects.all()]}
    client.post(reverse("admin:studio_alert_changelist"), chosen)
    return Alert.objects.filter(closed_at=None).count()


def test_who_may_change_alerts_closes_them(as_staff: Client) -> None:
    assert close_all(as_staff) == 1
    staff = User.objects.get(email="staff@example.com")
    staff.user_permissions.add(Permission.objects.get(codename="change_alert"))
    assert close_all(as_staff) == 0


def test_a_superuser_closes_alerts(as_operator: Client) -> None:
    assert close_all(as_operator) == 0


def test_secrets_are_neither_shown_nor_edited(as_operator: Client, ada: User) -> None:
    factor = Authenticator.objects.create(user=ada, type="totp", data={"secret": "JBSWY3DP"})
    page = reverse("admin:mfa_authenticator_change", args=[factor.pk])
    assert "JBSWY3DP" not in as_operator.get(page).content.decode()
    assert as_operator.post(page, {"data": "{}"}).status_code == 403


def test_a_list_names_people_by_their_address(
    as_operator: Client, ada: User, workspace: Workspace
) -> None:
    keys.issue(workspace=workspace, by=ada, name="script")
    for name in ("apikey", "workspace"):
        page = as_operator.get(reverse(f"admin:accounts_{name}_changelist"))
        assert ada.email in page.content.decode()


def test_members_have_a_cap_that_is_enforced(as_operator: Client, workspace: Workspace) -> None:
    page = as_operator.get(reverse("admin:accounts_workspace_change", args=[workspace.pk]))
    assert "monthly_cap" in page.content.decode()  # of members: `studio.jobs.caps`


def test_others_are_sent_to_sign_in(client: Client, ada: User) -> None:
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    client.force_login(ada)
    assert client.get("/admin/", follow=True).status_code == 403
