"""How the database reads many rows for the admin's pages, and how often it is asked: on both.

`tests.bench.administration` asks the same of a million jobs: docs/performance.md.
"""

from collections import deque
from collections.abc import Iterator
from itertools import islice

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User, Workspace
from tests.bench import administration, many_jobs
from tests.gallery.test_plans import nodes, plan

pytestmark = pytest.mark.django_db
COUNT, PEOPLE = 30_000, 6_000
# What fills a page or the count of a list
MOST = 5_100
TABLES = (
    *("studio_job", "accounts_transfer", "gallery_image", "django_admin_log"),
    *("accounts_user", "accounts_workspace", "accounts_wallet", "account_emailaddress"),
)
# A part of a name or an address is looked for in all people
THROUGH = {"workspaces, by part", "users, by part", "users, by no part", "addresses, by address"}
STATEMENTS = {
    "index": 10,
    "page of a job": 4,
    "page of a transfer": 8,
    "page of a workspace": 21,
    "page of a user": 6,
    "jobs, by common word": 6,
    "jobs, by no word of it": 6,
    "workspaces, by address": 6,
    "workspaces, by part": 6,
    "export of workspaces": 7,
}
USUAL_STATEMENTS = 5
EXPORTED = 210  # more rows than one page of an export, so that the next one is asked for, too
SORTED = "USE TEMP B-TREE FOR ORDER BY"


def test_no_page_reads_a_table_through(
    client: Client, ada: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.admin.jobs.MOST_READ", 2_000)
    many_jobs.fill(COUNT, ada, workspace)
    administration.people(PEOPLE)
    if connection.vendor == "postgresql":  # as it does by itself, and SQLite does not
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    client.force_login(administration.operator())
    questions = administration.questions(workspace)
    client.get(questions["index"])  # what is asked once in a process
    ContentType.objects.get_for_models(*apps.get_models())
    faults = []
    for question, address in questions.items():
        with CaptureQueriesContext(connection) as asked:
            response = client.get(address)
            assert response.status_code == 200, question
            if response.streaming:
                deque(islice(response, EXPORTED), maxlen=0)
        if len(asked) > STATEMENTS.get(question, USUAL_STATEMENTS):
            faults.append(f"{question}: {len(asked)} statements")
        selects = [each["sql"] for each in asked if each["sql"].startswith("SELECT")]
        if question not in THROUGH:
            faults += [f"{question}: {fault}" for sql in selects for fault in faults_of(sql)]
    assert faults == [], "\n".join(faults)


def faults_of(sql: str) -> Iterator[str]:
    if not any(f'"{table}"' in sql for table in TABLES):
        return
    if connection.vendor == "postgresql":
        for node in nodes(plan(sql)):
            read = node["Actual Loops"] * (
                node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            )
            if node.get("Relation Name") in TABLES and read > MOST:
                yield f"{node['Node Type']} of {node['Relation Name']} reads {read:.0f}: {sql}"
        return
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        steps = [str(row[-1]) for row in cursor.fetchall()]
    in_order = "LIMIT" in sql and "WHERE" not in sql and not any("TEMP" in each for each in steps)
    if SORTED in steps and any("job_newest_first" in step for step in steps):
        yield f"sorts a workspace's jobs: {steps}: {sql}"
    for step in steps:
        is_through = step.startswith(tuple(f"SCAN {table}" for table in TABLES))
        if is_through and "USING" not in step and not in_order:
            yield f"{step}: {sql}"
