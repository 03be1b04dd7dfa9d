"""Jobs that are not waited for, and those that come too late."""

import pytest

from accounts.models import User, Workspace
from gallery.models import Image
from studio import jobs
from studio.engines.contract import Filtered
from studio.models import Job, State
from tests.api.conftest import Program, balance, program
from tests.studio.makers import Puppet

pytestmark = pytest.mark.django_db
ASYNC = {"Prefer": "respond-async"}


def test_a_job_is_accepted_polled_and_waited_for(ada_calls: Program) -> None:
    response = ada_calls.generate(ASYNC)
    job = Job.objects.get()
    assert (response.status_code, response["Location"]) == (202, f"/v1/jobs/{job.pk}")
    assert response["Preference-Applied"] == "respond-async"
    assert response["x-should-retry"] == "false"
    body = response.json()
    assert (body["id"], body["state"], body["image"]) == (str(job.pk), "queued", None)
    assert ada_calls.get(response["Location"]).json()["state"] == "queued"
    done = ada_calls.get(response["Location"], data={"wait": "30"}).json()
    assert (done["state"], done["x_cost"]) == ("succeeded", 3_000)
    assert done["image"]["id"] == str(Image.objects.get().pk)
    assert (done["image"]["prompt"], done["image"]["seed"]) == ("a lake", 7)


def test_several_jobs_are_accepted_together(ada_calls: Program) -> None:
    body = ada_calls.generate(ASYNC, n=3).json()
    assert len({job["id"] for job in body["jobs"]}) == 3
    assert body["jobs"][0]["id"] == body["id"]


def test_async_may_wait_a_little(ada_calls: Program) -> None:
    assert ada_calls.generate({"Prefer": "respond-async, wait=10"}).status_code == 200
    assert ada_calls.generate({"Prefer": "respond-async,wait=0"}).status_code == 202
    assert ada_calls.generate({"Prefer": "handling=strict"}).status_code == 200


def test_a_job_that_is_not_done_in_time(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody runs it here. It is kept, and the caller is told where to ask."""
    wait = jobs.wait
    monkeypatch.setattr(jobs, "wait", lambda ids, _seconds: wait(ids, 0))
    caller = program(ada)
    response = caller.generate()
    job = Job.objects.get()
    assert response.status_code == 504
    assert response["x-should-retry"] == "false"
    assert response["Location"] == f"/v1/jobs/{job.pk}"
    assert str(job.pk) in response.json()["error"]["message"]
    assert job.state == State.QUEUED
    assert caller.get(response["Location"]).json()["state"] == "queued"


@pytest.mark.parametrize("wait", ["-1", "x", "1e9", "nan", "inf", "９"])
def test_a_wait_that_is_none(ada_calls: Program, wait: str) -> None:
    path = ada_calls.generate(ASYNC)["Location"]
    response = ada_calls.get(path, data={"wait": wait})
    assert (response.status_code, response.json()["error"]["param"]) == (400, "wait")


def test_a_wait_is_capped(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    wait = jobs.wait
    monkeypatch.setattr(jobs, "wait", lambda ids, s: asked.append(s) or wait(ids, 0))
    caller = program(ada)
    path = caller.generate(ASYNC)["Location"]
    for given in ("0.5", "60", "99999"):
        caller.get(path, data={"wait": given})
    assert asked[1:] == [0.5, 60, 60]


def test_cancelling(ada_calls: Program, workspace: Workspace, puppet: Puppet) -> None:
    path = ada_calls.generate(ASYNC)["Location"]
    assert balance(workspace) == (150_000, 3_000)
    for _ in range(2):
        response = ada_calls.post(f"{path}/cancel")
        assert (response.status_code, response.json()["state"]) == (200, "cancelled")
    assert balance(workspace) == (150_000, 0)
    assert jobs.run_next() is None
    assert puppet.calls == []


def test_cancelling_too_late(ada_calls: Program, workspace: Workspace) -> None:
    (job,) = ada_calls.generate().json()["x_jobs"]
    response = ada_calls.post(f"/v1/jobs/{job}/cancel")
    assert (response.status_code, response.json()["state"]) == (200, "succeeded")
    assert balance(workspace) == (147_000, 0)


def test_a_job_that_was_filtered(ada_calls: Program, puppet: Puppet) -> None:
    puppet.does = [Filtered("Say it otherwise.")]
    (job,) = ada_calls.generate().json()["x_jobs"]
    body = ada_calls.get(f"/v1/jobs/{job}").json()
    assert (body["state"], body["x_cost"], body["image"]) == ("filtered", 0, None)
    assert body["error"] == {"code": "content_filtered", "message": "Say it otherwise."}
