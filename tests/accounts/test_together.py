"""Many who ask at once: who is served with whom, and that nobody gets another's error."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from accounts.together import Together
from tests.product import until


class Desk:
    """Doubles numbers, and waits with the first of them until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.threads: list[str] = []
        self.let_go = threading.Event()
        self.double = Together(self._double)

    def _double(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        self.threads.append(threading.current_thread().name)
        if 0 in numbers:
            assert self.let_go.wait(10)
        if 99 in numbers:
            raise ValueError("99")
        return [2 * number for number in numbers]

    def ask(self, pool: ThreadPoolExecutor, numbers: Sequence[int]) -> "list[Future[int]]":
        """The first is under way before the others come, and waits until all are there."""
        first = pool.submit(self.double, 0)
        until(lambda: bool(self.batches), "the first being served")
        others = [pool.submit(self.double, number) for number in numbers]
        until(lambda: len(self.double._waiting) == len(numbers), "the others waiting")
        self.let_go.set()
        return [first, *others]


def test_one_alone_is_served_at_once_by_itself() -> None:
    desk = Desk()
    assert [desk.double(4), desk.double(5)] == [8, 10]
    assert desk.batches == [[4], [5]]
    assert set(desk.threads) == {threading.current_thread().name}


def test_those_who_come_meanwhile_are_served_together() -> None:
    desk = Desk()
    with ThreadPoolExecutor(80) as pool:
        asked = desk.ask(pool, range(1, 61))
        assert [each.result(10) for each in asked] == [2 * number for number in range(61)]
    assert list(map(len, desk.batches)) == [1, 50, 10]
    assert desk.double(7) == 14


def test_nobody_serves_for_longer_than_their_own_takes() -> None:
    """The first of those who came meanwhile goes on."""
    desk = Desk()
    with ThreadPoolExecutor(80) as pool:
        [each.result(10) for each in desk.ask(pool, range(1, 61))]
    assert len(set(desk.threads)) == 3


def test_who_cannot_be_served_hears_it_alone() -> None:
    desk = Desk()
    with ThreadPoolExecutor(8) as pool:
        asked = desk.ask(pool, [12, 99, 14])
        assert [asked[place].result(10) for place in (1, 3)] == [24, 28]
        with pytest.raises(ValueError, match="99"):
            asked[2].result(10)
    assert len(desk.batches) == 5
