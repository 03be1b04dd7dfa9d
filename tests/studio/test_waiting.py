"""Who waits for a job is told by whoever ends it, not by asking again and again."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounts.models import User, Workspace
from studio import jobs
from studio.engines.contract import Refused
from studio.jobs import waiting
from tests.studio.makers import Puppet, submit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def watcher(monkeypatch: pytest.MonkeyPatch) -> waiting._Watcher:
    """One that would by itself look again after a minute only."""
    monkeypatch.setattr(waiting, "_PERIOD_SECONDS", 60)
    monkeypatch.setattr(waiting, "_LINGER_SECONDS", 0)
    fresh = waiting._Watcher()
    monkeypatch.setattr(waiting, "_watcher", fresh)
    return fresh


@pytest.mark.parametrize("end", ["succeed", "fail", "cancel"])
def test_the_end_of_a_job_wakes_who_waits_for_it(
    ada: User, workspace: Workspace, puppet: Puppet, watcher: waiting._Watcher, end: str
) -> None:
    (job,) = submit(ada, workspace)
    looked = threading.Event()

    def look(waiters: list[waiting._Waiter]) -> None:
        waiting._Watcher._look(watcher, waiters)
        looked.set()

    watcher._look = look  # type: ignore[method-assign]

    def wait() -> list[str]:
        try:
            return [each.state for each in jobs.wait([job.pk], 30)]
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(wait)
        assert looked.wait(10)
        if end == "cancel":
            jobs.cancel(job=job, by=ada)
        else:
            puppet.does += [Refused("No.")] if end == "fail" else []
            jobs.run_next()
        assert told.result(20)
