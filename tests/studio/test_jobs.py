"""The life of a job, one process, every end of it."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db.models import F
from django.utils import timezone
from django_q.models import OrmQ

from accounts import ids, ledger
from accounts.ledger import InsufficientCredit
from accounts.models import Plan, User, Workspace
from accounts.workspaces import NotAllowed
from gallery import images
from gallery.models import Image, PendingObject
from gallery.pictures import normalise
from studio import audit, jobs
from studio.engines.contract import (
    Busy,
    EngineError,
    Filtered,
    OutOfService,
    Refused,
    Trouble,
)
from studio.jobs import QuotaExceeded, Upload, settle
from studio.models import TERMINAL, TRANSITIONS, Alert, Job, State
from studio.queue import sweep
from tests.conftest import person
from tests.studio.makers import Puppet, gives, png, submit

pytestmark = pytest.mark.django_db


def balance(workspace: Workspace) -> tuple[int, int]:
    wallet = ledger.credit_of(workspace)
    return wallet.posted_micros, wallet.held_micros


def ready_now(job: Job) -> None:
    """What was put off need not be waited for."""
    Job.objects.filter(pk=job.pk).update(not_before=None)


def run_to_end(job: Job) -> Job:
    for _ in range(9):
        jobs.run_next()
        job.refresh_from_db()
        if job.is_terminal:
            return job
        ready_now(job)
    raise AssertionError(job.state)


def test_every_state_has_its_transitions() -> None:
    assert set(TRANSITIONS) == set(State)
    assert {state for state in State if not TRANSITIONS[state]} == TERMINAL


def test_submitting_holds_the_price_and_rings(ada: User, workspace: Workspace) -> None:
    made = submit(ada, workspace, count=4)
    assert [job.state for job in made] == ["queued"] * 4
    assert len({job.order_id for job in made}) == 1
    assert balance(workspace) == (150_000, 12_000)
    assert OrmQ.objects.count() == 1


def test_a_picture_is_made_paid_and_kept_with_its_recipe(
    ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    (job,) = submit(ada, workspace, seed=42, steps=12, cfg_scale=3.0, negative_prompt="rain")
    jobs.run_next()
    job.refresh_from_db()
    image = job.image
    assert image is not None
    assert job.state == "succeeded"
    assert balance(workspace) == (147_000, 0)
    assert (image.kind, image.seed, image.steps, image.cfg_scale) == ("generated", 42, 12, 3.0)
    assert (image.prompt, image.negative_prompt, image.size) == ("a lake", "rain", "1024x1024")
    assert (image.width, image.height, image.price_micros) == (1024, 1024, 3_000)
    assert (image.engine, image.model, job.trace_id) == ("puppet", "step-image-edit-2", "t1")
    assert images.read(image.original) == png()
    assert list(audit.findings()) == []


def test_an_edit_gets_the_photo_and_its_parent(
    ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    (job,) = submit(ada, workspace, source=Upload(picture=normalise(png(64, 48))))
    jobs.run_next()
    job.refresh_from_db()
    assert job.image is not None
    assert job.image.parent == job.source
    assert job.image.kind == "edited"
    assert job.source is not None
    assert job.source.kind == "upload"
    assert puppet.calls[0].image is not None
    assert list(audit.findings()) == []


def test_the_same_photo_is_kept_once(ada: User, workspace: Workspace) -> None:
    for _ in range(2):
        submit(ada, workspace, source=Upload(picture=normalise(png(64, 48))))
    assert Image.objects.count() == 1


def test_an_order_sent_twice_is_one(ada: User, workspace: Workspace) -> None:
    order_id = ids.new()
    photo = Upload(picture=normalise(png(64, 48)))
    first = submit(ada, workspace, source=photo, order_id=order_id, count=2)
    again = submit(ada, workspace, source=photo, order_id=order_id, count=2)
    assert {job.pk for job in again} == {job.pk for job in first}
    assert balance(workspace) == (150_000, 6_000)
    mallory = person("Mallory")
    assert len(submit(mallory, mallory.personal_workspace, order_id=order_id)) == 1


def test_no_credit_means_no_trace(ada: User, workspace: Workspace) -> None:
    ledger.hold(workspace=workspace, amount_micros=148_000, reference="x")
    with pytest.raises(InsufficientCredit, match=r"\$0.003 and \$0.002"):
        submit(ada, workspace, source=Upload(picture=normalise(png(64, 48))))
    assert (Job.objects.count(), Image.objects.count(), PendingObject.objects.count()) == (0, 0, 0)


def test_credit_for_some_of_an_order_is_not_enough(ada: User, workspace: Workspace) -> None:
    ledger.hold(workspace=workspace, amount_micros=144_000, reference="x")
    with pytest.raises(InsufficientCredit):
        submit(ada, workspace, count=3)
    assert Job.objects.count() == 0
    assert balance(workspace) == (150_000, 144_000)


def test_a_viewer_may_not_spend(vera: User, workspace: Workspace) -> None:
    with pytest.raises(NotAllowed):
        submit(vera, workspace)


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        ("queued_limit", "wait already"),
        ("images_per_day", "24 hours"),
        ("images_per_month", "30 d"),
    ],
)
def test_a_plan_limits_what_is_accepted(
    ada: User, workspace: Workspace, limit: str, sentence: str
) -> None:
    Plan.objects.update(**{limit: 2})
    workspace.refresh_from_db()
    submit(ada, workspace, count=2)
    with pytest.raises(QuotaExceeded, match=sentence):
        submit(ada, workspace)
    assert balance(workspace) == (150_000, 6_000)


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


def test_a_result_of_another_size_says_so(ada: User, workspace: Workspace, puppet: Puppet) -> None:
    puppet.does = [gives(png(512, 512))]
    (job,) = submit(ada, workspace)
    jobs.run_next()
    job.refresh_from_db()
    assert job.image is not None
    assert job.image.notes == ["1024x1024 was asked for; 512x512 came."]


def test_the_operator_is_told_once(ada: User, workspace: Workspace, puppet: Puppet) -> None:
    puppet.does = [OutOfService("402", fault="balance")] * 2
    for _ in range(2):
        submit(ada, workspace)
        jobs.run_next()
    alert = Alert.objects.get()
    assert (alert.key, alert.count, alert.closed_at) == ("engine:puppet:balance", 2, None)
    assert [letter.to for letter in mail.outbox] == [["operator@example.com"]]
    submit(ada, workspace)
    jobs.run_next()
    alert.refresh_from_db()
    assert alert.closed_at is not None


def test_what_was_stored_is_not_asked_for_again(
    ada: User, workspace: Workspace, puppet: Puppet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies between storing the answer and finishing the job."""
    (job,) = submit(ada, workspace)
    with monkeypatch.context() as broken:
        broken.setattr(settle, "succeed", _die)
        with pytest.raises(KeyboardInterrupt):
            jobs.run_next()
    _lose(job)
    run_to_end(job)
    assert (job.state, len(puppet.calls), job.crashes) == ("succeeded", 1, 1)
    assert job.upstream_calls == 1
    assert balance(workspace) == (147_000, 0)


def _die(*_args: object, **_kwargs: object) -> None:
    raise KeyboardInterrupt


def _lose(job: Job) -> None:
    """The lease runs out, and the sweep finds it."""
    job.refresh_from_db()
    settle.release_lost(job)


def test_a_late_worker_finishes_nothing(ada: User, workspace: Workspace, puppet: Puppet) -> None:
    (job,) = submit(ada, workspace)
    (late,) = jobs.claim(1)
    _lose(job)
    run_to_end(job)
    jobs.run(late)
    assert Image.objects.count() == 1
    assert balance(workspace) == (147_000, 0)
    assert list(audit.findings()) == []


def test_a_late_worker_leaves_the_bytes_to_who_runs_now(
    ada: User, workspace: Workspace, puppet: Puppet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two attempts hold the same stored answer; the late one ends while the other runs."""
    (job,) = submit(ada, workspace)
    (late,) = jobs.claim(1)
    with monkeypatch.context() as broken:
        broken.setattr(settle, "succeed", _die)
        with pytest.raises(KeyboardInterrupt):
            jobs.run(late)
    _lose(job)
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


def test_a_stale_hold_is_settled_as_its_job_ended(ada: User, workspace: Workspace) -> None:
    submit(ada, workspace)
    Job.objects.update(state="failed", finished_at=timezone.now())
    sweep.settle_stale_holds(timezone.now() + timedelta(minutes=11))
    assert balance(workspace) == (150_000, 0)
    sweep.settle_stale_holds(timezone.now() + timedelta(minutes=11))


def test_a_cancelled_picture_that_was_being_made_counts(ada: User, workspace: Workspace) -> None:
    Plan.objects.update(images_per_day=1)
    workspace.refresh_from_db()
    (job,) = submit(ada, workspace)
    jobs.claim(1)
    jobs.cancel(job=job, by=ada)
    with pytest.raises(QuotaExceeded):
        submit(ada, workspace)


def test_a_job_that_kills_its_process_ends_after_three_times(
    ada: User, workspace: Workspace
) -> None:
    (job,) = submit(ada, workspace)
    assert jobs.claim(1)
    _lose(job)
    for _ in range(2):
        assert jobs.claim(1) == []
        assert jobs.claim(1, suspects=True)
        _lose(job)
    job.refresh_from_db()
    assert job.state == "failed"
    assert balance(workspace) == (150_000, 0)


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
    assert list(audit.findings()) == []


def test_a_viewer_cannot_cancel(ada: User, vera: User, workspace: Workspace) -> None:
    (job,) = submit(ada, workspace)
    with pytest.raises(NotAllowed):
        jobs.cancel(job=job, by=vera)
    assert balance(workspace) == (150_000, 3_000)


def test_a_deleted_photo_ends_its_edits(ada: User, workspace: Workspace, puppet: Puppet) -> None:
    (job,) = submit(ada, workspace, source=Upload(picture=normalise(png(64, 48))))
    Job.objects.update(source=None)
    jobs.run_next()
    job.refresh_from_db()
    assert (job.state, puppet.calls) == ("failed", [])
    assert balance(workspace) == (150_000, 0)


def test_workspaces_take_turns(ada: User, workspace: Workspace) -> None:
    mallory = person("Mallory")
    first = submit(ada, workspace, count=3)
    (other,) = submit(mallory, mallory.personal_workspace)
    assert [job.pk for job in jobs.claim(1)] == [first[0].pk]
    assert [job.pk for job in jobs.claim(1)] == [other.pk]
    assert {job.pk for job in jobs.claim(9)} == {first[1].pk, first[2].pk}


def test_a_workspace_at_its_limit_waits_and_blocks_nobody(ada: User, workspace: Workspace) -> None:
    Plan.objects.update(running_limit=2)
    mallory = person("Mallory")
    submit(ada, workspace, count=4)
    (other,) = submit(mallory, mallory.personal_workspace)
    assert len(jobs.claim(9)) == 3
    assert jobs.claim(9) == []
    other.refresh_from_db()
    assert other.state == "running"


def test_the_installation_runs_no_more_than_it_may(
    ada: User, workspace: Workspace, settings: object
) -> None:
    settings.ENGINE_CONCURRENCY = 3  # type: ignore[attr-defined]
    submit(ada, workspace, count=5)
    assert len(jobs.claim(2)) == 2
    assert len(jobs.claim(9)) == 1
    assert jobs.claim(9) == []


def test_what_is_urgent_runs_first(ada: User, workspace: Workspace) -> None:
    made = submit(ada, workspace, count=3)
    Job.objects.filter(pk=made[2].pk).update(priority=F("priority") - 1)
    assert [job.pk for job in jobs.claim(1)] == [made[2].pk]


def test_waiting_ends_with_the_time(ada: User, workspace: Workspace) -> None:
    (job,) = submit(ada, workspace)
    assert [each.state for each in jobs.wait([job.pk], 0.05)] == ["queued"]


def test_a_full_workspace_takes_no_more(ada: User, workspace: Workspace, puppet: Puppet) -> None:
    submit(ada, workspace)
    jobs.run_next()
    Plan.objects.update(storage_bytes=1000)
    workspace.refresh_from_db()
    with pytest.raises(QuotaExceeded, match="full"):
        submit(ada, workspace)


def test_a_stale_hold_is_found(ada: User, workspace: Workspace) -> None:
    ledger.hold(workspace=workspace, amount_micros=3_000, reference="job:nobody")
    assert list(audit.findings()) == ["hold job:nobody has no job"]


def test_the_lease_outlives_the_engine(ada: User, workspace: Workspace, settings: object) -> None:
    (_,) = submit(ada, workspace)
    (job,) = jobs.claim(1)
    assert job.lease_until is not None
    least = timedelta(seconds=settings.ENGINE_DEADLINE_SECONDS + 20)  # type: ignore[attr-defined]
    assert job.lease_until > timezone.now() + least
