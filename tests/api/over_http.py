"""The tests of this folder, asked of a running installation: of each of its webs in turn.

Run by test_over_http.py, which says where it is: its addresses in WEBS, its database in
DATABASE_URL, its cache in COUNTS. What is prepared and looked up goes to that database at once;
what is ordered is made by its workers. Left out are tests that reach into the process that answers.
"""

import inspect
import os
from collections.abc import Callable, Iterator
from itertools import cycle
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import redis
from django.db import connection
from django.test import RequestFactory

from accounts.models import Plan, Workspace
from gallery.models import PendingObject
from studio.models import Job, Offer
from tests.api import (
    test_access,
    test_collections,
    test_edits,
    test_fields,
    test_finding,
    test_generations,
    test_jobs,
    test_key_caps,
    test_reading,
    test_repeats,
)
from tests.api.conftest import Program
from tests.product import until

MODULES = (
    *(test_access, test_collections, test_edits, test_fields, test_finding),
    *(test_generations, test_jobs, test_key_caps, test_reading, test_repeats),
)
# What is there only in the process that answers
INSIDE = {"puppet", "monkeypatch", "settings", "ground", "as_ada", "decoded"}
LEFT_OUT = {
    "test_access_a_header_that_is_none[Bearer ]": "no client sends it",
    "test_finding_a_page_asks_as_little_for_many": "counts another process's statements",
    "test_fields_a_body_that_is_cut_off_is_no_request": "asks no server",
    "test_jobs_a_job_is_accepted_polled_and_waited_for": "it is made at once",
    "test_reading_usage": "it is made at once",
    r"test_repeats_a_key_that_is_none[a\x7fb]": "the web server refuses it by itself",
}
_EMPTIED = (
    *("studio_job", "studio_repeatkey", "gallery_image", "gallery_pendingobject"),
    *("gallery_collection", "accounts_apikey"),
)
_WEBS = cycle(os.environ.get("WEBS", "").split())


class Answer:
    """As Django's test client gives it."""

    def __init__(self, response: httpx.Response) -> None:
        self.status_code = response.status_code
        self.content = response.content
        self.headers = response.headers
        self.get = response.headers.get
        self.json = response.json

    def __getitem__(self, name: str) -> str:
        return self.headers[name]

    def __contains__(self, name: str) -> bool:
        return name in self.headers

    @property
    def streaming_content(self) -> Iterator[bytes]:
        yield self.content


class Http(RequestFactory):
    """Django's test client, but for the way that its requests take."""

    def __init__(self, **_: Any) -> None:
        super().__init__()

    def generic(
        self,
        method: str,
        path: str,
        data: Any = "",
        content_type: str | None = "application/octet-stream",
        *,
        headers: Any = None,
        query_params: Any = None,
        **extra: Any,
    ) -> Any:
        if query_params:
            path = f"{path}?{urlencode(query_params, doseq=True)}"
        sent = {"Content-Type": content_type or ""} if data else {}
        sent |= {
            name.removeprefix("HTTP_").replace("_", "-"): value
            for name, value in extra.items()
            if name.startswith("HTTP_")
        }
        sent |= headers or {}
        url = path if path.startswith("http") else next(_WEBS) + path
        with httpx.Client(timeout=60) as client:
            return Answer(
                client.request(
                    method,
                    url,
                    content=data or None,
                    headers=[
                        (name.encode(), value.encode("utf-8", "surrogatepass"))
                        for name, value in sent.items()
                    ],
                )
            )


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """There is a database."""


@pytest.fixture
def _django_db_helper(db: None) -> None:
    """Nothing of it is taken back."""


@pytest.fixture(scope="session")
def _as_set_up(django_db_blocker: Any) -> tuple[list[Any], list[Any]]:
    with django_db_blocker.unblock():
        plan, _ = Plan.objects.get_or_create(name="default")
        return list(Offer.objects.all()), [Plan(pk=plan.pk, name=plan.name)]


@pytest.fixture
def db(
    django_db_blocker: Any,
    _as_set_up: tuple[list[Any], list[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[None]:
    """Nobody's work is there, and names are free; the ledger stays."""
    for module in ("tests.api.conftest", *(each.__name__ for each in MODULES)):
        monkeypatch.setattr(f"{module}.Client", Http, raising=False)
    with django_db_blocker.unblock():
        until(lambda: not Job.objects.unfinished().exists(), "all jobs ending")
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {', '.join(_EMPTIED)} CASCADE")
            cursor.execute("UPDATE accounts_user SET email = id || '@gone.example.com'")
        for rows in _as_set_up:
            for row in rows:
                row.save(force_update=True)
        yield


@pytest.fixture(autouse=True)
def _no_counts(request: pytest.FixtureRequest) -> None:
    """All calls come from one address."""
    if reason := LEFT_OUT.get(request.node.name):
        pytest.skip(reason)
    with redis.Redis.from_url(os.environ["COUNTS"]) as counts:
        counts.flushdb()


@pytest.fixture
def _at_once() -> None:
    """Workers are there."""


@pytest.fixture
def client(db: None) -> Http:
    return Http()


@pytest.fixture
def refused(caller: Program, workspace: Workspace) -> Callable[..., dict[str, Any]]:
    """As within the process, once workers have let go of pictures of the test before."""
    check: Callable[..., dict[str, Any]] = inspect.unwrap(test_fields.refused)(caller, workspace)

    def check_at_rest(*said: Any, **named: Any) -> dict[str, Any]:
        until(lambda: not PendingObject.objects.exists(), "late previews being thrown away")
        return check(*said, **named)

    return check_at_rest


def _take_over(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Its tests, under names that say whose they are, and its fixtures."""
    noun = module.__name__.rpartition("test_")[2]
    for name, found in vars(module).items():
        if name.startswith("test_"):
            if not INSIDE & set(inspect.signature(found).parameters):
                yield f"test_{noun}_{name.removeprefix('test_')}", found
        elif isinstance(found, type(client)) and name not in globals():
            yield name, found


for _module in MODULES:
    globals().update(_take_over(_module))
