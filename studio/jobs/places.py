"""How many may wait for jobs in one process: each that waits holds a thread of the web server.

With those whose photos are decoded (`codec.Room`), they leave some threads to everybody else.
"""

import threading
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Literal


class _Room:
    """`share` is the most that one owner may have: another one still finds a place."""

    def __init__(self, *, size: int, share: int) -> None:
        self.size = size
        self.share = share
        self._taken: Counter[Hashable] = Counter()
        self._lock = threading.Lock()

    def take(self, owner: Hashable) -> bool:
        with self._lock:
            is_free = self._taken.total() < self.size and self._taken[owner] < self.share
            self._taken[owner] += is_free
            return is_free

    @property
    def taken(self) -> int:
        return self._taken.total()

    def give_back(self, owner: Hashable) -> None:
        with self._lock:
            self._taken[owner] -= 1
            if not self._taken[owner]:
                del self._taken[owner]


ROOMS = {"program": _Room(size=64, share=52), "page": _Room(size=24, share=16)}


@contextmanager
def place(kind: Literal["program", "page"], *, of: Hashable) -> Iterator[bool]:
    """Whether one more may wait in this process, `of` a workspace or person: a place, if so.

    Who finds none is to answer at once.
    """
    room = ROOMS[kind]
    is_free = room.take(of)
    try:
        yield is_free
    finally:
        if is_free:
            room.give_back(of)
