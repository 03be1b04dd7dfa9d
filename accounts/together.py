"""What many threads ask at the same time is done at once, in one transaction for all.

A statement for one row costs as much as for ten, and so does a commit. Nobody waits for company:
whoever comes while nothing is under way is served at once and alone; those who come meanwhile are
served together next (decision 0019).
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from accounts import turns

_MOST_AT_ONCE = 50

_Asked = TypeVar("_Asked")
_Done = TypeVar("_Done")


class Ticket(Generic[_Asked, _Done]):
    """What one asked, and what becomes of it."""

    def __init__(self, asked: _Asked) -> None:
        self.asked = asked
        self.done: Future[_Done] = Future()
        self.called = threading.Event()  # it is done, or is the one that serves

    def fail(self, error: BaseException) -> None:
        self.done.set_exception(error)
        self.called.set()


class Together(Generic[_Asked, _Done]):
    """Calls `do` with what was asked, in turn; it does all or, raising, nothing.

    If it raises for many, each is asked alone, so that everybody gets a result or an error of
    their own. One of the threads does it for all, while the others give up their turn; then the
    first of those who came meanwhile, so that nobody serves for longer than their own takes.

    What concerns all alike, `for_all`, is told to all at once.
    """

    def __init__(
        self,
        do: Callable[[Sequence[_Asked]], Sequence[_Done]],
        *,
        for_all: tuple[type[Exception], ...] = (),
    ) -> None:
        self._do = do
        self._for_all = for_all
        self._lock = threading.Lock()
        self._waiting: list[Ticket[_Asked, _Done]] = []
        self._is_served = False

    def __call__(self, asked: _Asked) -> _Done:
        ticket: Ticket[_Asked, _Done] = Ticket(asked)
        with self._lock:
            self._waiting.append(ticket)
            serves, self._is_served = not self._is_served, True
        if not serves:
            with turns.waiting():
                ticket.called.wait()
        if not ticket.done.done():
            self._serve_next()
        return ticket.done.result()

    def _serve_next(self) -> None:
        """By the first of those who wait."""
        with self._lock:
            batch = self._waiting[:_MOST_AT_ONCE]
            del self._waiting[:_MOST_AT_ONCE]
        try:
            self._serve(batch)
        finally:
            with self._lock:
                self._is_served = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].called.set()

    def _serve(self, batch: list[Ticket[_Asked, _Done]]) -> None:
        try:
            done = self._do([each.asked for each in batch])
        except BaseException as error:
            if len(batch) == 1 or isinstance(error, self._for_all):
                for each in batch:
                    each.fail(error)
                return
            for one in batch:
                self._serve([one])
            return
        for each, result in zip(batch, done, strict=True):
            each.done.set_result(result)
            each.called.set()
