"""Database, broker or storage goes away for a minute and comes back."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.engines.strict_stepfun import StrictStepfun
from tests.product import Product, until
from tests.servers import S3, PostgreSQL, Redis, Server

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("outages"), pytest.mark.timeout(400)]

AWAY_SECONDS = 60.0


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.parametrize(
    ("away", "beside", "variables"),
    [
        (PostgreSQL, [], {}),
        (Redis, [PostgreSQL], {"BROKER": "redis"}),
        (S3, [], {}),
    ],
    ids=["database", "broker", "storage"],
)
def test_jobs_outlast_it(
    away: Callable[[], Server],
    beside: list[Callable[[], Server]],
    variables: dict[str, str],
    stack: ExitStack,
    tmp_path: Path,
) -> None:
    server = stack.enter_context(away())
    others = [stack.enter_context(each()) for each in beside]
    strict = stack.enter_context(StrictStepfun(delay_seconds=1.0))
    for each in (server, *others):
        variables = variables | each.variables
    product = stack.enter_context(
        Product(
            tmp_path,
            **strict.variables,
            JOB_DEADLINE_SECONDS="300",
            **variables,
        )
    )
    ada = product.sign_up()
    assert ada.create("before", count=4).status_code == 200
    server.stop()
    _pass_time(product)
    server.start()
    product.wait_until_ready()
    until(lambda: ada.create("after", count=4).status_code == 200, "an order accepted")
    until(lambda: _done(ada) == 8, "all eight pictures", 120)
    until(lambda: "agree" in product.manage("audit"), "the audit agreeing")


def _pass_time(product: Product) -> None:
    """The web process lives all the while."""
    lived: list[int] = []

    def is_over() -> Any:
        lived.append(product.status("/healthz"))
        return len(lived) > AWAY_SECONDS / 0.5

    import time

    while not is_over():
        time.sleep(0.5)
    assert set(lived) == {200}


def _done(ada: Any) -> int:
    return int(ada.get("/gallery/").text.count("/small"))
