"""Of a process's many threads two compute at a time; who waits holds nothing.

Python lets one thread compute anyway, and hands over among all that want to every few
milliseconds, which costs them all (decision 0009). Here a thread keeps its turn until it waits; the
second has one since the first waits for the database most of the time.

Only threads that ask for a `turn` are concerned: `waiting` changes nothing for others, but that
it gives back their connection.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from accounts import connections

_turns = threading.BoundedSemaphore(2)
_mine = threading.local()


@contextmanager
def turn() -> Iterator[None]:
    """Around what a thread computes, its questions to the database among it."""
    with _turns:
        _mine.is_on = True
        try:
            yield
        finally:
            _mine.is_on = False


@contextmanager
def waiting() -> Iterator[None]:
    """Around a wait for anything but the database, or for another process's computing."""
    connections.give_back()
    if not getattr(_mine, "is_on", False):
        yield
        return
    _mine.is_on = False
    _turns.release()
    try:
        yield
    finally:
        _turns.acquire()
        _mine.is_on = True
