"""Previews wait for results, though not for ever."""

import pytest

from gallery.models import Image
from studio.queue import previews, work
from studio.queue.previews import Previews
from tests.product import until


class Desk:
    """Takes the place of a worker's threads, and of making a preview."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, is_busy: bool) -> None:
        self.is_busy = is_busy
        self.made: list[Image] = []
        self.looks = 0
        monkeypatch.setattr(previews, "_LOOK_SECONDS", 0.001)
        monkeypatch.setattr(work, "preview", self.made.append)
        self.previews = Previews(self.look)

    def look(self) -> bool:
        self.looks += 1
        return self.is_busy


def test_under_load_they_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, image = Desk(monkeypatch, is_busy=True), Image()
    desk.previews.ask(image)
    until(lambda: desk.looks > 2, "looking again", 5)
    assert not desk.made
    desk.is_busy = False
    until(lambda: desk.made == [image], "the preview", 5)


def test_what_has_waited_long_is_made_under_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "PATIENCE_SECONDS", 0.05)
    desk, image = Desk(monkeypatch, is_busy=True), Image()
    desk.previews.ask(image)
    until(lambda: desk.made == [image], "the preview", 5)


def test_more_than_may_wait_are_left_to_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "_MOST_WAITING", 2)
    desk = Desk(monkeypatch, is_busy=True)
    for _ in range(9):
        desk.previews.ask(Image())
    desk.is_busy = False
    until(lambda: len(desk.made) >= 2, "two or three previews", 5)
    assert len(desk.made) <= 3


def test_one_that_breaks_does_not_end_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, is_busy=False)

    def make(image: Image) -> None:
        if not desk.made:
            desk.made.append(image)
            raise MemoryError
        desk.made.append(image)

    monkeypatch.setattr(work, "preview", make)
    for _ in range(2):
        desk.previews.ask(Image())
    until(lambda: len(desk.made) == 2, "the second preview", 5)
