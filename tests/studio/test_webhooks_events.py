"""What is written down for webhooks when a job ends, and when nothing is."""

import json

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import keys
from accounts.models import User, Workspace
from studio import jobs
from studio.engines.contract import EngineError, Filtered, Refused, Trouble
from studio.jobs import settle
from studio.models import Delivery, Job, Webhook
from tests.conftest import person
from tests.studio.makers import Puppet, lose, run_to_end, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def webhook(workspace: Workspace) -> Webhook:
    return Webhook.objects.create(workspace=workspace, url="https://hooks.example/easel")


def told() -> list[tuple[str, str]]:
    return list(Delivery.objects.order_by("pk").values_list("type", "event_id"))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (None, "job.succeeded"),
        (Filtered("The prompt was refused."), "job.filtered"),
        (Refused("The size is wrong."), "job.failed"),
    ],
)
def test_each_end_is_told_as_the_api_shows_it(
    ada: User,
    workspace: Workspace,
    webhook: Webhook,
    puppet: Puppet,
    client: Client,
    error: EngineError | None,
    kind: str,
) -> None:
    puppet.does = [error] if error else []
    (job,) = submit(ada, workspace, prompt="xyzzy")
    run_to_end(job)
    delivery = Delivery.objects.get()
    assert (delivery.webhook, delivery.job, delivery.state) == (webhook, job, "waiting")
    assert "xyzzy" not in delivery.body
    event = json.loads(delivery.body)
    assert (event["type"], delivery.type) == (kind, kind)
    assert event["timestamp"].endswith("Z")
    _, secret = keys.issue(workspace=workspace, by=ada, name="tests")
    shown = client.get(f"/v1/jobs/{job.pk}", HTTP_AUTHORIZATION=f"Bearer {secret}").json()
    said = event["data"]
    if shown["image"]:
        shown["image"] = {name: shown["image"][name] for name in said["image"]}
    assert said == {name: shown[name] for name in said}
    assert set(shown) - set(said) == {"prompt", "x_warnings"}


def test_a_job_that_is_cancelled_is_told(ada: User, workspace: Workspace, webhook: Webhook) -> None:
    (job,) = submit(ada, workspace)
    assert jobs.cancel(job=job, by=ada)
    assert not jobs.cancel(job=job, by=ada)
    assert told() == [("job.cancelled", f"evt_{job.pk.hex}")]
    said = json.loads(Delivery.objects.get().body)["data"]
    assert said["error"] == {"code": "cancelled", "message": "Cancelled."}
    assert said["x_cost"] == 0


def test_a_job_that_the_sweep_gives_up_is_told(
    ada: User, workspace: Workspace, webhook: Webhook
) -> None:
    (job,) = submit(ada, workspace)
    for crashes in range(settle.MAX_CRASHES):
        assert jobs.claim(1, suspects=bool(crashes))
        lose(job)
    assert [kind for kind, _ in told()] == ["job.failed"]


def test_what_goes_on_is_not_told(
    ada: User, workspace: Workspace, webhook: Webhook, puppet: Puppet
) -> None:
    puppet.does = [Trouble("503")]
    (job,) = submit(ada, workspace)
    jobs.run_next()
    assert told() == []
    run_to_end(job)
    assert [kind for kind, _ in told()] == ["job.succeeded"]


def test_every_webhook_that_is_on_is_told_under_one_id(
    ada: User, workspace: Workspace, webhook: Webhook, puppet: Puppet
) -> None:
    second = Webhook.objects.create(workspace=workspace, url="https://other.example/")
    Webhook.objects.create(workspace=workspace, url="https://off.example/", off_at=timezone.now())
    mallory = person("Mallory")
    Webhook.objects.create(workspace=mallory.personal_workspace, url="https://mallory.example/")
    (job,) = submit(ada, workspace)
    run_to_end(job)
    assert {each.webhook for each in Delivery.objects.all()} == {webhook, second}
    assert {each.event_id for each in Delivery.objects.all()} == {f"evt_{job.pk.hex}"}


def test_an_end_that_is_not_committed_is_not_told(
    ada: User, workspace: Workspace, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row and the job's end are one transaction: a charge that fails takes both back."""

    def fail(**_: object) -> None:
        raise IntegrityError

    (job,) = submit(ada, workspace)
    (claimed,) = jobs.claim(1)
    monkeypatch.setattr(settle.ledger, "void", fail)
    with pytest.raises(IntegrityError):
        settle.give_up(claimed, Refused("No."))
    job.refresh_from_db()
    assert (job.state, told()) == ("running", [])


def test_a_late_worker_tells_nothing_more(
    ada: User, workspace: Workspace, webhook: Webhook, puppet: Puppet
) -> None:
    (job,) = submit(ada, workspace)
    (late,) = jobs.claim(1)
    lose(job)
    run_to_end(job)
    jobs.run(late)
    assert [kind for kind, _ in told()] == ["job.succeeded"]


def test_without_a_webhook_a_job_costs_no_statement_more(
    ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    """Whether anybody hears is a column of a statement that every claim makes anyway."""
    submit(ada, workspace)
    with CaptureQueriesContext(connection) as asked:
        jobs.run_next()
    about = [each["sql"] for each in asked if "studio_webhook" in each["sql"]]
    assert len(about) == 1
    assert 'RETURNING "studio_job"' in about[0]
    assert not any("studio_delivery" in each["sql"] for each in asked)
    assert Job.objects.get().state == "succeeded"
