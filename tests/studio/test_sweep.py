"""What the sweep mends when something was lost."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from accounts import ledger
from accounts.models import Transfer, User, Workspace
from gallery import images
from gallery.pictures import normalise
from studio import audit, jobs
from studio.engines.contract import EngineResult
from studio.jobs import Region, Upload
from studio.models import Job
from studio.queue import process, sweep
from tests.gallery.makers import png_of
from tests.product import ROOT, until
from tests.studio.makers import Puppet, balance, lose, png, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def running(ada: User, workspace: Workspace) -> Job:
    """A job that runs, and no ring for it."""
    submit(ada, workspace)
    (job,) = jobs.claim(1)
    OrmQ.objects.all().delete()
    return job


def state_of(job: Job) -> tuple[str, int, int]:
    """With how often its process died, and how many rings there are for it."""
    job.refresh_from_db()
    return job.state, job.crashes, OrmQ.objects.count()


# Processes that died


@pytest.fixture
def worker() -> Iterator["subprocess.Popen[str]"]:
    """Some process of this machine, which tells its name and waits."""
    code = "from studio.queue import process; print(process.identity(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        yield started
        started.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_job_whose_process_died_is_released_before_its_lease_ends(
    running: Job, worker: "subprocess.Popen[str]"
) -> None:
    assert worker.stdout
    name = worker.stdout.readline().strip()
    Job.objects.update(claimed_by=name)
    sweep.release_lost(timezone.now())
    assert state_of(running) == ("running", 0, 0)
    worker.kill()
    until(lambda: process.is_gone(name), "its end being known, though nobody waited for it")
    sweep.release_lost(timezone.now())
    assert state_of(running) == ("queued", 1, 1)


def test_a_process_that_got_the_number_of_a_dead_one_is_told_from_it(running: Job) -> None:
    Job.objects.update(claimed_by=running.claimed_by.rpartition(":")[0] + ":7")
    sweep.release_lost(timezone.now())
    assert state_of(running) == ("queued", 1, 1)


def test_a_process_of_another_machine_has_until_its_lease_ends(running: Job) -> None:
    Job.objects.update(claimed_by=f"elsewhere/1:{2**22 + 1}:7")
    assert running.lease_until
    sweep.release_lost(running.lease_until - timedelta(seconds=1))
    assert state_of(running) == ("running", 0, 0)
    sweep.release_lost(running.lease_until)
    assert state_of(running) == ("queued", 1, 1)


def test_a_job_whose_money_does_not_agree_keeps_the_sweep_from_no_other(
    running: Job, ada: User, workspace: Workspace
) -> None:
    submit(ada, workspace)
    (other,) = jobs.claim(1)
    ledger.post(reference=running.hold)
    Job.objects.filter(pk=running.pk).update(crashes=2)
    Job.objects.update(lease_until=timezone.now())
    sweep.release_lost(timezone.now())
    assert state_of(running)[0] == "running"
    assert state_of(other)[:2] == ("queued", 1)


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
        away.setattr(images, "current", None)
        sweep.sweep(timezone.now())
    job.refresh_from_db()
    assert (job.state, len(list(images.stored()))) == ("failed", 1)
    images.sweep(at=timezone.now() + timedelta(hours=1))
    assert list(images.stored()) == []


# Rings that were lost


def test_a_job_that_nobody_heard_of_is_rung_for(ada: User, workspace: Workspace) -> None:
    (job,) = submit(ada, workspace)
    OrmQ.objects.all().delete()
    sweep.sweep(timezone.now())
    assert OrmQ.objects.count() == 0, "its own ring is just being answered"
    sweep.sweep(timezone.now() + timedelta(seconds=3))
    assert OrmQ.objects.count() == 1
    OrmQ.objects.all().delete()
    Job.objects.filter(pk=job.pk).update(not_before=timezone.now() + timedelta(seconds=30))
    sweep.sweep(timezone.now() + timedelta(seconds=29))
    assert OrmQ.objects.count() == 0, "it is not its time yet"
    sweep.sweep(timezone.now() + timedelta(seconds=31))
    assert OrmQ.objects.count() == 1


# Holds that nobody settled


def test_a_stale_hold_is_settled_as_its_job_ended(
    ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    """One hold for each end, and one without a job; only those of unfinished jobs are left."""
    failed, cancelled, queued = submit(ada, workspace, count=3)
    for job, state in ((failed, "failed"), (cancelled, "cancelled")):
        Job.objects.filter(pk=job.pk).update(state=state, finished_at=timezone.now())
    ledger.hold(workspace=workspace, amount_micros=3_000, reference=f"job:{workspace.pk}")
    sweep.sweep_slowly(timezone.now() + timedelta(minutes=9))
    assert balance(workspace) == (150_000, 12_000), "they may be just about to be settled"
    for _ in range(2):
        sweep.sweep_slowly(timezone.now() + timedelta(minutes=11))
        assert balance(workspace) == (150_000, 3_000)
    assert Transfer.objects.get(state="pending").reference == queued.hold


def test_a_stale_hold_of_a_picture_that_was_delivered_is_taken(
    running: Job, workspace: Workspace
) -> None:
    Job.objects.update(state="succeeded", finished_at=timezone.now(), lease_until=None)
    sweep.sweep_slowly(timezone.now() + timedelta(minutes=11))
    assert balance(workspace) == (147_000, 0)


def test_a_stale_hold_is_found(ada: User, workspace: Workspace) -> None:
    ledger.hold(workspace=workspace, amount_micros=3_000, reference="job:nobody")
    assert list(audit.findings()) == ["hold job:nobody has no job"]


def test_a_picture_whose_pixels_are_none_costs_nothing_in_the_end(
    running: Job, workspace: Workspace, puppet: Puppet
) -> None:
    """Its checksums agree, so it was delivered and paid; its previews cannot be made."""
    data = png_of(64, 64, pixels=b"none")
    puppet.does = [lambda _: EngineResult(data=data, seed=7, trace_id="t1")]
    jobs.run(running)
    assert balance(workspace) == (147_000, 0)
    for _ in range(2):
        sweep.sweep_slowly(timezone.now() + timedelta(minutes=2))
        assert balance(workspace) == (150_000, 0)
    assert list(audit.findings()) == []


# Masks that nobody needs any more


def test_a_mask_goes_with_the_last_job_that_needs_it(
    ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    """At once if it was delivered; what was not may be tried again for 30 days."""
    photo = normalise(png(64, 48))
    made = submit(ada, workspace, source=Upload(picture=photo), region=Region(mask=photo), count=2)
    kept = [made[0].source.original, made[0].mask]
    for job in made:
        assert sorted(key for key, _ in images.stored()) == sorted(kept)
        jobs.cancel(job=job, by=ada)
        sweep.remove_masks(timezone.now() + timedelta(days=29))
    sweep.remove_masks(timezone.now() + timedelta(days=31))
    assert [key for key, _ in images.stored()] == kept[:1]
    (job,) = submit(ada, workspace, source=made[0].source, region=Region(mask=photo))
    jobs.run_next()
    sweep.sweep_slowly(timezone.now())
    job.refresh_from_db()
    assert (job.state, job.mask) == ("succeeded", "")
    assert list(audit.findings()) == []


# Pictures that are removed for good


def test_a_picture_waits_in_the_trash_until_its_last_edit_has_ended(
    ada: User, workspace: Workspace
) -> None:
    photo = normalise(png(64, 48))
    (job,) = submit(ada, workspace, source=Upload(picture=photo))
    assert job.source
    images.trash(images=[job.source], by=ada)
    images.sweep(at=timezone.now() + timedelta(days=31))
    assert job.source.original in dict(images.stored())
    jobs.cancel(job=job, by=ada)
    images.sweep(at=timezone.now() + timedelta(days=31))
    assert list(images.stored()) == []


def test_the_audit_knows_of_a_picture_that_was_removed(
    ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    (job,) = submit(ada, workspace)
    jobs.run_next()
    job.refresh_from_db()
    assert job.image
    images.trash(images=[job.image], by=ada)
    images.sweep(at=timezone.now() + timedelta(days=31))
    job.refresh_from_db()
    assert job.image is None
    assert list(audit.findings()) == []
