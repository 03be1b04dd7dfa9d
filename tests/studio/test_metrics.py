"""What Prometheus reads: true for any process, never counted twice, and cheap with many jobs."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from accounts import ids, ledger
from accounts.models import User, Workspace
from studio import metrics
from studio.engines.contract import Refused
from studio.models import Job, Tally, Worker
from tests.studio.makers import Puppet, run_to_end, submit

pytestmark = pytest.mark.django_db
DASHBOARD = Path(django_settings.BASE_DIR) / "deploy/grafana/easel.json"


def figures() -> dict[str, float]:
    """By name and labels, as `easel_jobs{state="queued"}`; those of a name together, too."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            labels = ",".join(f'{key}="{value}"' for key, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def total(name: str, *labels: str) -> float:
    return sum(
        value
        for key, value in figures().items()
        if key.split("{")[0] == name and all(each in key for each in labels)
    )


@pytest.fixture
def ended(ada: User, workspace: Workspace, puppet: Puppet) -> list[Job]:
    """Two that were delivered, one that was refused, and one that waits."""
    puppet.does = [Refused("No.", trace_id="t")]
    jobs = [run_to_end(submit(ada, workspace)[0]) for _ in range(3)]
    submit(ada, workspace)
    return jobs


def test_the_figures_are_those_of_the_jobs(ended: list[Job], workspace: Workspace) -> None:
    Worker.objects.create(identity="w1", concurrency=8)
    assert total("easel_jobs_ended_total", 'state="succeeded"') == 2
    assert total("easel_jobs_ended_total", 'state="failed"', 'error="refused"') == 1
    assert total("easel_jobs", 'state="queued"') == 1
    assert total("easel_upstream_calls_total") == 3
    assert total("easel_credits_spent_micros_total") == 6_000
    assert total("easel_job_wait_seconds_count") == 3
    assert total("easel_engine_seconds_bucket", 'le="+Inf"') == 2
    assert total("easel_queue_age_seconds") > 0
    assert total("easel_worker_concurrency", 'worker="w1"') == 8
    wallet = ledger.credit_of(workspace)
    assert total("easel_credits_held_micros") == wallet.held_micros == 3_000
    assert total("easel_credits_granted_micros_total") == 150_000


def test_what_is_rolled_up_is_counted_once(ended: list[Job], ada: User) -> None:
    before = figures()
    for minutes in (0, 5, 5, 9):
        metrics.roll_up(timezone.now() + timedelta(minutes=minutes))
    after = figures()
    assert Tally.objects.count() == 2
    moving = "easel_queue_age_seconds"
    assert after | {moving: 0} == before | {moving: 0}
    Job.objects.filter(pk__in=[job.pk for job in ended]).delete()  # a counter never falls
    assert total("easel_jobs_ended_total") == 3


def test_a_job_that_ends_while_it_is_rolled_up_is_counted_later(ended: list[Job]) -> None:
    """Who ended it may commit after the sweep has looked."""
    metrics.roll_up(timezone.now())
    assert Tally.objects.count() == 0
    assert total("easel_jobs_ended_total") == 3


def test_a_scrape_asks_little_however_many_jobs_there_are(
    ended: list[Job], ada: User, workspace: Workspace
) -> None:
    metrics.roll_up(timezone.now() + timedelta(minutes=5))
    with CaptureQueriesContext(
        connection,
    ) as few:
        metrics.text()
    many(ada, workspace, 20_000)
    metrics.roll_up(timezone.now() + timedelta(minutes=5))
    with CaptureQueriesContext(connection) as queries:
        metrics.text()
    assert len(queries) == len(few) <= 25
    assert total("easel_jobs_ended_total", 'state="succeeded"') == 20_002
    for query in queries:
        assert "SCAN studio_job" not in plan_of(query["sql"]) or "INDEX" in plan_of(query["sql"])


def many(ada: User, workspace: Workspace, count: int) -> None:
    """Old ones, which were delivered."""
    at = timezone.now() - timedelta(days=3)
    job = {
        "workspace": workspace,
        "created_by": ada,
        "state": "succeeded",
        "model": "step-2x-large",
    }
    job |= {"operation": "generate", "prompt": "x", "steps": 8, "cfg_scale": 1, "price_micros": 1}
    job |= {"created_at": at, "started_at": at, "finished_at": at + timedelta(seconds=2)}
    rows: list[Any] = [Job(id=ids.new(), upstream_calls=1, engine="x", **job) for _ in range(count)]
    Job.objects.bulk_create(rows, batch_size=1_000)
    from studio.models import TallyMark

    TallyMark.objects.update(until=at - timedelta(days=1))
    Tally.objects.all().delete()


def plan_of(sql: str) -> str:
    if "studio_job" not in sql or connection.vendor != "sqlite":
        return ""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return " ".join(str(row) for row in cursor.fetchall())


# The dashboard


def test_every_expression_of_the_dashboard_names_what_is_exported(ended: list[Job]) -> None:
    Worker.objects.create(identity="w1", concurrency=8)
    families = list(text_string_to_metric_families(metrics.text().decode()))
    known = {sample.name for family in families for sample in family.samples}
    known |= {"easel_upstream_balance"}  # while a server tells
    labels = {key for family in families for sample in family.samples for key in sample.labels}
    panels = json.loads(DASHBOARD.read_text())["panels"]
    used = set()
    for panel in panels:
        for target in panel["targets"]:
            used |= set(re.findall(r"easel_\w+", target["expr"]))
            wanted = set(re.findall(r"by \(([\w, ]+)\)", target["expr"]))
            named = {each.strip() for group in wanted for each in group.split(",")}
            assert named <= labels | {"server"}, panel["title"]
    assert used <= known
    shown = {name.removesuffix("_bucket") for name in used}
    exported = {family.name for family in families}
    assert {name.removesuffix("_total") for name in shown} >= exported - {"easel_upstream_balance"}


# Who may read it


def test_a_token_or_this_machine_for_itself(client: Client, settings: Any) -> None:
    settings.SITE_URL, settings.METRICS_TOKEN = "http://127.0.0.1:8000", ""
    assert client.get("/metrics", headers={"host": "10.0.0.5"}).status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 404
    assert client.get("/metrics", headers={"x-forwarded-for": "127.0.0.1"}).status_code == 404
    settings.SITE_URL = "https://easel.example.com"  # behind a proxy all seem to be from here
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "scraper-secret"
    assert client.get("/metrics").status_code == 404
    for given, status in (("Bearer wrong", 404), ("Bearer scraper-secret", 200)):
        answer = client.get("/metrics", headers={"authorization": given}, REMOTE_ADDR="203.0.113.9")
        assert answer.status_code == status
