import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import User
from studio import alerts
from studio.models import Job, Offer
from tests.studio.makers import submit

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


def test_others_are_sent_to_sign_in(client: Client, ada: User) -> None:
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    client.force_login(ada)
    assert client.get("/admin/", follow=True).status_code == 403
