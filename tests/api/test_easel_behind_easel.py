"""One Easel in front of another: its `stepfun` engine speaks to the other's /v1.

Behind both is a server as strict as StepFun's. Each has its own people, money and gallery.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.api.conftest import MODEL, charged_micros, jobs_made, picture
from tests.engines.strict_stepfun import StrictStepfun
from tests.product import Product, until
from tests.studio.makers import png

pytestmark = pytest.mark.timeout(300)  # four processes are started
LIMIT_OF_PLAN = "UPDATE accounts_plan SET queued_limit = "


@pytest.fixture(scope="module")
def back(product: Product, secret: str) -> Product:
    """The one that is asked by the other, with Ada's key."""
    product.manage("shell", "-c", ON_OFFER)
    return product


ON_OFFER = (
    "from studio.models import Offer;"
    "Offer.objects.filter(model='step-2x-large').update(is_on=True, price_micros=20_000)"
)


@pytest.fixture(scope="module")
def front(
    back: Product, secret: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Product]:
    with Product(
        tmp_path_factory.mktemp("front"),
        ENGINE="stepfun",
        STEP_API_KEY=secret,
        STEP_API_BASE=f"{back.url}/v1",
    ) as running:
        running.manage("credit", "zoe@example.com", "5", "--reason", "tests")
        running.manage("shell", "-c", ON_OFFER)
        yield running


@pytest.fixture(scope="module")
def zoe(front: Product) -> Iterator[httpx.Client]:
    """A program with a key of the front one."""
    key = front.manage("apikey", "zoe@example.com", "tests").splitlines()[-1]
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=front.url, headers=headers, timeout=100) as client:
        yield client


def generate(zoe: httpx.Client, **fields: Any) -> httpx.Response:
    body = {"model": MODEL, "prompt": "a lake", "response_format": "b64_json"} | fields
    return zoe.post("/v1/images/generations", json=body)


class Ledgers:
    def __init__(self, *products: Product) -> None:
        self.products = products
        self.before = self._now()

    def _now(self) -> list[tuple[int, int]]:
        return [(jobs_made(each), charged_micros(each)) for each in self.products]

    def since(self) -> list[tuple[int, int]]:
        """(jobs, micro-dollars) of the front, then of the back."""
        return [
            (jobs - jobs_before, micros - micros_before)
            for (jobs, micros), (jobs_before, micros_before) in zip(
                self._now(), self.before, strict=True
            )
        ]


@pytest.fixture
def ledgers(front: Product, back: Product) -> Ledgers:
    return Ledgers(front, back)


def alerts(front: Product) -> dict[str, str]:
    """The open ones of the operator of the front, by the kind of fault."""
    rows = front.query("SELECT key, message FROM studio_alert WHERE closed_at IS NULL")
    return {key.split(":")[-1]: message for key, message in rows}


def test_what_is_asked_arrives_as_it_was_asked(
    zoe: httpx.Client, strict: StrictStepfun, front: Product, ledgers: Ledgers
) -> None:
    """Height x width through both; the seed, the steps and the words too."""
    response = generate(
        zoe,
        size="768x1360",
        seed=42,
        steps=4,
        cfg_scale=2.5,
        negative_prompt="fog",
        text_mode=True,
    )
    assert response.status_code == 200, response.text
    (datum,) = response.json()["data"]
    assert picture(datum["b64_json"]).size == (1360, 768)
    assert (datum["seed"], datum["finish_reason"]) == (42, "success")
    assert strict.requests[-1].fields == {
        "model": MODEL,
        "prompt": "a lake",
        "size": "768x1360",
        "seed": 42,
        "steps": 4,
        "cfg_scale": 2.5,
        "negative_prompt": "fog",
        "text_mode": True,
        "response_format": "b64_json",
    }
    assert ledgers.since() == [(1, 3_000), (1, 3_000)]
    ((trace,),) = front.query("SELECT trace_id FROM studio_job ORDER BY created_at DESC LIMIT 1")
    assert trace.startswith("req_"), "what the other calls the request, for its operator"


def test_a_model_that_writes_width_first(zoe: httpx.Client, strict: StrictStepfun) -> None:
    response = generate(zoe, model="step-2x-large", size="1280x800")
    assert picture(response.json()["data"][0]["b64_json"]).size == (1280, 800)
    assert strict.requests[-1].fields["size"] == "1280x800"


def test_a_seed_that_was_picked_there_comes_back(zoe: httpx.Client, back: Product) -> None:
    (datum,) = generate(zoe).json()["data"]
    seeds = back.query("SELECT seed FROM gallery_image WHERE kind = 'generated'")
    assert (datum["seed"],) in seeds


def test_edit(zoe: httpx.Client, ledgers: Ledgers) -> None:
    response = zoe.post(
        "/v1/images/edits",
        data={"model": MODEL, "prompt": "add snow", "response_format": "b64_json", "seed": "7"},
        files={"image": png(64, 48)},
    )
    assert response.status_code == 200, response.text
    (datum,) = response.json()["data"]
    assert (picture(datum["b64_json"]).size, datum["seed"]) == ((64, 48), 7)
    assert ledgers.since() == [(1, 3_000), (1, 3_000)]


def test_several(zoe: httpx.Client, ledgers: Ledgers) -> None:
    assert len(generate(zoe, n=4).json()["data"]) == 4
    assert ledgers.since() == [(4, 12_000), (4, 12_000)]


@pytest.mark.parametrize("fault", ["filtered", "451"])
def test_what_is_filtered_costs_nobody(
    zoe: httpx.Client, strict: StrictStepfun, ledgers: Ledgers, fault: str
) -> None:
    strict.faults.append(fault)
    response = generate(zoe)
    (datum,) = response.json()["data"]
    assert (response.status_code, datum["finish_reason"]) == (200, "content_filtered")
    assert response.json()["x_cost"] == 0
    assert ledgers.since() == [(1, 0), (1, 0)]


@pytest.mark.parametrize(
    ("spoil", "mend", "fault"),
    [
        (
            "UPDATE studio_offer SET price_micros = 1000000000 WHERE model = 'step-image-edit-2'",
            "UPDATE studio_offer SET price_micros = 3000 WHERE model = 'step-image-edit-2'",
            "balance",
        ),
        (
            "UPDATE accounts_plan SET images_per_day = 0",
            "UPDATE accounts_plan SET images_per_day = 1000",
            "balance",
        ),
        (
            "UPDATE accounts_apikey SET revoked_at = created_at",
            "UPDATE accounts_apikey SET revoked_at = NULL",
            "key",
        ),
        (
            "UPDATE studio_offer SET is_on = false WHERE model = 'step-image-edit-2'",
            "UPDATE studio_offer SET is_on = true WHERE model = 'step-image-edit-2'",
            MODEL,
        ),
    ],
    ids=["balance", "plan", "key", "model"],
)
def test_what_only_the_operator_can_mend_is_told_the_operator(
    zoe: httpx.Client,
    front: Product,
    back: Product,
    ledgers: Ledgers,
    spoil: str,
    mend: str,
    fault: str,
) -> None:
    """Its account at the other one is its own affair: the user is not told of it, nor charged."""
    back.change(spoil)
    try:
        response = generate(zoe)
    finally:
        back.change(mend)
    assert response.status_code == 503, response.text
    assert response.json()["error"]["code"] == "out_of_service"
    assert response.headers["x-should-retry"] == "false"
    assert "credit" not in response.text
    until(lambda: fault in alerts(front), "the operator being told")
    assert ledgers.since() == [(1, 0), (0, 0)]

    def is_mended() -> bool:
        """A process of the worker looks every two seconds only whether there is an alert."""
        return generate(zoe).status_code == 200 and fault not in alerts(front)

    until(is_mended, "the alert being closed", every=1)


def test_a_queue_that_is_full_is_waited_for(
    zoe: httpx.Client, front: Product, back: Product, ledgers: Ledgers
) -> None:
    """429 with Retry-After: nothing was begun there, so the job goes on when it may."""
    back.change(f"{LIMIT_OF_PLAN} 0")
    put_off = "SELECT upstream_calls FROM studio_job WHERE state = 'queued' AND attempt = 1"
    try:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(generate, zoe)
            ((calls,),) = until(lambda: front.query(put_off), "the job being put off")
            back.change(f"{LIMIT_OF_PLAN} 500")
            response = waiting.result()
    finally:
        back.change(f"{LIMIT_OF_PLAN} 500")
    assert calls == 0, "none that might have been billed"
    assert response.status_code == 200
    assert ledgers.since() == [(1, 3_000), (1, 3_000)]
