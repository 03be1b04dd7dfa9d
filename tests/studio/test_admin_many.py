"""The admin with many jobs: as many queries as with few. How they are read: `test_admin_plans`."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.admin.base import MOST_COUNTED
from accounts.models import User, Workspace
from studio.models import Job
from tests.studio.test_metrics import many

pytestmark = pytest.mark.django_db
SEARCHES = [
    {},
    {"state": "failed"},
    {"state": "succeeded"},
    {"state": "queued"},
    {"since": "day"},
    {"q": "no-such-trace-id"},
    {"q": "ada@example.com"},
    {"q": "0199a21a-83e1-72ea-9259-e28956348e2f"},
]


@pytest.fixture
def as_operator(client: Client) -> Client:
    """Whose first look is over: what is asked once in a process was asked."""
    client.force_login(User.objects.create_superuser("operator@example.com"))
    client.get(reverse("admin:index"))
    client.get(reverse("admin:studio_job_changelist"))
    return client


def asked(client: Client, address: str, **fields: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address, fields).status_code == 200
    return [query["sql"] for query in queries]


def test_lists_ask_no_more_of_many(as_operator: Client, ada: User, workspace: Workspace) -> None:
    address = reverse("admin:studio_job_changelist")
    many(ada, workspace, 60)
    few = [len(asked(as_operator, address, **search)) for search in SEARCHES]
    assert max(few) <= 12
    many(ada, workspace, MOST_COUNTED + 200)
    assert [len(asked(as_operator, address, **search)) for search in SEARCHES] == few
    assert "There may be more" in as_operator.get(address).content.decode()


@pytest.mark.parametrize("page", ["index", "accounts_workspace", "studio_job", "accounts_user"])
def test_pages_ask_no_more_of_many(
    as_operator: Client, ada: User, workspace: Workspace, page: str
) -> None:
    many(ada, workspace, 20)
    rows: dict[str, Any] = {
        "accounts_workspace": workspace,
        "studio_job": Job.objects.order_by("pk")[0],
        "accounts_user": ada,
    }
    address = (
        reverse("admin:index")
        if page == "index"
        else reverse(f"admin:{page}_change", args=[rows[page].pk])
    )
    asked(as_operator, address)
    few = len(asked(as_operator, address))
    many(ada, workspace, 1_000)
    assert len(asked(as_operator, address)) == few <= 40
