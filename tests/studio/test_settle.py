"""Every end of an attempt, one process."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import workspaces
from accounts.models import User, Workspace
from accounts.together import Ticket, Together
from accounts.workspaces import NotAllowed
from gallery import images
from gallery.models import Image, PendingObject
from studio import audit, jobs
from studio.engines.contract import (
    Busy,
    EngineError,
    Filtered,
    OutOfService,
    Refused,
    Trouble,
)
from studio.jobs import settle
from studio.models import Job
from tests.studio.makers import Puppet, balance, die, gives, lose, png, run_to_end, submit

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("error", "state", "code"),
    [
        (Refused("The size is wrong."), "failed", "refused"),
        (Filtered("The prompt was refused."), "filtered", "content_filtered"),
        (OutOfService("No.", fault="key"), "failed", "out_of_service"),
        (EngineError("Broken."), "failed", "engine_error"),
    ],
)
def test_a_definite_no_ends_at_once_and_costs_nothing(
    ada: User, workspace: Workspace, puppet: Puppet, error: EngineError, state: str, code: str
) -> None:
    error.trace_id = "t9"
    puppet.does = [error]
    (job,) = submit(ada, workspace)
    jobs.run_next()
    job.refresh_from_db()
    assert (job.state, job.error_code, job.trace_id) == (state, code, "t9")
    assert len(puppet.calls) == 1
    assert balance(workspace) == (150_000, 0)
    assert list(audit.findings()) == []


def test_trouble_is_tried_three_times_then_fails(
    ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    puppet.does = [Trouble("503")] * 9
    (job,) = submit(ada, workspace)
    run_to_end(job)
    assert (job.state, job.faults, job.upstream_calls) == ("failed", 2, 3)
    assert "try again later" in job.error
    assert balance(workspace) == (150_000, 0)


def test_trouble_then_success_costs_one_image(
    ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    puppet.does = [Trouble("503")]
    (job,) = submit(ada, workspace)
    run_to_end(job)
    assert (job.state, job.upstream_calls) == ("succeeded", 2)
    assert balance(workspace) == (147_000, 0)


def test_busy_waits_as_long_as_it_is_asked_to(
    ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    puppet.does = [Busy("429", retry_after_seconds=20)]
    (job,) = submit(ada, workspace)
    ran = jobs.run_next()
    job.refresh_from_db()
    assert ran is not None
    assert ran.wait_seconds == 20
    assert (job.state, job.faults) == ("queued", 0)
    assert job.not_before is not None
    assert 15 < (job.not_before - timezone.now()).total_seconds() <= 20
    assert jobs.run_next() is None
    assert balance(workspace) == (150_000, 3_000)


def test_a_wait_beyond_the_deadline_is_not_begun(
    ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    puppet.does = [Busy("429", retry_after_seconds=99_999)]
    (job,) = submit(ada, workspace)
    jobs.run_next()
    job.refresh_from_db()
    assert job.state == "failed"
    assert balance(workspace) == (150_000, 0)


@pytest.mark.parametrize("data", [png()[:2000], b"\x89PNG\r\n\x1a\n", png(4097, 8)])
def test_a_result_that_is_no_picture_is_as_if_it_never_came(
    ada: User, workspace: Workspace, puppet: Puppet, data: bytes
) -> None:
    puppet.does = [gives(data)]
    (job,) = submit(ada, workspace)
    run_to_end(job)
    assert (job.state, job.upstream_calls) == ("succeeded", 2)
    assert balance(workspace) == (147_000, 0)
    assert list(audit.findings()) == []


def test_a_storage_that_fails_does_not_buy_without_end(
    ada: User, workspace: Workspace, puppet: Puppet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_kwargs: object) -> str:
        raise images.StorageError("away")

    monkeypatch.setattr(images, "stage", fail)
    (job,) = submit(ada, workspace)
    run_to_end(job)
    assert (job.state, len(puppet.calls), job.upstream_calls) == ("failed", 3, 3)
    assert balance(workspace) == (150_000, 0)


def test_a_storage_that_comes_back_gets_what_was_made(
    ada: User, workspace: Workspace, puppet: Puppet, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = iter([True] * 5)
    keep = images.current.__class__.keep

    def falter(store: Any, *args: Any) -> None:
        if next(away, False):
            raise images.StorageError("away")
        keep(store, *args)

    monkeypatch.setattr(images.current.__class__, "keep", falter)
    monkeypatch.setattr(images, "_PATIENCE_SECONDS", 0.0)
    (job,) = submit(ada, workspace)
    run_to_end(job)
    assert (job.state, len(puppet.calls), job.upstream_calls) == ("succeeded", 1, 1)
    assert not next(away, False)
    assert list(audit.findings()) == []


def test_a_storage_is_waited_for_while_the_job_is_ours(
    ada: User, workspace: Workspace, puppet: Puppet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise images.StorageError("away")

    monkeypatch.setattr(images.current.__class__, "keep", fail)
    monkeypatch.setattr(images, "_PATIENCE_SECONDS", 60.0)  # a test that waits does not end
    (job,) = submit(ada, workspace)
    (mine,) = jobs.claim(1)
    mine.lease_until = timezone.now() + timedelta(seconds=9)
    ran = jobs.run(mine)
    job.refresh_from_db()
    assert (job.state, job.faults, ran.image, len(puppet.calls)) == ("queued", 1, None, 1)


def test_an_attempt_has_what_is_left_of_the_jobs_time(
    ada: User, workspace: Workspace, puppet: Puppet, settings: Any
) -> None:
    (job,) = submit(ada, workspace)
    left = timedelta(seconds=settings.JOB_DEADLINE_SECONDS - 20)
    Job.objects.update(started_at=timezone.now() - left)
    run_to_end(job)
    assert 10 < puppet.calls[0].deadline_seconds <= 20
    submit(ada, workspace)
    jobs.run_next()
    assert puppet.calls[1].deadline_seconds == settings.ENGINE_DEADLINE_SECONDS


def test_a_late_worker_finishes_nothing(ada: User, workspace: Workspace, puppet: Puppet) -> None:
    (job,) = submit(ada, workspace)
    (late,) = jobs.claim(1)
    lose(job)
    run_to_end(job)
    jobs.run(late)
    assert Image.objects.count() == 1
    assert balance(workspace) == (147_000, 0)
    assert list(audit.findings()) == []


def test_of_many_that_end_together_a_late_one_ends_alone(
    ada: User, workspace: Workspace, puppet: Puppet, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(ada, workspace, count=3)
    made: list[Any] = []
    with monkeypatch.context() as caught:
        caught.setattr(settle, "_deliver", made.append)
        for job in jobs.claim(3):
            jobs.run(job)
    lose(made[1][0])
    tickets: list[Ticket[Any, Any]] = list(map(Ticket, made))
    Together(settle._deliver_each)._serve(tickets)
    assert [each.done.exception() is None for each in tickets] == [True, False, True]
    assert isinstance(tickets[1].done.exception(), settle.Superseded)
    assert balance(workspace) == (144_000, 3_000)
    run_to_end(made[1][0])
    assert (Image.objects.count(), balance(workspace)) == (3, (141_000, 0))
    assert list(audit.findings()) == []


def test_one_that_was_claimed_anew_ends_by_its_last_attempt_only(
    ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    (job,) = submit(ada, workspace)
    (late,) = jobs.claim(1)
    lose(job)
    (now,) = jobs.claim(1, suspects=True)
    jobs.run(late)
    job.refresh_from_db()
    assert (job.state, Image.objects.count(), balance(workspace)) == (
        "running",
        0,
        (150_000, 3_000),
    )
    jobs.run(now)
    assert (Image.objects.count(), balance(workspace)) == (1, (147_000, 0))
    assert list(audit.findings()) == []


def test_those_that_end_together_end_in_the_order_of_their_workspaces(
    ada: User, mallory: User, puppet: Puppet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else two processes that end jobs of the same two would each wait for the other."""
    for person in (ada, mallory):
        submit(person, workspaces.personal(person))
    made: list[Any] = []
    with monkeypatch.context() as caught:
        caught.setattr(settle, "_deliver", made.append)
        for job in jobs.claim(2):
            jobs.run(job)
    made.sort(key=lambda each: each[0].workspace_id, reverse=True)
    stored: list[Any] = []
    store_each = images.store_each
    monkeypatch.setattr(images, "store_each", lambda some: stored.extend(some) or store_each(some))
    settle._deliver_each(made)
    assert [each.workspace_id for each in stored] == [job.workspace_id for job, _ in made[::-1]]


def test_a_late_worker_leaves_the_bytes_to_who_runs_now(
    ada: User, workspace: Workspace, puppet: Puppet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two attempts hold the same stored answer; the late one ends while the other runs."""
    (job,) = submit(ada, workspace)
    (late,) = jobs.claim(1)
    with monkeypatch.context() as broken:
        broken.setattr(settle, "succeed", die)
        with pytest.raises(KeyboardInterrupt):
            jobs.run(late)
    lose(job)
    (now,) = jobs.claim(1, suspects=True)
    late.attempt = 1
    with pytest.raises(settle.Superseded):
        settle.give_up(late, EngineError("too late"))
    settle.tidy(late)
    jobs.run(now)
    jobs.run(late)
    job.refresh_from_db()
    assert (job.state, len(puppet.calls)) == ("succeeded", 2)
    assert job.image is not None
    assert images.read(job.image.original) == png()
    assert list(audit.findings()) == []


def test_a_queued_job_can_be_cancelled(ada: User, workspace: Workspace) -> None:
    (job,) = submit(ada, workspace)
    assert jobs.cancel(job=job, by=ada)
    assert not jobs.cancel(job=job, by=ada)
    assert job.state == "cancelled"
    assert balance(workspace) == (150_000, 0)


def test_a_running_job_can_be_cancelled_and_its_result_is_thrown_away(
    ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    (job,) = submit(ada, workspace)
    (claimed,) = jobs.claim(1)
    assert jobs.cancel(job=job, by=ada)
    jobs.run(claimed)
    assert Image.objects.count() == 0
    assert balance(workspace) == (150_000, 0)
    assert_nothing_is_stored()


@pytest.fixture
def stored(ada: User, workspace: Workspace, puppet: Puppet, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job whose process died when the picture was stored and nobody owned it yet."""
    (job,) = submit(ada, workspace)
    with monkeypatch.context() as broken:
        broken.setattr(settle, "succeed", die)
        with pytest.raises(KeyboardInterrupt):
            jobs.run_next()
    lose(job)
    assert PendingObject.objects.get().purpose == job.hold
    return job


def assert_nothing_is_stored() -> None:
    assert not PendingObject.objects.exists()
    assert list(images.stored()) == []
    assert list(audit.findings()) == []


def test_cancelling_throws_away_what_was_stored(stored: Job, ada: User) -> None:
    assert jobs.cancel(job=stored, by=ada)
    assert_nothing_is_stored()


def test_giving_up_throws_away_what_was_stored(stored: Job) -> None:
    Job.objects.update(mask="2026/01/01/gone.png")
    run_to_end(stored)
    assert (stored.state, stored.error) == ("failed", "The mask of this edit is gone.")
    assert_nothing_is_stored()


def test_a_viewer_cannot_cancel(ada: User, vera: User, workspace: Workspace) -> None:
    (job,) = submit(ada, workspace)
    with pytest.raises(NotAllowed):
        jobs.cancel(job=job, by=vera)
    assert balance(workspace) == (150_000, 3_000)
