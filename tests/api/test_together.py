"""Two web processes on one installation, many callers at once, and a process that dies."""

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpx
import openai
import pytest

from tests.api.conftest import MODEL, charged_micros, jobs_made
from tests.engines.strict_stepfun import StrictStepfun
from tests.product import Product, free_port, until
from tests.shapes import BOTH, running

TOGETHER = 50
RATE = 40


@pytest.fixture(scope="module", params=BOTH)
def product(
    strict: StrictStepfun, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Product]:
    with running(
        request.param,
        tmp_path_factory.mktemp("together"),
        **strict.variables,
        API_RATE=str(RATE),
    ) as product:
        product.manage("credit", "ada@example.com", "5", "--reason", "tests")
        yield product


@pytest.fixture(scope="module")
def urls(product: Product) -> Iterator[list[str]]:
    """Of both processes: on one machine, or on two behind a proxy."""
    if len(product.webs) > 1:
        yield [f"http://127.0.0.1:{port}" for port in product.ports.values()]
        return
    port = free_port()
    product.start("web", port=port)
    urls = [product.url, f"http://127.0.0.1:{port}"]
    until(lambda: is_up(urls[1]), "the second web process")
    yield urls
    product.stop(f"web:{port}")


def is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def key_of(product: Product, name: str) -> dict[str, str]:
    """Of a person of its own, since a person's keys share a limit."""
    secret = product.manage("apikey", f"{name}@example.com", "tests").splitlines()[-1]
    return {"Authorization": f"Bearer {secret}"}


def at_once(act: Callable[[int], Any], times: int) -> list[Any]:
    gate = threading.Barrier(times)

    def wait_and_act(number: int) -> Any:
        gate.wait(60)
        return act(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(wait_and_act, range(times)))


def test_fifty_identical_requests_at_once(
    product: Product, urls: list[str], strict: StrictStepfun
) -> None:
    before, charged, made = jobs_made(product), charged_micros(product), strict.images_made
    keys = [key_of(product, "ada") | {"Idempotency-Key": "fifty"} for _ in range(2)]
    body = {"model": MODEL, "prompt": "a lake", "response_format": "b64_json"}

    def call(number: int) -> tuple[int, str]:
        """A name is one of its workspace, whichever key brings it to whichever process."""
        url = f"{urls[number % 2]}/v1/images/generations"
        response = httpx.post(url, json=body, headers=keys[number // 25], timeout=100)
        return response.status_code, response.text

    answers = set(at_once(call, TOGETHER))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 200
    assert jobs_made(product) == before + 1
    assert charged_micros(product) == charged + 3_000
    assert strict.images_made == made + 1


def test_two_orders_under_one_name_at_once(product: Product, urls: list[str]) -> None:
    """One of them wins the name; the other is refused and costs nothing."""
    before, charged = jobs_made(product), charged_micros(product)
    headers = key_of(product, "ada") | {"Idempotency-Key": "two"}

    def call(number: int) -> tuple[str, int]:
        prompt = ("a lake", "a hill")[number % 2]
        body = {"model": MODEL, "prompt": prompt}
        url = f"{urls[number // 2 % 2]}/v1/images/generations"
        return prompt, httpx.post(url, json=body, headers=headers, timeout=100).status_code

    answers = at_once(call, 12)
    (won,) = {prompt for prompt, status in answers if status == 200}
    assert {status for prompt, status in answers if prompt == won} == {200}
    assert {status for prompt, status in answers if prompt != won} == {422}
    assert (jobs_made(product), charged_micros(product)) == (before + 1, charged + 3_000)


def test_one_limit_for_both(product: Product, urls: list[str]) -> None:
    """Wherever a caller says that it comes from. A minute may end meanwhile: then once more.

    As somebody else, since the first has spent some of the new minute.
    """
    tries = itertools.count()
    headers: dict[str, str] = {}

    def call(number: int) -> httpx.Response:
        forged = {"X-Forwarded-For": f"10.1.2.{number}", "X-Real-IP": f"10.1.2.{number}"}
        return httpx.get(f"{urls[number % 2]}/v1/models", headers=headers | forged, timeout=100)

    def calls() -> list[httpx.Response] | None:
        headers.update(key_of(product, f"ben{next(tries)}"))
        found = [each for _ in range(5) for each in at_once(call, RATE // 4)]
        ends = [int(each.headers["x-ratelimit-reset-requests"][:-1]) for each in found]
        return found if ends[0] >= ends[-1] else None

    found = until(calls, "all calls within a minute", seconds=200)
    assert sum(each.status_code == 200 for each in found) == RATE
    refused = [each for each in found if each.status_code == 429]
    assert len(refused) == RATE // 4
    assert {each.json()["error"]["code"] for each in refused} == {"rate_limit_exceeded"}
    assert all(1 <= int(each.headers["retry-after"]) <= 60 for each in refused)


def test_the_sdk_waits_as_it_is_told(
    product: Product, urls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call too many is sent again, after the wait that is asked for: nothing was paid."""
    headers = key_of(product, "cleo")
    sent: list[httpx.Response] = []
    waits: list[float] = []

    def wait(self: openai.OpenAI, **given: Any) -> None:
        headers = given["response"].headers
        waits.append(self._calculate_retry_timeout(1, given["options"], headers))

    monkeypatch.setattr(openai.OpenAI, "_sleep_for_retry", wait)
    secret = headers["Authorization"].removeprefix("Bearer ")
    with (
        httpx.Client(event_hooks={"response": [sent.append]}) as http,
        openai.OpenAI(base_url=f"{urls[1]}/v1", api_key=secret, http_client=http) as sdk,
    ):

        def call() -> bool:
            at_once(lambda _: httpx.get(f"{urls[0]}/v1/models", headers=headers), RATE // 4)
            sent.clear()
            waits.clear()
            with suppress(openai.RateLimitError):
                sdk.images.generate(model=MODEL, prompt="a lake", extra_body={"dry_run": True})
            return [each.status_code for each in sent] == [429, 429, 429]

        until(call, "the limit being reached", seconds=200)
    assert waits == [int(each.headers["retry-after"]) for each in sent[:2]]


def test_a_process_that_dies_leaves_the_name_usable(
    product: Product, strict: StrictStepfun
) -> None:
    """It is killed while a caller waits; the SDK comes again, and joins what it had begun."""
    before, charged = jobs_made(product), charged_micros(product)
    headers = key_of(product, "ada")
    secret = headers["Authorization"].removeprefix("Bearer ")
    strict.delay_seconds = 1.0
    try:
        with (
            ThreadPoolExecutor(1) as pool,
            openai.OpenAI(base_url=f"{product.url}/v1", api_key=secret, max_retries=20) as sdk,
        ):
            call = pool.submit(
                sdk.images.generate,
                model=MODEL,
                prompt="a lake",
                extra_headers={"Idempotency-Key": "killed"},
            )
            until(lambda: jobs_made(product) == before + 1, "the order being accepted")
            for web in product.webs:  # one of them had it
                product.kill(web)
                product.start(web)
            assert call.result(100).data
    finally:
        strict.delay_seconds = 0.0
    assert (jobs_made(product), charged_micros(product)) == (before + 1, charged + 3_000)
