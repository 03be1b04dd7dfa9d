"""Promises L2 and L3, with real processes, on both databases."""

import pytest

from tests.programs import ON_BOTH, Ground

RACES = "tests.accounts.races"

pytestmark = [
    pytest.mark.parametrize("ground", ON_BOTH, indirect=True),
    pytest.mark.timeout(300),
]


def test_sixteen_processes_spend_exactly_what_there_is(ground: Ground) -> None:
    """16 x 125 spends of 3,000 against half the funds: exactly 1,000 succeed."""
    assert ground.run(RACES, "spend", 16, 125) == [
        {"states": {"posted": 1_000}, "balances": [[0, 0]], "drift": []}
    ]


def test_a_hold_is_posted_or_voided_once(ground: Ground) -> None:
    *told, end = ground.run(RACES, "settle", 200)
    won = {
        verb: sum(each["won"] for each in told if each["verb"] == verb) for verb in ("post", "void")
    }
    posted, voided = end["states"].get("posted", 0), end["states"].get("voided", 0)
    assert won["post"] == posted
    assert won["void"] <= voided, "the sweep voided the rest"
    assert posted + voided == 200
    assert end["balances"] == [[(200 - posted) * 3_000, 0]]
    assert end["drift"] == []


def test_a_hold_that_many_repeat_at_once_is_refused_to_none(ground: Ground) -> None:
    assert ground.run(RACES, "repeat", 8) == [
        {"states": {"pending": 3}, "balances": [[3_000, 3_000]] * 3, "drift": []}
    ]


def test_a_reference_that_many_repeat_at_once_moves_money_once(ground: Ground) -> None:
    assert ground.run(RACES, "again", 8) == [
        {"states": {"pending": 10}, "balances": [[(80 + 10) * 3_000, 10 * 3_000]], "drift": []}
    ]


def test_orders_of_two_workspaces_do_not_lock_each_other_out(ground: Ground) -> None:
    assert ground.run(RACES, "cross", 8, 10) == [
        {"states": {"pending": 160}, "balances": [[240_000, 240_000]] * 2, "drift": []}
    ]


def test_a_month_that_many_close_at_once_is_closed_once(ground: Ground) -> None:
    *told, end = ground.run(RACES, "close", 8)
    assert sum(each["closed"] for each in told) == 1
    assert end == {"periods": 1, "sums": [[0, 3_000], [3_000, 0]], "drift": []}
