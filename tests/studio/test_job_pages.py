"""Jobs on the pages: watched until they end, and cancelled."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import workspaces
from accounts.models import User, Workspace
from studio import jobs
from studio.models import Job, State
from tests.studio.makers import balance, submit

WATCH = reverse("studio:job_watch")
NOWHERE = "00000000-0000-7000-8000-000000000000"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "wait_for_change", lambda *_: None)


# Watching


@pytest.mark.usefixtures("_no_wait")
def test_a_change_is_sent(as_ada: Client, ada: User, workspace: Workspace) -> None:
    changed, same = submit(ada, workspace, count=2)
    Job.objects.filter(pk=changed.pk).update(
        state="failed", finished_at=timezone.now(), error="No."
    )
    response = as_ada.get(WATCH, {"job": [f"{each.pk}:queued" for each in (changed, same)]})
    assert response.context["jobs"] == [changed]
    assert response.context["watched"] == [same]
    assert "Not charged" in response.content.decode()


@pytest.mark.usefixtures("_no_wait")
def test_an_outsiders_job_is_ignored(as_ada: Client, mallory: User) -> None:
    [job] = submit(mallory, workspaces.personal(mallory), prompt="a secret")
    response = as_ada.get(WATCH, {"job": f"{job.pk}:running"})
    assert response.status_code == 404
    assert "secret" not in response.content.decode()


@pytest.mark.usefixtures("_no_wait")
def test_a_viewer_watches(client: Client, ada: User, vera: User, workspace: Workspace) -> None:
    [job] = submit(ada, workspace)
    client.force_login(vera)
    assert client.get(WATCH, {"job": f"{job.pk}:running"}).context["jobs"] == [job]


def test_nothing_to_watch_ends_at_once(as_ada: Client) -> None:
    assert as_ada.get(WATCH).status_code == 200
    assert as_ada.get(WATCH, {"job": f"{NOWHERE}:queued"}).status_code == 404


@pytest.mark.parametrize("job", ["", "x", "1:queued", "\x00:queued", "🏔"])
def test_what_is_no_job_is_not_found(as_ada: Client, job: str) -> None:
    assert as_ada.get(WATCH, {"job": job}).status_code == 404


def test_nobody_watches(client: Client, db: None) -> None:
    assert client.get(WATCH).status_code == 302
    assert client.get(WATCH, headers=HTMX).status_code == 401


def test_asked_about_no_job_it_tells_the_balance(as_ada: Client) -> None:
    response = as_ada.get(WATCH, headers=HTMX)
    assert response["X-Easel"] == "fragment"
    assert "$0.15" in response.content.decode()


def test_watching_is_a_read(as_ada: Client) -> None:
    assert as_ada.post(WATCH).status_code == 405


# Cancelling


def cancel(client: Client, job: Job, **options: Any) -> HttpResponse:
    return client.post(reverse("studio:job_cancel", args=[job.pk]), **options)


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain"])
def test_cancelling_gives_the_hold_back(
    as_ada: Client, ada: User, workspace: Workspace, headers: dict[str, str]
) -> None:
    [job] = submit(ada, workspace)
    response = cancel(as_ada, job, headers=headers)
    assert response.status_code == (200 if headers else 302)
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert balance(workspace) == (150_000, 0)


def test_cancelling_twice_changes_nothing(as_ada: Client, ada: User, workspace: Workspace) -> None:
    [job] = submit(ada, workspace)
    for _ in range(2):
        assert cancel(as_ada, job, headers=HTMX).status_code == 200
    assert balance(workspace) == (150_000, 0)


def test_an_outsider_finds_no_job_to_cancel(
    client: Client, ada: User, workspace: Workspace, mallory: User
) -> None:
    [job] = submit(ada, workspace)
    client.force_login(mallory)
    assert cancel(client, job).status_code == 404
    assert balance(workspace) == (150_000, 3_000)


def test_a_viewer_cancels_nothing(
    client: Client, ada: User, workspace: Workspace, vera: User
) -> None:
    [job] = submit(ada, workspace)
    client.force_login(vera)
    assert cancel(client, job).status_code == 403
    job.refresh_from_db()
    assert job.state == State.QUEUED
    assert balance(workspace) == (150_000, 3_000)


def test_nobody_cancels(client: Client, ada: User, workspace: Workspace) -> None:
    [job] = submit(ada, workspace)
    assert cancel(client, job).status_code == 302
    assert Job.objects.get().state == State.QUEUED


def test_cancelling_is_a_post(as_ada: Client, ada: User, workspace: Workspace) -> None:
    [job] = submit(ada, workspace)
    assert as_ada.get(reverse("studio:job_cancel", args=[job.pk])).status_code == 405
