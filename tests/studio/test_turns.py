"""A job's place in the queue, how long its like usually take, and asking for it again."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import workspaces
from accounts.models import User, Workspace
from studio import jobs
from studio.models import Job, State
from tests.studio.makers import Puppet, balance, run_to_end, submit

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def test_workspaces_take_turns(ada: User, workspace: Workspace, mallory: User) -> None:
    submit(mallory, workspaces.personal(mallory), count=5)
    ours = submit(ada, workspace, count=3)
    assert [jobs.places(ours)[each.pk] for each in ours] == [2, 4, 6]


def test_what_has_begun_has_no_place(ada: User, workspace: Workspace) -> None:
    ours = submit(ada, workspace, count=2)
    Job.objects.filter(pk=ours[0].pk).update(
        state=State.RUNNING, lease_until=timezone.now() + timedelta(minutes=1)
    )
    assert jobs.places(Job.objects.all()) == {ours[1].pk: 1}


def test_the_usual_time_is_the_median_of_what_was_made(ada: User, workspace: Workspace) -> None:
    assert jobs.usual_ms(["step-image-edit-2"]) == {"step-image-edit-2": 1500}
    begun = timezone.now()
    for job, seconds in zip(submit(ada, workspace, count=3), (1, 2, 90), strict=True):
        Job.objects.filter(pk=job.pk).update(
            state=State.SUCCEEDED, started_at=begun, finished_at=begun + timedelta(seconds=seconds)
        )
    assert jobs.usual_ms(["step-image-edit-2"]) == {"step-image-edit-2": 2000}


def failed(ada: User, workspace: Workspace, **asked: object) -> Job:
    (job,) = submit(ada, workspace, **asked)
    jobs.cancel(job=job, by=ada)
    job.refresh_from_db()
    return job


def test_again_is_the_same_once(
    as_ada: Client, ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    job = failed(ada, workspace, seed=7, steps=12, prompt="a lake at dawn")
    for _ in range(2):
        answer = as_ada.post(reverse("studio:job_again", args=[job.pk]), headers=HTMX)
        assert answer.status_code == 200
    assert balance(workspace) == (150_000, 3_000)
    again = Job.objects.exclude(pk=job.pk).get()
    assert (again.prompt, again.seed, again.steps) == ("a lake at dawn", 7, 12)
    assert run_to_end(again).state == State.SUCCEEDED


def test_again_is_for_what_has_ended(as_ada: Client, ada: User, workspace: Workspace) -> None:
    (job,) = submit(ada, workspace)
    answer = as_ada.post(reverse("studio:job_again", args=[job.pk]), headers=HTMX)
    assert answer.status_code == 422
    assert "It has not ended yet." in answer.content.decode()
    assert Job.objects.count() == 1


# As sent


def quote(client: Client, **fields: object) -> str:
    answer = client.post(reverse("studio:job_quote"), {"prompt": "a lake"} | fields, headers=HTMX)
    assert answer["X-Easel"] == "fragment"
    return " ".join(answer.content.decode().split())


def test_a_quote_says_all_and_keeps_nothing(as_ada: Client, workspace: Workspace) -> None:
    said = quote(as_ada, count=4, seed=7, size="1360x768", negative_prompt="fog")
    for words in (
        "in 4 calls of one picture each",
        "1360 × 768",
        "7 to 10",
        "The negative prompt is not sent: it has no effect while guidance is 1.0.",
        "$0.012, taken only for what is delivered.",
        "Leaves $0.138: 46 more.",
    ):
        assert words in said
    assert not Job.objects.exists()
    assert balance(workspace) == (150_000, 0)


def test_a_quote_of_an_edit_and_of_what_cannot_be(as_ada: Client) -> None:
    said = quote(as_ada, has_photo="on", size="1024x1024")
    assert "The photo&#x27;s own" in said or "The photo's own" in said
    assert "The size is not sent" in said
    assert "Region" not in said
    said = quote(as_ada, has_photo="on", has_region="on", feather=9)
    assert "The whole photo goes out. Of the result, only what you painted is taken" in said
    assert "a seam of 9 pixels; all else stays as it is." in said
    said = quote(as_ada, has_photo="on", has_region="on", is_region_empty="on")
    assert "Nothing is chosen yet: paint what is to change first" in said
    assert "Nothing: your words go out as they are." in quote(as_ada)
    assert "513 characters" in quote(as_ada, prompt="x" * 513)
    assert "more than is left" in quote(as_ada, model="step-2x-large", count=10)
