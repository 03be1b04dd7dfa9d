"""Callers that wait hold a thread each; however many come, others are answered."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from uuid import UUID

import httpx
import openai
import pytest
from django.test import Client

from accounts.models import User, Workspace
from gallery.codec import Room
from studio import jobs
from studio.jobs.places import ROOMS
from studio.models import Job
from tests.api.conftest import MODEL, Program
from tests.product import ROOT, Product, until
from tests.studio.makers import submit

PROGRAMS, PAGES = ROOMS["program"].size, ROOMS["page"].size
SHARE = ROOMS["program"].share


def test_the_rooms_leave_threads_free() -> None:
    found = re.search(r"--blocking-threads (\d+)", (ROOT / "Procfile").read_text())
    assert found
    assert PROGRAMS + PAGES + Room().readers + Room().waiting <= int(found[1]) - 16


@pytest.mark.parametrize("kind", ["program", "page"])
def test_nobody_has_all_places(kind: str) -> None:
    room = ROOMS[kind]
    with ExitStack() as stack:

        def take(owner: str) -> bool:
            return stack.enter_context(jobs.place(kind, of=owner))  # type: ignore[arg-type]

        assert all(take("ada") for _ in range(room.share))
        assert not take("ada")
        assert all(take("ben") for _ in range(room.size - room.share))
        assert not take("ben")
        assert not take("cleo")
    assert room.taken == 0


@pytest.fixture
def _full() -> Iterator[None]:
    with ExitStack() as stack:
        for kind, room in ROOMS.items():
            for number in range(room.size):
                assert stack.enter_context(jobs.place(kind, of=number))
        yield


@pytest.mark.django_db
@pytest.mark.usefixtures("_full")
def test_one_too_many_is_sent_away_unpaid(ada_calls: Program) -> None:
    response = ada_calls.generate()
    assert (response.status_code, response.json()["error"]["code"]) == (429, "too_many_waiting")
    assert (response["Retry-After"], response["x-should-retry"]) == ("1", "true")
    assert Job.objects.count() == 0
    assert ada_calls.generate(n="1").status_code == 400
    assert ada_calls.generate(dry_run=True).status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("_full")
def test_who_need_not_wait_does_not(ada_calls: Program) -> None:
    response = ada_calls.generate({"Prefer": "respond-async, wait=30"})
    assert response.status_code == 202
    job = ada_calls.get(response["Location"], data={"wait": "30"})
    assert (job.status_code, job.json()["state"]) == (200, "queued")


@pytest.mark.django_db
def test_a_page_too_many_is_answered_at_once(
    request: pytest.FixtureRequest,
    as_ada: Client,
    ada: User,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It asks again by itself, after a while."""
    (job,) = submit(ada, workspace)
    waited: list[float] = []
    monkeypatch.setattr(jobs, "wait_for_change", lambda _seen, seconds: waited.append(seconds))
    assert as_ada.get(f"/jobs/watch?job={job.pk}:queued").status_code == 200
    request.getfixturevalue("_full")
    assert as_ada.get(f"/jobs/watch?job={job.pk}:queued").status_code == 200
    assert len(waited) == 1


@pytest.mark.django_db
def test_a_place_is_given_back(ada_calls: Program) -> None:
    for fields in ({}, {"n": 0}, {"prompt": "x", "model": "none"}):
        ada_calls.generate(**fields)
    assert ROOMS["program"].taken == 0


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
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(PROGRAMS + PAGES) as threads:
        yield threads


def secret_of(product: Product, name: str) -> str:
    return product.manage("apikey", f"{name}@example.com", "tests").splitlines()[-1]


def generate(product: Product, secret: str) -> httpx.Response:
    return httpx.post(
        f"{product.url}/v1/images/generations",
        json={"model": MODEL, "prompt": "a lake"},
        headers={"Authorization": f"Bearer {secret}"},
        timeout=100,
    )


def test_pages_are_answered_while_everybody_waits(
    product: Product, pool: ThreadPoolExecutor
) -> None:
    """One workspace sends as many calls as it can, then another, then pages wait too."""
    cleo = product.sign_up("cleo@example.com")
    cleo.create("a lake")
    (job,) = re.findall(r'data-job="([^"]+)"', cleo.get("/").text)
    ada, ben = (secret_of(product, name) for name in ("ada", "ben"))

    def watch(_: int) -> httpx.Response:
        url = f"{product.url}/jobs/watch?job={job}:queued"
        return httpx.get(url, cookies=cleo.cookies, headers={"HX-Request": "true"}, timeout=100)

    waits = [pool.submit(generate, product, ada) for _ in range(SHARE)]
    until(lambda: len(waiting_jobs(product)) == 1 + SHARE, "all of Ada's waiting")
    assert generate(product, ada).status_code == 429
    waits += [pool.submit(generate, product, ben) for _ in range(PROGRAMS - SHARE)]
    until(lambda: len(waiting_jobs(product)) == 1 + PROGRAMS, "Ben's waiting, too")
    polls = [pool.submit(watch, number) for number in range(PAGES)]
    for path in ("/", "/healthz", "/gallery/"):
        assert cleo.get(path, timeout=20).status_code == 200, path
    assert not any(each.done() for each in waits)
    check_that_one_too_many_comes_again(product, ben, keys=(ada, ben))
    assert {each.result().status_code for each in waits} == {409}
    assert {each.result().status_code for each in polls} == {200}


def check_that_one_too_many_comes_again(
    product: Product, secret: str, *, keys: tuple[str, ...]
) -> None:
    """The SDK does so by itself, after the second that it is told; nothing was paid before."""
    sent: list[int] = []

    def note(response: httpx.Response) -> None:
        sent.append(response.status_code)
        if len(sent) == 1:
            assert len(waiting_jobs(product)) == 1 + PROGRAMS
            cancel_all(product, keys)
            product.start("worker")

    with (
        httpx.Client(event_hooks={"response": [note]}) as http,
        openai.OpenAI(base_url=f"{product.url}/v1", api_key=secret, http_client=http) as sdk,
    ):
        assert sdk.images.generate(model=MODEL, prompt="a lake").data
    assert sent == [429, 200]


def waiting_jobs(product: Product) -> list[str]:
    return [row[0] for row in product.query("SELECT id FROM studio_job WHERE state = 'queued'")]


def cancel_all(product: Product, keys: tuple[str, ...]) -> None:
    """Each key sees only its own."""
    with httpx.Client(base_url=product.url) as http:
        for job in waiting_jobs(product):
            for secret in keys:
                headers = {"Authorization": f"Bearer {secret}"}
                http.post(f"/v1/jobs/{UUID(job)}/cancel", headers=headers)
