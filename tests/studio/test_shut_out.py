"""Who is removed or suspended while they wait for a picture is not sent it."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiKey, Membership, User, Workspace
from studio import jobs
from studio.models import Job
from tests.api.conftest import Program, program
from tests.studio.makers import Puppet, submit

pytestmark = pytest.mark.django_db
PROMPT = "a very secret lake"


def remove(user: User, workspace: Workspace) -> None:
    Membership.objects.filter(user=user, workspace=workspace).delete()


def suspend(user: User, _workspace: Workspace) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def revoke(user: User, _workspace: Workspace) -> None:
    ApiKey.objects.filter(created_by=user).update(revoked_at=timezone.now())


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Does something, and then the picture is there, while somebody waits."""

    def arrange(act: Callable[[], object]) -> None:
        def wait(*_: object) -> list[Job]:
            act()
            jobs.run_next()
            return list(Job.objects.with_pictures())

        monkeypatch.setattr(jobs, "wait", wait)
        monkeypatch.setattr(jobs, "wait_for_change", wait)

    return arrange


@pytest.mark.parametrize(("act", "status"), [(remove, 404), (suspend, 401), (None, 200)])
def test_a_page_that_waits(
    client: Client, ben: User, workspace: Workspace, puppet: Puppet, meanwhile, act, status
) -> None:
    (job,) = submit(ben, workspace, prompt=PROMPT)
    client.force_login(ben)
    meanwhile(lambda: act and act(ben, workspace))
    address = f"{reverse('studio:job_watch')}?job={job.pk}:queued"
    response = client.get(address, headers={"HX-Request": "true"})
    assert response.status_code == status
    assert (PROMPT in response.content.decode()) == (act is None)


@pytest.mark.parametrize("act", [remove, suspend, revoke, None])
@pytest.mark.parametrize("way", ["wait", "make"])
def test_a_program_that_waits(
    ben: User, workspace: Workspace, puppet: Puppet, meanwhile, act, way: str
) -> None:
    caller: Program = program(ben, workspace)
    if way == "wait":
        (job,) = submit(ben, workspace, prompt=PROMPT)
    meanwhile(lambda: act and act(ben, workspace))
    response = (
        caller.get(f"/v1/jobs/{job.pk}", data={"wait": "30"})
        if way == "wait"
        else caller.generate(prompt=PROMPT)
    )
    assert response.status_code == (401 if act else 200)
    assert ("lake" in response.content.decode() or "signature" in response.content.decode()) == (
        act is None
    )
    assert Job.objects.get().state == "succeeded", "what was ordered is made, and paid once"


def test_a_viewer_sees_the_team_and_is_offered_nothing_to_make(
    client: Client, ben: User, vera: User, workspace: Workspace, puppet: Puppet
) -> None:
    for prompt in ("the first", "the second"):
        submit(ben, workspace, prompt=prompt)
    jobs.run_next()
    client.force_login(vera)
    session = client.session
    session["workspace"] = str(workspace.pk)
    session.save()
    page = client.get("/").content.decode()
    assert "the first" in page
    assert "By Ben" in page
    assert "the second" not in page, "what the others wait for is theirs"
    assert 'id="composer"' not in page
    assert "your role is viewer" in page
