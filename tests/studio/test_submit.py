"""Accepting an order: all of it, or nothing."""

import pytest
from django_q.models import OrmQ

from accounts import ids, ledger
from accounts.ledger import InsufficientCredit
from accounts.models import Plan, User, Workspace
from accounts.workspaces import NotAllowed
from gallery import images
from gallery.models import Image, PendingObject
from gallery.pictures import normalise
from studio import jobs
from studio.jobs import QuotaExceeded, Upload
from studio.models import Job
from tests.conftest import person
from tests.studio.makers import Puppet, balance, png, submit

pytestmark = pytest.mark.django_db


def test_submitting_holds_the_price_and_rings(ada: User, workspace: Workspace) -> None:
    made = submit(ada, workspace, count=4)
    assert [job.state for job in made] == ["queued"] * 4
    assert len({job.order_id for job in made}) == 1
    assert balance(workspace) == (150_000, 12_000)
    ring = OrmQ.objects.get().task
    assert (ring["func"], ring["args"], ring["kwargs"]) == ("studio.queue.tasks.answer", (), {})
    assert "lake" not in str(ring)


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


def test_an_order_for_the_last_credit_sent_twice_is_one(ada: User, workspace: Workspace) -> None:
    order_id = ids.new()
    ledger.hold(workspace=workspace, amount_micros=147_000, reference="x")
    first = submit(ada, workspace, order_id=order_id)
    assert submit(ada, workspace, order_id=order_id) == first
    assert balance(workspace) == (150_000, 150_000)


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
        submit(ada, workspace, source=Upload(picture=normalise(png(64, 48))))
    assert balance(workspace) == (150_000, 6_000)
    assert (list(images.stored()), PendingObject.objects.count()) == ([], 0)


def test_a_full_workspace_takes_no_more(ada: User, workspace: Workspace, puppet: Puppet) -> None:
    submit(ada, workspace)
    jobs.run_next()
    Plan.objects.update(storage_bytes=1000)
    workspace.refresh_from_db()
    with pytest.raises(QuotaExceeded, match="full"):
        submit(ada, workspace)


def test_a_cancelled_picture_that_was_being_made_counts(ada: User, workspace: Workspace) -> None:
    Plan.objects.update(images_per_day=1)
    workspace.refresh_from_db()
    (job,) = submit(ada, workspace)
    jobs.claim(1)
    jobs.cancel(job=job, by=ada)
    with pytest.raises(QuotaExceeded):
        submit(ada, workspace)
