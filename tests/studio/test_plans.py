"""How the database reads many jobs and transfers when one orders, looks and waits: on both."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import books, keys, ledger
from accounts.models import User, Workspace
from studio import audit, jobs, metrics
from studio.jobs import caps, quota
from studio.models import Job
from studio.queue import sweep
from tests.bench import many_jobs
from tests.gallery.test_plans import nodes, plan
from tests.studio.makers import submit

pytestmark = pytest.mark.django_db
COUNT = 80_000
A_MONTH = 8_928  # jobs of 31 days, and what may be read of them
TABLES = ("studio_job", "studio_archivedjob", "accounts_transfer")
SHORT = ("job_in_turn", "job_parked", "job_running", "job_with_mask")  # of what waits or runs


@pytest.fixture
def many(ada: User, workspace: Workspace, request: pytest.FixtureRequest) -> Workspace:
    """So many, or as many as a test asks for."""
    many_jobs.fill(getattr(request, "param", COUNT), ada, workspace)
    ledger.grant(to=workspace, amount_micros=90_000, reference="grant:test")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return workspace


def test_nothing_reads_all_jobs_or_transfers(many: Workspace, ada: User, as_ada: Client) -> None:
    """An order, the month's sums, and the pages: none costs more the longer there is an Easel."""
    key, secret = keys.issue(workspace=many, by=ada, name="k", monthly_cap_micros=10**9)
    newest = Job.objects.newest_first()[0]
    middle = ledger.credit_of(many).debits.order_by("pk")[COUNT // 2].pk
    day = (timezone.now() - timedelta(days=100)).date()
    month = books.Days(since=day, until=day + timedelta(days=30))
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    acts: dict[str, Callable[[], Any]] = {
        "submit": lambda: submit(ada, many, api_key=key),
        "quota": lambda: quota.counts(many, at=timezone.now()),
        "key's month": lambda: caps.spent_this_month(key),
        "member's month": lambda: caps.spent_by(ada, many),
        "ledger page": lambda: books.page(many, before=None, size=50),
        "deep ledger page": lambda: books.page(many, before=middle, size=50),
        "ledger of a month": lambda: books.page(many, before=None, size=50, days=month),
        "studio": lambda: as_ada.get("/"),
        "usage": lambda: as_ada.get(reverse("studio:usage_page")),
        "job of the API": lambda: program.get(f"/v1/jobs/{newest.pk}"),
        "is any runnable": lambda: jobs.is_any_runnable(timezone.now()),
    }
    faults = list(faults_in(acts))
    assert faults == [], "\n".join(faults)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("many", [COUNT // 2], indirect=True)
def test_nothing_that_runs_by_itself_reads_them_all(many: Workspace, ada: User) -> None:
    """Claims, what the supervisors do every few seconds and now and then, and a scrape."""
    at = timezone.now() + timedelta(minutes=5)
    sweep.sweep_slowly(at)  # adds up what has ended, and the months that are over: once for all
    submit(ada, many, count=10)
    later = at + timedelta(minutes=1)
    acts: dict[str, Callable[[], Any]] = {
        "claim": lambda: jobs.claim(8),
        "claim of suspects": lambda: jobs.claim(8, suspects=True),
        "is any runnable": lambda: jobs.is_any_runnable(later, created_before=later),
        "sweep": lambda: sweep.sweep(later),
        "figures": metrics.text,
        "slow sweep": lambda: sweep.sweep_slowly(later),
        "figures again": metrics.text,
    }
    faults = list(faults_in(acts))
    assert faults == [], "\n".join(faults)


def faults_in(acts: dict[str, Callable[[], Any]]) -> Iterator[str]:
    for name, act in acts.items():
        with CaptureQueriesContext(connection) as asked:
            act()
        for sql in (each["sql"].strip() for each in asked):
            look = faults_of if sql.startswith("SELECT") else faults_of_a_change
            yield from (f"{name}: {fault}" for fault in look(sql))


def faults_of_a_change(sql: str) -> Iterator[str]:
    """It is planned, and not done again."""
    if not sql.startswith(("INSERT", "UPDATE", "DELETE")):
        return
    if connection.vendor == "postgresql":
        for node in nodes(plan(sql, is_done=False)):
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] in TABLES:
                yield f"reads {node['Relation Name']} through: {sql}"
        return
    yield from (f"{step}: {sql}" for step in steps_of(sql) if is_whole(step))


def steps_of(sql: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return [row[-1] for row in cursor.fetchall()]


def is_whole(step: str) -> bool:
    whole = step.startswith(tuple(f"SCAN {table}" for table in TABLES))
    return whole and not any(index in step for index in SHORT)


def faults_of(sql: str) -> Iterator[str]:
    if not any(f'"{table}"' in sql or f" {table}" in sql for table in TABLES):
        return
    if connection.vendor == "postgresql":
        if "FOR UPDATE" in sql:
            return
        for node in nodes(plan(sql)):
            read = node["Actual Loops"] * (
                node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            )
            if node.get("Relation Name") in TABLES and read > A_MONTH + 100:
                yield f"{node['Node Type']} of {node['Relation Name']} reads {read:.0f}: {sql}"
        return
    steps = steps_of(sql)
    if "MIN(created_at)" in sql:  # of an order's quota
        looked = [step for step in steps if "studio_job" in step]
        if sum("job_may_be_made (workspace_id=? AND created_at>?)" in step for step in looked) < 4:
            yield f"{looked}: {sql}"
    yield from (f"{step}: {sql}" for step in steps if is_whole(step))


def test_the_made_ledger_agrees(many: Workspace) -> None:
    assert list(audit.findings()) == []


def test_counts_are_what_they_were(many: Workspace, ada: User) -> None:
    """Those of a day and of 30 days, and when there is room again."""
    now = timezone.now()
    counted = quota.counts(many, at=now)
    assert (counted.waiting, counted.in_day, counted.in_month) == (0, 288, 8_640)
    submit(ada, many, count=2)
    Job.objects.filter(state="queued").update(state="cancelled", finished_at=now)
    assert quota.counts(many, at=now).in_day == 288
    Job.objects.filter(state="cancelled").update(upstream_calls=1)
    assert quota.counts(many, at=now).in_day == 290
