"""Promises P1 and P2, with real processes, on both databases."""

import pytest

from tests.programs import ON_BOTH, Ground

RACES = "tests.accounts.payment_races"

pytestmark = [
    pytest.mark.parametrize("ground", ON_BOTH, indirect=True),
    pytest.mark.timeout(300),
]


def test_what_all_hear_at_once_is_one_credit(ground: Ground) -> None:
    assert ground.run(RACES, "replays", 6) == [
        {"left": 10_003_000, "held": 0, "owed": 0, "drift": [], "paid": 1, "taken": []}
    ]


def test_money_goes_back_once_while_it_is_spent(ground: Ground) -> None:
    """What was spent meanwhile is owed, to the last micro-dollar."""
    (end,) = ground.run(RACES, "back_and_forth", 6)
    assert end["taken"] == [4_000_000, 6_000_000]
    assert end["drift"] == []
    assert end["held"] == 0
    spent = 10_003_000 - 10_000_000 + end["owed"] - end["left"]
    assert spent % 60_000 == 0
    assert end["left"] * end["owed"] == 0
