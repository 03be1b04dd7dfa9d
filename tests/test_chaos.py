import pytest

from tests.chaos.run import Chaos
from tests.shapes import SHAPES

CLUSTER = pytest.param("cluster", marks=pytest.mark.cluster)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("shape", ["sqlite", CLUSTER])
def test_a_little_chaos_breaks_no_promise(shape: str) -> None:
    assert Chaos(shape, jobs=60, kills=8, seed=1).run() == []


@pytest.mark.long
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("shape", [*SHAPES[:-1], CLUSTER])
def test_much_chaos_breaks_no_promise(shape: str) -> None:
    assert Chaos(shape, jobs=300, kills=30, seed=2).run() == []
