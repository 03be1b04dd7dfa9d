"""What the sweep mends when something was lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import ledger
from accounts.models import User, Workspace
from gallery import images
from studio import audit, jobs
from studio.models import Job
from studio.queue import sweep
from tests.studio.makers import balance, lose, png, submit

pytestmark = pytest.mark.django_db


def test_a_stale_hold_is_settled_as_its_job_ended(ada: User, workspace: Workspace) -> None:
    submit(ada, workspace)
    Job.objects.update(state="failed", finished_at=timezone.now())
    sweep.settle_stale_holds(timezone.now() + timedelta(minutes=11))
    assert balance(workspace) == (150_000, 0)
    sweep.settle_stale_holds(timezone.now() + timedelta(minutes=11))


def test_a_stale_hold_is_found(ada: User, workspace: Workspace) -> None:
    ledger.hold(workspace=workspace, amount_micros=3_000, reference="job:nobody")
    assert list(audit.findings()) == ["hold job:nobody has no job"]


def test_a_job_that_kills_its_process_ends_after_three_times(
    ada: User, workspace: Workspace
) -> None:
    (job,) = submit(ada, workspace)
    assert jobs.claim(1)
    lose(job)
    for _ in range(2):
        assert jobs.claim(1) == []
        assert jobs.claim(1, suspects=True)
        lose(job)
    job.refresh_from_db()
    assert job.state == "failed"
    assert balance(workspace) == (150_000, 0)


def test_the_supervisor_gives_a_job_up_without_asking_the_storage(
    ada: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its forks would share the connection, and take one another's answers."""
    (job,) = submit(ada, workspace)
    assert jobs.claim(1)
    images.stage(png(), suffix="bin", purpose=job.hold)
    Job.objects.update(crashes=2, lease_until=timezone.now())
    with monkeypatch.context() as away:
        away.setattr(images, "default_storage", None)
        sweep.sweep(timezone.now())
    job.refresh_from_db()
    assert (job.state, len(list(images.stored()))) == ("failed", 1)
    images.sweep(at=timezone.now() + timedelta(hours=1))
    assert list(images.stored()) == []
