"""Which jobs a worker takes, and which it leaves for later or for others."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Plan, User, Workspace
from studio import jobs
from studio.models import Job
from tests.conftest import person
from tests.studio.makers import submit

pytestmark = pytest.mark.django_db


def test_workspaces_take_turns(ada: User, workspace: Workspace) -> None:
    mallory = person("Mallory")
    first = submit(ada, workspace, count=3)
    (other,) = submit(mallory, mallory.personal_workspace)
    assert [job.pk for job in jobs.claim(1)] == [first[0].pk]
    assert [job.pk for job in jobs.claim(1)] == [other.pk]
    assert {job.pk for job in jobs.claim(9)} == {first[1].pk, first[2].pk}


def test_one_claim_deals_out_in_turns(ada: User, workspace: Workspace) -> None:
    mallory = person("Mallory")
    first = submit(ada, workspace, count=3)
    others = submit(mallory, mallory.personal_workspace, count=2)
    taken = {job.pk for job in jobs.claim(4)}
    assert taken == {job.pk for job in (*first[:2], *others)}


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


def test_clicks_go_before_an_older_batch(ada: User, workspace: Workspace) -> None:
    batch = submit(ada, workspace, count=3, is_batch=True)
    (click,) = submit(ada, workspace)
    assert [job.pk for job in jobs.claim(1)] == [click.pk]
    assert {job.pk for job in jobs.claim(9)} == {job.pk for job in batch}


def test_clicks_of_one_do_not_starve_the_batch_of_another(ada: User, workspace: Workspace) -> None:
    mallory = person("Mallory")
    (batch,) = submit(mallory, mallory.personal_workspace, is_batch=True)
    clicks = submit(ada, workspace, count=3)
    order = [jobs.claim(1)[0].pk for _ in range(4)]
    assert order == [clicks[0].pk, batch.pk, clicks[1].pk, clicks[2].pk]


@pytest.mark.parametrize("at_once", [1, 3])
def test_clicks_of_one_go_before_the_batch_of_another(
    ada: User, workspace: Workspace, at_once: int
) -> None:
    """Both have one job running by then, so it is the second's turn by priority."""
    mallory = person("Mallory")
    submit(ada, workspace, count=2, is_batch=True)
    (click,) = submit(ada, workspace)
    others = submit(mallory, mallory.personal_workspace, count=2)
    taken = {job.pk for _ in range(3 // at_once) for job in jobs.claim(at_once)}
    assert taken == {click.pk, *(job.pk for job in others)}


def test_a_job_is_left_until_its_time(ada: User, workspace: Workspace) -> None:
    (job,) = submit(ada, workspace)
    Job.objects.update(not_before=timezone.now() + timedelta(seconds=30))
    assert jobs.claim(9) == []
    Job.objects.update(not_before=timezone.now())
    assert [each.pk for each in jobs.claim(9)] == [job.pk]


def test_the_lease_outlives_the_engine(ada: User, workspace: Workspace, settings: object) -> None:
    (_,) = submit(ada, workspace)
    (job,) = jobs.claim(1)
    assert job.lease_until is not None
    least = timedelta(seconds=settings.ENGINE_DEADLINE_SECONDS + 20)  # type: ignore[attr-defined]
    assert job.lease_until > timezone.now() + least


@pytest.mark.django_db(transaction=True)
def test_a_job_that_is_cancelled_while_it_is_chosen_is_not_taken(
    ada: User, workspace: Workspace
) -> None:
    """Another connection cancels it just before this one's UPDATE."""
    if connection.vendor == "sqlite":
        pytest.skip("its transactions come one after another")
    (job,) = submit(ada, workspace)
    cancelled: list[bool] = []

    def cancel() -> None:
        cancelled.append(jobs.cancel(job=job, by=ada))
        connection.close()

    def cancel_before_the_update(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.lstrip().startswith("UPDATE") and not cancelled:
            thread = threading.Thread(target=cancel)
            thread.start()
            thread.join()
        return execute(sql, *rest)

    with connection.execute_wrapper(cancel_before_the_update):
        assert jobs.claim(1) == []
    assert cancelled == [True]
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_a_claim_asks_as_often_however_long_the_queue_is(
    ada: User, workspace: Workspace, django_assert_num_queries: Any
) -> None:
    submit(ada, workspace, count=2)
    with CaptureQueriesContext(connection) as few:
        assert len(jobs.claim(1)) == 1
    for _ in range(3):
        submit(ada, workspace, count=10)
    with django_assert_num_queries(len(few)):
        assert len(jobs.claim(9)) == 9
