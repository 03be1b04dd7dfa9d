"""Whatever a job does to the one who runs it, the job goes on at once and not after its lease."""

import pytest
from django.db import OperationalError

from accounts.models import User, Workspace
from studio import jobs
from studio.models import Job
from studio.queue import work
from tests.studio.makers import Puppet, balance, run_to_end, submit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def claimed(ada: User, workspace: Workspace) -> Job:
    submit(ada, workspace)
    (job,) = jobs.claim(1)
    return job


def test_a_job_that_lost_the_database_is_put_off(
    claimed: Job, workspace: Workspace, puppet: Puppet
) -> None:
    puppet.does = [OperationalError("the server closed the connection")]
    work.run(claimed)
    claimed.refresh_from_db()
    assert (claimed.state, claimed.faults, claimed.crashes) == ("queued", 1, 0)
    assert run_to_end(claimed).state == "succeeded"
    assert balance(workspace) == (147_000, 0)


def test_a_job_that_met_a_bug_is_a_suspect(
    claimed: Job, workspace: Workspace, puppet: Puppet
) -> None:
    puppet.does = [ZeroDivisionError("a bug")] * 3
    work.run(claimed)
    for crashes in (1, 2):
        claimed.refresh_from_db()
        assert (claimed.state, claimed.crashes) == ("queued", crashes)
        assert jobs.claim(1) == []
        work.run(*jobs.claim(1, suspects=True))
    claimed.refresh_from_db()
    assert (claimed.state, len(puppet.calls)) == ("failed", 3)
    assert balance(workspace) == (150_000, 0)
