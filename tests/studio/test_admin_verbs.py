"""What is done in the admin besides editing rows: each is permitted, done once, and in the log."""

import csv
import io
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts import keys, periods
from accounts.models import Plan, Transfer, User, Workspace
from studio.models import Alert, Job, Offer, State
from tests.studio.makers import Puppet, balance, run_to_end, submit

pytestmark = pytest.mark.django_db


def staff(client: Client, *may: str) -> Client:
    """Somebody of the staff who may these, and nothing else."""
    user = User.objects.create_user("stan@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=may))
    client.force_login(user)
    return client


@pytest.fixture
def as_operator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("operator@example.com"))
    return client


def do(client: Client, row: Any, verb: str) -> Any:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_do"
    return client.post(reverse(name, args=[row.pk, verb]), follow=True)


def said() -> str:
    return LogEntry.objects.order_by("-pk")[0].get_change_message()


# People


def test_a_suspended_person_is_out_at_once(as_operator: Client, ada: User) -> None:
    browser = Client()
    browser.force_login(ada)
    assert "is suspended" in do(as_operator, ada, "suspend").content.decode()
    assert browser.get(reverse("accounts:key_list")).status_code == 302
    assert "ada@example.com is suspended" in said()
    do(as_operator, ada, "let-in")
    ada.refresh_from_db()
    assert ada.is_active
    assert browser.get(reverse("accounts:key_list")).status_code == 302  # signs in anew


def test_signing_out_ends_every_session_and_no_key(
    as_operator: Client, ada: User, workspace: Workspace
) -> None:
    key, _ = keys.issue(workspace=workspace, by=ada, name="script")
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.force_login(ada)
    do(as_operator, ada, "sign-out")
    for browser in browsers:
        assert browser.get(reverse("accounts:key_list")).status_code == 302
    browsers[0].force_login(User.objects.get(pk=ada.pk))
    assert browsers[0].get(reverse("accounts:key_list")).status_code == 200
    key.refresh_from_db()
    assert key.revoked_at is None


def test_nobody_suspends_themselves_or_who_is_above(client: Client, ada: User) -> None:
    client = staff(client, "view_user", "change_user")
    stan = User.objects.get(email="stan@example.com")
    assert "cannot suspend yourself" in do(client, stan, "suspend").content.decode()
    above = User.objects.create_superuser("operator@example.com")
    assert do(client, above, "suspend").status_code == 403
    chosen = {"action": "suspend", "_selected_action": [above.pk, ada.pk]}
    client.post(reverse("admin:accounts_user_changelist"), chosen)
    assert list(User.objects.filter(is_active=False)) == [ada]


# Jobs


def test_a_job_is_found_cancelled_and_run_again(
    as_operator: Client, ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    (job,) = submit(ada, workspace, prompt="a very blue lake")
    Job.objects.filter(pk=job.pk).update(trace_id="trace-77")
    other = submit(ada, workspace, prompt="mountains")[0]
    jobs = reverse("admin:studio_job_changelist")
    for words in (str(job.pk), str(job.order_id), "trace-77", "very blue"):
        page = as_operator.get(jobs, {"q": words}).content.decode()
        assert str(job.pk) in page, words
        assert str(other.pk) not in page, words
    assert str(other.pk) in as_operator.get(jobs, {"q": ada.email}).content.decode()
    do(as_operator, job, "cancel")
    job.refresh_from_db()
    assert (job.state, job.error) == (State.CANCELLED, "Cancelled by who runs this Easel.")
    assert balance(workspace)[1] == 3_000  # the other's
    assert "does nothing here" in do(as_operator, job, "cancel").content.decode()
    do(as_operator, job, "again")
    assert "Runs again" in said()
    again = Job.objects.order_by("-pk")[0]
    assert (again.prompt, again.created_by) == ("a very blue lake", ada)
    assert run_to_end(again).state == State.SUCCEEDED


def test_who_may_look_at_jobs_does_nothing_to_them(
    client: Client, ada: User, workspace: Workspace
) -> None:
    (job,) = submit(ada, workspace)
    client = staff(client, "view_job")
    page = client.get(reverse("admin:studio_job_change", args=[job.pk])).content.decode()
    assert "Cancel" not in page
    assert do(client, job, "cancel").status_code == 403
    assert do(staff_of_nothing(), job, "cancel").status_code == 404


def staff_of_nothing() -> Client:
    other = Client()
    other.force_login(User.objects.create_user("nil@example.com", is_staff=True))
    return other


# Money


def credit(client: Client, workspace: Workspace, **fields: str) -> Any:
    address = reverse("admin:accounts_workspace_credit", args=[workspace.pk])
    page = client.get(address)
    new_id = page.context["form"]["new_id"].value() if page.status_code == 200 else ""
    form = {"new_id": new_id, "way": "give", "amount_micros": "5", "reason": "a sorry"} | fields
    return client.post(address, form, follow=True)


def test_credit_is_given_and_taken_by_transfers(as_operator: Client, workspace: Workspace) -> None:
    before = balance(workspace)[0]
    assert "$5.00 given: a sorry" in credit(as_operator, workspace).content.decode()
    assert balance(workspace)[0] == before + 5_000_000
    assert said() == "$5.00 given: a sorry"
    transfer = Transfer.objects.order_by("-pk")[0]
    assert (transfer.memo, transfer.created_by.email) == ("a sorry", "operator@example.com")
    credit(as_operator, workspace, way="take", amount_micros="1.5", reason="too much")
    assert balance(workspace)[0] == before + 3_500_000
    refused = credit(as_operator, workspace, way="take", amount_micros="900")
    assert "is left" in refused.content.decode()
    assert list(periods.drift()) == []


def test_a_form_sent_twice_moves_once(as_operator: Client, workspace: Workspace) -> None:
    address = reverse("admin:accounts_workspace_credit", args=[workspace.pk])
    before = balance(workspace)[0]
    new_id = as_operator.get(address).context["form"]["new_id"].value()
    form = {"new_id": new_id, "way": "give", "amount_micros": "5", "reason": "a sorry"}
    for _ in range(2):
        as_operator.post(address, form)
    assert balance(workspace)[0] == before + 5_000_000
    assert as_operator.post(address, form | {"amount_micros": "6"}).status_code == 422


def test_money_wants_a_reason_and_a_permission(client: Client, workspace: Workspace) -> None:
    client = staff(client, "view_workspace", "change_workspace")
    assert credit(client, workspace).status_code == 403
    page = client.get(reverse("admin:accounts_workspace_change", args=[workspace.pk]))
    assert "Give or take credit" not in page.content.decode()
    User.objects.get(email="stan@example.com").user_permissions.add(
        Permission.objects.get(codename="add_transfer")
    )
    assert credit(client, workspace, reason="").status_code == 422
    assert credit(client, workspace).status_code == 200


# Models and plans


def test_a_model_is_switched_off_with_a_note(as_operator: Client, ada: User) -> None:
    page = reverse("admin:studio_offer_change", args=["step-image-edit-2"])
    as_operator.post(page, {"price_micros": "3000", "note": "Back on Monday."})
    assert not Offer.objects.get(pk="step-image-edit-2").is_on
    assert LogEntry.objects.get().object_repr == "step-image-edit-2"
    browser = Client()
    browser.force_login(ada)
    assert "Back on Monday." in browser.get("/").content.decode()


def test_a_plan_is_written_in_gigabytes(as_operator: Client, workspace: Workspace) -> None:
    plan = Plan.objects.get()
    page = reverse("admin:accounts_plan_change", args=[plan.pk])
    names = ("images_per_day", "images_per_month", "running_limit", "queued_limit", "member_limit")
    fields = dict.fromkeys(names, 7) | {"storage_gigabytes": "1.5"}
    assert as_operator.post(page, fields).status_code == 302
    plan.refresh_from_db()
    assert (plan.storage_bytes, plan.member_limit) == (1.5 * 1024**3, 7)
    assert reverse("admin:accounts_plan_delete", args=[plan.pk])
    assert (
        as_operator.post(reverse("admin:accounts_plan_delete", args=[plan.pk])).status_code == 403
    )


# Lists


def test_a_list_is_exported_as_it_is_filtered(
    as_operator: Client, ada: User, workspace: Workspace
) -> None:
    wanted, _ = submit(ada, workspace, count=2, prompt="=HYPERLINK()")
    Job.objects.filter(pk=wanted.pk).update(trace_id="=cmd|x")
    address = reverse("admin:studio_job_export")
    answer = as_operator.get(address, {"q": str(wanted.pk)})
    assert answer.streaming
    (row,) = csv.DictReader(io.StringIO(answer.getvalue().decode()))
    assert (row["pk"], row["trace_id"]) == (str(wanted.pk), "'=cmd|x")
    assert "HYPERLINK" not in str(row)
    assert staff_of_nothing().get(address).status_code == 403
    for model in ("accounts_user", "accounts_workspace", "accounts_transfer", "admin_logentry"):
        assert as_operator.get(reverse(f"admin:{model}_export")).status_code == 200, model


def test_alerts_are_closed_by_who_may_change_them(client: Client) -> None:
    alert = Alert.objects.create(key="engine:x:key", message="The engine refuses the key.")
    assert do(staff(client, "view_alert"), alert, "close").status_code == 403
    client.force_login(User.objects.create_superuser("operator@example.com"))
    do(client, alert, "close")
    alert.refresh_from_db()
    assert alert.closed_at


# The door


def test_a_second_step_may_be_required(as_operator: Client, settings: Any) -> None:
    assert as_operator.get("/admin/").status_code == 200
    settings.STAFF_MFA = True
    chain = as_operator.get("/admin/", follow=True).redirect_chain
    assert chain[-1][0] == reverse("mfa_index")
    operator = User.objects.get(email="operator@example.com")
    factor = Authenticator.objects.create(user=operator, type="totp", data={"secret": "x"})
    assert as_operator.get("/admin/").status_code == 200
    factor.delete()
    assert as_operator.get(reverse("admin:studio_job_changelist")).status_code == 302
