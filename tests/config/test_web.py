"""The web process from outside, where a test client would be too kind to it."""

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

import pytest

from config.bodies import MAX_BODY_BYTES
from tests.product import Product

pytestmark = pytest.mark.xdist_group("product")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with Product(tmp_path_factory.mktemp("web"), ENGINE="sketch") as running:
        yield running


@pytest.mark.parametrize("megabytes", [MAX_BODY_BYTES // 1024**2 + 1, 90])
def test_who_still_sends_too_large_a_body_hears_the_answer(
    product: Product, megabytes: int
) -> None:
    """A browser shows no answer that comes before it has sent all: only a broken connection."""
    with closing(HTTPConnection("127.0.0.1", product.port, timeout=30)) as connection:
        connection.request("POST", "/jobs/", bytes(megabytes * 1024**2))
        answer = connection.getresponse()
        assert answer.status == 413
        assert b"at most 20 MB" in answer.read()
