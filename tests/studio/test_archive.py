"""Jobs that ended long ago go to the archive, and nobody outside can tell."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import keys, ledger, registry
from accounts.models import User, Workspace
from gallery.models import Image
from studio import audit, metrics, usage
from studio.jobs import archive
from studio.models import ArchivedJob, Job, State, TallyMark
from studio.queue import sweep
from tests.studio.makers import Puppet, run_to_end, submit

pytestmark = pytest.mark.django_db
LATER = timedelta(days=91)


@pytest.fixture
def ended(ada: User, workspace: Workspace, puppet: Puppet) -> list[Job]:
    """One delivered, one cancelled; a third waits."""
    done, cancelled, _ = submit(ada, workspace, count=3)
    run_to_end(done)
    Job.objects.filter(pk=cancelled.pk).update(state="cancelled", finished_at=timezone.now())
    ledger.void(reference=cancelled.hold)
    return [done, cancelled]


def move(at: datetime | None = None) -> None:
    at = at or timezone.now() + LATER
    metrics.roll_up(at)
    archive.sweep(at=at)


def exported(workspace: Workspace) -> list[Any]:
    for each in registry.belongings:
        if "studio.Job" in each.models and each.of_workspace:
            (file,) = each.of_workspace(workspace)
            return sorted(json.loads(b"".join(file.pieces)), key=lambda row: row["id"])
    raise AssertionError


def test_only_what_ended_long_ago_moves(ended: list[Job]) -> None:
    before = {pk: values for pk, *values in Job.objects.values_list()}
    move(timezone.now() + timedelta(days=89))
    assert (Job.objects.count(), ArchivedJob.objects.count()) == (3, 0)
    move()
    assert Job.objects.get().state == State.QUEUED
    after = {pk: values for pk, *values in ArchivedJob.objects.values_list()}
    assert after == {job.pk: before[job.pk] for job in ended}
    move()
    assert ArchivedJob.objects.count() == 2


def test_more_than_a_piece_moves(
    ada: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_AT_ONCE", 2)
    for job in submit(ada, workspace, count=5):
        ledger.void(reference=job.hold)
    Job.objects.update(state="failed", finished_at=timezone.now())
    move()
    assert (Job.objects.count(), ArchivedJob.objects.count()) == (0, 5)


def test_what_is_not_in_the_tallies_yet_stays(ended: list[Job]) -> None:
    archive.sweep(at=timezone.now() + LATER)
    metrics.roll_up(timezone.now() - timedelta(hours=1))
    archive.sweep(at=timezone.now() + LATER)
    assert ArchivedJob.objects.count() == 0
    TallyMark.objects.update(until=timezone.now())
    archive.sweep(at=timezone.now() + LATER)
    assert ArchivedJob.objects.count() == 2


def test_sums_exports_and_programs_are_told_the_same(
    ended: list[Job], ada: User, workspace: Workspace, as_ada: Client
) -> None:
    _, secret = keys.issue(workspace=workspace, by=ada, name="mine")
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    Job.objects.filter(pk__in=[job.pk for job in ended]).update(
        created_at=F("created_at") - LATER, finished_at=F("finished_at") - LATER
    )
    now = timezone.now()
    start = usage.since(365, at=now)

    def told() -> list[Any]:
        delivered = usage.delivered(workspace, since=start)
        jobs = [program.get(f"/v1/jobs/{job.pk}").json() for job in ended]
        for job in jobs:
            (job["image"] or {}).pop("url", None)
        return [
            *(usage.total(delivered), usage.by_day(delivered, start=start, at=now)),
            *(usage.by_person(delivered), usage.by_model(delivered)),
            program.get("/v1/usage", {"since": f"{start:%Y-%m-%d}"}).json(),
            exported(workspace),
            jobs,
            metrics.ended_in_all()[0].jobs,
        ]

    before = told()
    assert before[0].images == 1
    move(now)
    assert ArchivedJob.objects.count() == 2
    assert told() == before
    assert program.post(f"/v1/jobs/{ended[0].pk}/cancel").json()["state"] == "succeeded"
    image = Image.objects.get()
    page = as_ada.get(reverse("gallery:image_page", args=[image.pk]))
    assert image.prompt in page.content.decode()


def test_outsiders_are_told_nothing(ended: list[Job], mallory: User) -> None:
    move()
    _, secret = keys.issue(workspace=mallory.personal_workspace, by=mallory, name="hers")
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    assert program.get(f"/v1/jobs/{ended[0].pk}").status_code == 404
    assert program.post(f"/v1/jobs/{ended[0].pk}/cancel").status_code == 404


def test_the_audit_knows_of_the_archive(ended: list[Job]) -> None:
    move()
    assert list(audit.findings()) == list(audit.findings(is_whole=True)) == []
    ArchivedJob.objects.filter(state="succeeded").update(price_micros=1)
    assert list(audit.findings()) == []
    assert list(audit.findings(is_whole=True)) == [
        f"job {ended[0].pk} is succeeded, its hold posted of 3000"
    ]


def test_a_stale_hold_is_settled_as_its_archived_job_ended(
    workspace: Workspace, ended: list[Job]
) -> None:
    move()
    hold = f"job:{workspace.pk}"
    ledger.hold(workspace=workspace, amount_micros=3_000, reference=hold)
    ArchivedJob.objects.filter(pk=ended[0].pk).update(id=workspace.pk)
    sweep.settle_stale_holds(timezone.now() + timedelta(minutes=11))
    assert not ledger.post(reference=hold), "it was posted, since the picture was delivered"


def test_a_picture_that_goes_is_let_go_of(ended: list[Job], ada: User) -> None:
    from gallery import images

    move()
    images.trash(images=list(Image.objects.all()), by=ada)
    images.sweep(at=timezone.now() + timedelta(days=31))
    job = ArchivedJob.objects.get(pk=ended[0].pk)
    assert (job.image_id, job.is_image_purged) == (None, True)
    assert list(audit.findings(is_whole=True)) == []


def test_an_account_that_ends_takes_its_archive_with_it(
    ended: list[Job], workspace: Workspace
) -> None:
    move()
    (erase,) = [each.erase for each in registry.belongings if "studio.ArchivedJob" in each.models]
    assert erase
    Job.objects.unfinished().update(state="cancelled", finished_at=timezone.now())
    assert erase(workspace)
    assert (Job.objects.count(), ArchivedJob.objects.count()) == (0, 0)


def test_who_runs_easel_finds_them(ended: list[Job], admin_client: Client) -> None:
    move()
    trace = ArchivedJob.objects.get(state="succeeded").trace_id
    listed = reverse("admin:studio_archivedjob_changelist")
    for words in (str(ended[0].pk), str(ended[0].order_id), trace, "ada@example.com", "lake"):
        assert str(ended[0].pk) in admin_client.get(listed, {"q": words}).content.decode(), words
    page = reverse("admin:studio_archivedjob_change", args=[ended[0].pk])
    assert admin_client.get(page).status_code == 200
