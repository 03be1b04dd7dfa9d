"""What the admin's first page says of engines."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User, Workspace
from studio import health, serving
from studio.models import Job, State
from studio.serving import Server
from tests.studio.makers import submit

pytestmark = pytest.mark.django_db
PLACES = {"step-image-edit-2": "one:8000", "step-2x-large": "two:8000"}


def test_two_servers_of_one_engine_are_told_apart(
    ada: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        serving,
        "server",
        lambda model: Server(engine="openai", place=PLACES.get(model, "one:8000")),
    )
    now = timezone.now()
    for model, state in zip(PLACES, (State.SUCCEEDED, State.FAILED), strict=True):
        (job,) = submit(ada, workspace)
        ended = {"started_at": now - timedelta(seconds=1), "finished_at": now}
        Job.objects.filter(pk=job.pk).update(model=model, state=state, engine="openai", **ended)
    found = {each.name: (each.made, each.failed) for each in health.look().engines}
    assert found == {"openai@one:8000": (1, 0), "openai@two:8000": (0, 1)}
