"""Orders that come at the same moment are counted, and accepted, one after another."""

import pytest

from tests.programs import ON_BOTH, Ground

RACES = "tests.studio.submit_races"

pytestmark = [
    pytest.mark.parametrize("ground", ON_BOTH, indirect=True),
    pytest.mark.timeout(300),
]


def test_sixteen_that_order_at_once_pass_no_limit_of_the_plan(ground: Ground) -> None:
    (end,) = ground.run(RACES, "fill")
    assert len(end["jobs"]) == 20
    assert end["held"] == 60_000
    assert end["findings"] == []


@pytest.mark.parametrize("period", ["day", "month"])
def test_sixteen_that_order_at_once_pass_no_quota(ground: Ground, period: str) -> None:
    """Ten were made before; ten more are accepted, and each of the sixteen tries twice."""
    (end,) = ground.run(RACES, period)
    assert len(end["jobs"]) == 20
    assert end["held"] == 30_000
    assert end["findings"] == []


def test_sixteen_that_want_the_last_picture_of_a_day(ground: Ground) -> None:
    (end,) = ground.run(RACES, "last")
    assert (len(end["jobs"]), end["held"], end["findings"]) == (11, 3_000, [])


def test_sixteen_that_want_the_last_byte(ground: Ground) -> None:
    """A limit is passed by no more than the one picture that reaches it; nothing else is kept."""
    (end,) = ground.run(RACES, "full")
    assert (len(end["jobs"]), end["images"], end["orphans"]) == (1, 1, 0)
    assert (end["held"], end["findings"]) == (3_000, [])


def test_one_order_that_sixteen_send_at_once_is_one(ground: Ground) -> None:
    *told, end = ground.run(RACES, "repeat")
    assert len(end["jobs"]) == 2
    assert [each["told"] for each in told] == [end["jobs"]] * 16
    assert (end["held"], end["images"], end["orphans"]) == (6_000, 1, 0)
    assert end["findings"] == []


def test_who_orders_and_who_stores_do_not_wait_for_each_other(ground: Ground) -> None:
    """Both count what the workspace keeps, and both move its money."""
    (end,) = ground.run(RACES, "store")
    assert (len(end["jobs"]), end["images"], end["held"]) == (64, 128, 0)
    assert end["findings"] == []
