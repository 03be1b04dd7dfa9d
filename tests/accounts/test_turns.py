import threading

import pytest
from django.db import connection

from accounts import turns
from tests.product import until


class Thread(threading.Thread):
    """Takes a turn, and keeps it or waits until it is let go."""

    def __init__(self, *, waits: bool) -> None:
        super().__init__(daemon=True)
        self.is_in = False
        self.waits = waits
        self.let_go = threading.Event()
        self.start()

    def run(self) -> None:
        with turns.turn():
            self.is_in = True
            if self.waits:
                with turns.waiting():
                    self.let_go.wait(5)
            else:
                self.let_go.wait(5)
        self.is_in = False


def test_a_third_thread_computes_when_one_of_two_is_done() -> None:
    threads = [Thread(waits=False) for _ in range(3)]
    until(lambda: sum(each.is_in for each in threads) == 2, "two of them computing")
    third = next(each for each in threads if not each.is_in)
    next(each for each in threads if each.is_in).let_go.set()
    until(lambda: third.is_in, "the third computing")
    _end(threads)


def test_who_waits_lends_the_turn_and_goes_on_when_one_is_free() -> None:
    waiting = [Thread(waits=True) for _ in range(5)]
    until(lambda: all(each.is_in for each in waiting), "all of them waiting at once")
    computing = [Thread(waits=False) for _ in range(2)]
    until(lambda: all(each.is_in for each in computing), "two beside them computing")
    waiting[0].let_go.set()
    waiting[0].join(0.05)
    assert waiting[0].is_alive()
    computing[0].let_go.set()
    until(lambda: not waiting[0].is_alive(), "the first going on")
    _end([*waiting, *computing])


def test_who_has_no_turn_waits_without_one() -> None:
    computing = [Thread(waits=False) for _ in range(2)]
    until(lambda: all(each.is_in for each in computing), "two of them computing")
    with turns.waiting():
        pass
    _end(computing)


@pytest.mark.django_db(transaction=True)
def test_who_waits_holds_no_connection() -> None:
    connection.ensure_connection()
    with turns.waiting():
        assert connection.connection is None


def _end(threads: list[Thread]) -> None:
    for each in threads:
        each.let_go.set()
    for each in threads:
        each.join(5)
        assert not each.is_alive()
