import pytest

from tests.chaos import Chaos

pytestmark = pytest.mark.xdist_group("chaos")


@pytest.mark.timeout(400)
def test_a_little_chaos_breaks_no_promise() -> None:
    assert Chaos(jobs=60, kills=8, seed=1).run() == []


@pytest.mark.long
@pytest.mark.timeout(900)
def test_much_chaos_breaks_no_promise() -> None:
    assert Chaos(jobs=300, kills=30, seed=2).run() == []
