"""Callers that wait hold a thread each; however many come, pages and probes are answered."""

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import httpx
import openai
import pytest
from django.test import Client

from accounts.models import User, Workspace
from gallery.codec import Room
from studio import jobs
from studio.jobs import waiting
from studio.models import Job
from tests.api.conftest import Program
from tests.product import ROOT, Product, until
from tests.studio.makers import submit

PROGRAMS, PAGES = 64, 24
MODEL = "step-image-edit-2"
ASYNC = {"Prefer": "respond-async"}


def test_the_rooms_leave_threads_free() -> None:
    found = re.search(r"--blocking-threads (\d+)", (ROOT / "Procfile").read_text())
    assert found
    rooms = {kind: room._initial_value for kind, room in waiting._rooms.items()}
    assert rooms == {"program": PROGRAMS, "page": PAGES}
    assert sum(rooms.values()) + Room().readers + Room().waiting <= int(found[1]) - 16


@pytest.fixture
def _full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(waiting._rooms, "program", threading.BoundedSemaphore(1))
    assert waiting._rooms["program"].acquire()


@pytest.mark.django_db
@pytest.mark.usefixtures("_full")
def test_one_too_many_is_sent_away_unpaid(ada_calls: Program, workspace: Workspace) -> None:
    response = ada_calls.generate()
    assert (response.status_code, response.json()["error"]["code"]) == (429, "too_many_waiting")
    assert (response["Retry-After"], response["x-should-retry"]) == ("1", "true")
    assert Job.objects.count() == 0
    assert ada_calls.generate(n="1").status_code == 400
    assert ada_calls.generate(dry_run=True).status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("_full")
def test_who_need_not_wait_does_not(ada_calls: Program) -> None:
    response = ada_calls.generate(ASYNC | {"Prefer": "respond-async, wait=30"})
    assert response.status_code == 202
    job = ada_calls.get(response["Location"], data={"wait": "30"})
    assert (job.status_code, job.json()["state"]) == (200, "queued")


@pytest.mark.django_db
def test_a_page_too_many_is_answered_at_once(
    as_ada: Client, ada: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks again by itself, after a while."""
    (job,) = submit(ada, workspace)
    waited: list[float] = []
    monkeypatch.setattr(jobs, "wait_for_change", lambda _seen, seconds: waited.append(seconds))
    assert as_ada.get(f"/jobs/watch?job={job.pk}:queued").status_code == 200
    monkeypatch.setitem(waiting._rooms, "page", threading.BoundedSemaphore(1))
    assert waiting._rooms["page"].acquire()
    assert as_ada.get(f"/jobs/watch?job={job.pk}:queued").status_code == 200
    assert waited == [20.0]


@pytest.mark.django_db
def test_a_place_is_given_back(ada_calls: Program) -> None:
    room = waiting._rooms["program"]
    for fields in ({}, {"n": 0}, {"prompt": "x", "model": "none"}):
        ada_calls.generate(**fields)
    assert room._value == PROGRAMS


# The running product. It has no worker at first, so that everybody waits.


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("crowd"), ENGINE="sketch")
    product.manage("prepare")
    product.manage("credit", "ada@example.com", "5", "--reason", "tests")
    try:
        product.start("web")
        until(lambda: product.status("/healthz") == 200, "web answering")
        yield product
    finally:
        product.__exit__(None, None, None)


@pytest.fixture
def secret(product: Product) -> str:
    return product.manage("apikey", "ada@example.com", "tests").splitlines()[-1]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(PROGRAMS + PAGES) as threads:
        yield threads


def test_pages_are_answered_while_everybody_waits(
    product: Product, secret: str, pool: ThreadPoolExecutor
) -> None:
    ben = product.sign_up("ben@example.com")
    ben.create("a lake")
    (job,) = re.findall(r'data-job="([^"]+)"', ben.get("/").text)

    def generate(_: int) -> httpx.Response:
        return httpx.post(
            f"{product.url}/v1/images/generations",
            json={"model": MODEL, "prompt": "a lake"},
            headers={"Authorization": f"Bearer {secret}"},
            timeout=100,
        )

    def watch(_: int) -> httpx.Response:
        url = f"{product.url}/jobs/watch?job={job}:queued"
        return httpx.get(url, cookies=ben.cookies, headers={"HX-Request": "true"}, timeout=100)

    waits = [pool.submit(generate, number) for number in range(PROGRAMS)]
    polls = [pool.submit(watch, number) for number in range(PAGES)]
    until(lambda: len(waiting_jobs(product)) == PROGRAMS + 1, "everybody waiting")
    for path in ("/", "/healthz", "/gallery/", "/static/icons.svg"):
        assert ben.get(path, timeout=20).status_code in {200, 404}, path
    assert not any(each.done() for each in waits)
    check_that_one_too_many_comes_again(product, secret)
    assert {each.result().status_code for each in waits} == {409}
    assert {each.result().status_code for each in polls} == {200}


def check_that_one_too_many_comes_again(product: Product, secret: str) -> None:
    """The SDK does so by itself, after the second that it is told; nothing was paid before."""
    sent: list[int] = []

    def note(response: httpx.Response) -> None:
        sent.append(response.status_code)
        if len(sent) == 1:
            assert len(waiting_jobs(product)) == PROGRAMS + 1
            cancel_all(product, secret)
            product.start("worker")

    with (
        httpx.Client(event_hooks={"response": [note]}) as http,
        openai.OpenAI(base_url=f"{product.url}/v1", api_key=secret, http_client=http) as sdk,
    ):
        assert sdk.images.generate(model=MODEL, prompt="a lake").data
    assert sent == [429, 200]


def waiting_jobs(product: Product) -> list[str]:
    return [row[0] for row in product.query("SELECT id FROM studio_job WHERE state = 'queued'")]


def cancel_all(product: Product, secret: str) -> None:
    for job in waiting_jobs(product):
        headers = {"Authorization": f"Bearer {secret}"}
        httpx.post(f"{product.url}/v1/jobs/{UUID(job)}/cancel", headers=headers)
