import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from config import probe
from config.probe import Probe


class Storage:
    """Counts who asks; answers when it is let go."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_up = True
        self.may_answer = threading.Event()

    def ask(self) -> bool:
        self.asked += 1
        self.may_answer.wait(10)
        return self.is_up


@pytest.fixture
def storage() -> Iterator[Storage]:
    made = Storage()
    yield made
    made.may_answer.set()


def test_an_answer_is_kept_for_a_while(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    storage.may_answer.set()
    asked = Probe(storage.ask)
    assert asked.is_up()
    storage.is_up = False
    assert asked.is_up()
    assert storage.asked == 1
    monkeypatch.setattr(probe, "_KEPT_SECONDS", 0.0)
    assert not asked.is_up()
    assert storage.asked == 2


def test_a_storage_that_hangs_is_asked_once_and_holds_nobody(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "_KEPT_SECONDS", 0.0)
    monkeypatch.setattr(probe, "_PATIENCE_SECONDS", 0.2)
    asked, started = Probe(storage.ask), time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(lambda _: asked.is_up(), range(64)))
    assert time.monotonic() - started < 2
    assert storage.asked == 1


def test_an_answer_that_comes_late_is_taken(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "_PATIENCE_SECONDS", 0.0)
    asked = Probe(storage.ask)
    assert not asked.is_up()
    storage.may_answer.set()
    until = time.monotonic() + 5
    while not asked.is_up() and time.monotonic() < until:
        time.sleep(0.01)
    assert asked.is_up()
    assert storage.asked == 1
