"""The life of a job, from the order to the picture."""

import pytest
from django.core import mail

from accounts.models import User, Workspace
from gallery import images
from gallery.pictures import normalise
from studio import audit, jobs
from studio.engines.contract import (
    OutOfService,
)
from studio.jobs import Upload, settle
from studio.models import TERMINAL, TRANSITIONS, Alert, Job, State
from tests.studio.makers import Puppet, balance, die, gives, lose, png, run_to_end, submit

pytestmark = pytest.mark.django_db


def test_every_state_has_its_transitions() -> None:
    assert set(TRANSITIONS) == set(State)
    assert {state for state in State if not TRANSITIONS[state]} == TERMINAL


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
        broken.setattr(settle, "succeed", die)
        with pytest.raises(KeyboardInterrupt):
            jobs.run_next()
    lose(job)
    run_to_end(job)
    assert (job.state, len(puppet.calls), job.crashes) == ("succeeded", 1, 1)
    assert job.upstream_calls == 1
    assert balance(workspace) == (147_000, 0)


def test_a_deleted_photo_ends_its_edits(ada: User, workspace: Workspace, puppet: Puppet) -> None:
    (job,) = submit(ada, workspace, source=Upload(picture=normalise(png(64, 48))))
    Job.objects.update(source=None)
    jobs.run_next()
    job.refresh_from_db()
    assert (job.state, puppet.calls) == ("failed", [])
    assert balance(workspace) == (150_000, 0)


def test_waiting_ends_with_the_time(ada: User, workspace: Workspace) -> None:
    (job,) = submit(ada, workspace)
    assert [each.state for each in jobs.wait([job.pk], 0.05)] == ["queued"]
