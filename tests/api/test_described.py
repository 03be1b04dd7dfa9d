"""Schemathesis reads the description of the API and tries the running product against it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.strict_stepfun import StrictStepfun
from tests.product import Product
from tests.shapes import running

# Left out: a request may be as described and still ask one model for what another can do.
LEFT_OUT = "positive_data_acceptance"
PLENTY = (
    "from accounts.models import Plan;from studio.models import Offer;"
    "Plan.objects.update(images_per_day=10**6, images_per_month=10**6);"
    "Offer.objects.update(is_on=True, price_micros=1_000)"
)


@pytest.fixture(scope="module")
def product(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Product]:
    with (
        StrictStepfun(keeps_images=False) as strict,
        running(
            request.param,
            tmp_path_factory.mktemp("described"),
            **strict.variables,
            API_RATE="1000000",
        ) as product,
    ):
        product.manage("credit", "ada@example.com", "5000", "--reason", "tests")
        product.manage("shell", "-c", PLENTY)
        yield product


_LONG = [pytest.mark.long, pytest.mark.timeout(1_800)]


@pytest.mark.parametrize(
    ("product", "examples"),
    [
        ("embedded", 20),
        pytest.param("embedded", 200, marks=_LONG),
        pytest.param("cluster", 20, marks=[*_LONG, pytest.mark.cluster]),
    ],
    indirect=["product"],
)
def test_the_product_is_as_described(product: Product, examples: int, tmp_path: Path) -> None:
    """So many for each of the twenty operations, beside the edges of every field and the links.

    No 5xx, no answer that is not described, and nothing taken that is described as wrong.
    """
    secret = product.manage("apikey", "ada@example.com", "tests").splitlines()[-1]
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            *("run", f"{product.url}/v1/schema", "--header", f"Authorization: Bearer {secret}"),
            *("--max-examples", str(examples), "--seed", str(examples), "--no-color"),
            *("--exclude-checks", LEFT_OUT, "--generation-database", "none"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tested: 20\n" in done.stdout
    for role in (*product.webs, *product.workers):
        assert "Traceback" not in product.log(role)
