"""What the SDK raises, and how often it sends a call again: never after anything was paid."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import httpx
import openai
import pytest

from tests.api.conftest import MODEL, charged_micros, jobs_made
from tests.engines.strict_stepfun import StrictStepfun
from tests.product import Product, free_port, until


@pytest.fixture
def sent() -> list[int]:
    """The status of every answer that the SDK has had, 0 for a call that had none."""
    return []


@pytest.fixture
def sdk(product: Product, secret: str, sent: list[int]) -> Iterator[openai.OpenAI]:
    """Counts what goes out, and otherwise is as it comes: it tries twice more by itself."""

    def note_request(_: httpx.Request) -> None:
        sent.append(0)

    def note_response(response: httpx.Response) -> None:
        sent[-1] = response.status_code

    hooks = {"request": [note_request], "response": [note_response]}
    with (
        httpx.Client(event_hooks=hooks) as http,
        openai.OpenAI(base_url=f"{product.url}/v1", api_key=secret, http_client=http) as client,
    ):
        assert client.max_retries == 2
        yield client


@pytest.fixture
def alter(product: Product) -> Callable[[str], None]:
    """Does something to the database of the product, and undoes it after the test."""
    undo: list[str] = []

    def alter(statement: str, afterwards: str = "") -> None:
        undo.append(afterwards)
        product.manage("shell", "-c", f"{MODELS};{statement}")

    yield alter
    for each in filter(None, undo):
        product.manage("shell", "-c", f"{MODELS};{each}")


MODELS = (
    "from accounts.models import *;from studio.models import *;"
    "w = Workspace.objects.get(personal_of__email='ada@example.com')"
)


def generate(sdk: openai.OpenAI, **changes: object) -> object:
    return sdk.images.generate(**{"model": MODEL, "prompt": "a lake"} | changes)  # type: ignore[call-overload]


# One class for each kind of refusal: nothing is made, nothing is sent twice


@pytest.mark.parametrize(
    ("changes", "param", "code", "words"),
    [
        ({"n": 11}, "n", "invalid_value", "1 to 10"),
        ({"size": "99999x1"}, "size", "invalid_value", "height x width"),
        ({"prompt": "x" * 513}, "prompt", "invalid_value", "512"),
        ({"model": "gpt-image-1"}, "model", "model_not_found", "no model"),
        ({"stream": True}, "stream", "invalid_value", "whole"),
        ({"extra_body": {"workspace": 1}}, "workspace", "unknown_parameter", "no field"),
        ({"extra_body": {"prompt": None}}, "prompt", "missing_parameter", "prompt"),
    ],
)
def test_bad_request(
    sdk: openai.OpenAI,
    product: Product,
    sent: list[int],
    changes: dict[str, object],
    param: str,
    code: str,
    words: str,
) -> None:
    before = jobs_made(product)
    with pytest.raises(openai.BadRequestError) as no:
        generate(sdk, **changes)
    error = no.value
    assert (error.param, error.code, error.type) == (param, code, "invalid_request_error")
    assert words in error.message
    assert error.request_id
    assert error.request_id.startswith("req_")
    assert sent == [400]
    assert jobs_made(product) == before


def test_a_photo_that_is_none(sdk: openai.OpenAI, sent: list[int]) -> None:
    with pytest.raises(openai.BadRequestError) as no:
        sdk.images.edit(model=MODEL, image=b"GIF89a", prompt="add snow")
    assert (no.value.param, no.value.code) == ("image", "invalid_image")
    assert sent == [400]


def test_authentication(sdk: openai.OpenAI, sent: list[int]) -> None:
    with pytest.raises(openai.AuthenticationError) as who:
        generate(sdk.with_options(api_key="easel_wrong"))
    error = who.value
    assert (error.code, error.param) == ("invalid_api_key", None)
    assert error.type == "authentication_error"
    assert "wrong" in error.message
    assert sent == [401]


def test_permission(sdk: openai.OpenAI, sent: list[int], product: Product) -> None:
    secret = product.manage("apikey", "vera@example.com", "tests").splitlines()[-1]
    only_reads = (
        "ApiKey.objects.filter(created_by__email='vera@example.com').update(scopes=['read'])"
    )
    product.manage("shell", "-c", f"from accounts.models import ApiKey;{only_reads}")
    with pytest.raises(openai.PermissionDeniedError) as no:
        generate(sdk.with_options(api_key=secret))
    error = no.value
    assert (error.code, error.param) == ("insufficient_scope", None)
    assert (error.type, "generate" in error.message) == ("permission_error", True)
    assert sent == [403]


def test_not_found(sdk: openai.OpenAI, sent: list[int]) -> None:
    with pytest.raises(openai.NotFoundError) as no:
        sdk.models.retrieve("gpt-image-1")
    assert (no.value.code, no.value.param) == ("not_found", None)
    assert no.value.type == "invalid_request_error"
    with pytest.raises(openai.NotFoundError) as no:
        sdk.post("/images/variations", cast_to=object, body={"model": MODEL})
    assert no.value.code == "not_found"
    assert sent == [404, 404]


def test_unprocessable(sdk: openai.OpenAI, sent: list[int], product: Product) -> None:
    headers = {"Idempotency-Key": "first a lake"}
    before = charged_micros(product)
    generate(sdk, extra_headers=headers)
    with pytest.raises(openai.UnprocessableEntityError) as no:
        generate(sdk, prompt="then a hill", extra_headers=headers)
    assert (no.value.code, no.value.param) == ("idempotency_key_reused", "Idempotency-Key")
    assert sent == [200, 422]
    assert charged_micros(product) == before + 3_000


def test_no_credit(sdk: openai.OpenAI, sent: list[int], alter: Callable[..., None]) -> None:
    alter(
        "Offer.objects.filter(model='step-image-edit-2').update(price_micros=10**9)",
        "Offer.objects.filter(model='step-image-edit-2').update(price_micros=3_000)",
    )
    with pytest.raises(openai.APIStatusError) as no:
        generate(sdk)
    assert no.value.status_code == 402
    assert (no.value.code, no.value.type) == ("insufficient_credit", "billing_error")
    assert sent == [402]


def test_a_limit_of_the_plan(
    sdk: openai.OpenAI, sent: list[int], alter: Callable[..., None]
) -> None:
    """It will not be better in a second: sent once, though the SDK sends a 429 again."""
    alter(
        "Plan.objects.update(images_per_day=0)",
        "Plan.objects.update(images_per_day=1000)",
    )
    with pytest.raises(openai.RateLimitError) as no:
        generate(sdk)
    assert (no.value.code, no.value.type) == ("quota_exceeded", "rate_limit_error")
    assert sent == [429]


# What was accepted: whatever comes of it, it is not sent again


@pytest.mark.parametrize(
    ("fault", "status", "kind", "code"),
    [
        ("400", 400, openai.BadRequestError, "refused"),
        ("402", 503, openai.InternalServerError, "out_of_service"),
        ("404", 503, openai.InternalServerError, "out_of_service"),
    ],
)
def test_what_was_accepted_is_never_sent_again(
    sdk: openai.OpenAI,
    sent: list[int],
    product: Product,
    strict: StrictStepfun,
    fault: str,
    status: int,
    kind: type[openai.APIStatusError],
    code: str,
) -> None:
    before, charged = jobs_made(product), charged_micros(product)
    strict.faults.append(fault)
    with pytest.raises(kind) as failed:
        generate(sdk)
    assert (failed.value.status_code, failed.value.code) == (status, code)
    assert failed.value.response.headers["location"].startswith("/v1/jobs/")
    assert sent == [status]
    assert (jobs_made(product), charged_micros(product)) == (before + 1, charged)


def test_trouble_upstream(
    sdk: openai.OpenAI, sent: list[int], product: Product, strict: StrictStepfun
) -> None:
    """Tried three times there, by one job; one call here."""
    before, charged, calls = jobs_made(product), charged_micros(product), strict.counts["generate"]
    strict.faults.extend(["500"] * 3)
    with pytest.raises(openai.InternalServerError) as failed:
        generate(sdk)
    assert (failed.value.status_code, failed.value.code) == (502, "unavailable")
    assert sent == [502]
    assert strict.counts["generate"] == calls + 3
    assert (jobs_made(product), charged_micros(product)) == (before + 1, charged)


def test_cancelled(
    sdk: openai.OpenAI, sent: list[int], product: Product, strict: StrictStepfun, secret: str
) -> None:
    """The SDK would send a 409 again."""
    before, charged = jobs_made(product), charged_micros(product)
    strict.faults.append("hang")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(generate, sdk)
        running = "SELECT id FROM studio_job WHERE state = 'running'"
        ((job,),) = until(lambda: product.query(running), "the job running")
        httpx.post(
            f"{product.url}/v1/jobs/{UUID(str(job))}/cancel",
            headers={"Authorization": f"Bearer {secret}"},
        )
        with pytest.raises(openai.ConflictError) as no:
            waiting.result()
    assert no.value.code == "cancelled"
    assert sent == [409]
    assert (jobs_made(product), charged_micros(product)) == (before + 1, charged)


# No answer at all


def test_nobody_is_there(sdk: openai.OpenAI, sent: list[int]) -> None:
    away = sdk.with_options(base_url=f"http://127.0.0.1:{free_port()}/v1", max_retries=0)
    with pytest.raises(openai.APIConnectionError):
        generate(away)
    assert sent == [0]


@pytest.fixture
def _slowly(strict: StrictStepfun) -> Iterator[None]:
    strict.delay_seconds = 1.5
    yield
    strict.delay_seconds = 0.0


@pytest.mark.usefixtures("_slowly")
def test_who_hangs_up_finds_the_image(
    sdk: openai.OpenAI, sent: list[int], product: Product, secret: str
) -> None:
    """Made, paid once, and in the gallery."""
    charged = charged_micros(product)
    with pytest.raises(openai.APITimeoutError):
        generate(sdk.with_options(timeout=0.3, max_retries=0), prompt="left behind")
    assert sent == [0]

    def found() -> bool:
        headers = {"Authorization": f"Bearer {secret}"}
        page = httpx.get(f"{product.url}/v1/images", headers=headers).json()
        return any(each["prompt"] == "left behind" for each in page["data"])

    until(found, "the image being kept")
    assert charged_micros(product) == charged + 3_000


@pytest.mark.usefixtures("_slowly")
def test_who_has_no_patience_names_the_order(
    sdk: openai.OpenAI, sent: list[int], product: Product
) -> None:
    """The SDK hangs up and sends the call again: with a key, it joins what it had begun."""
    before, charged = jobs_made(product), charged_micros(product)
    hasty = sdk.with_options(timeout=0.5, max_retries=20)
    generate(hasty, extra_headers={"Idempotency-Key": "hasty"})
    assert (sent[0], sent[-1]) == (0, 200)
    assert (jobs_made(product), charged_micros(product)) == (before + 1, charged + 3_000)
