"""What many threads ask at the same time is done at once, in one transaction for all.

A statement for one row costs as much as for ten, and so does a commit. Nobody waits for company:
whoever comes while nothing is under way is served at once and alone; those who come meanwhile are
served together next (decision 0019).
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from typing import Generic, TypeVar

from accounts import turns

_MOST_AT_ONCE = 50

_Asked = TypeVar("_Asked")
_Done = TypeVar("_Done")


class Together(Generic[_Asked, _Done]):
    """Calls `do` with what was asked, in turn; it does all or, raising, nothing.

    If it raises for many, each is asked alone, so that everybody gets a result or an error of
    their own. One of the threads does it for all, while the others give up their turn.
    """

    def __init__(self, do: Callable[[Sequence[_Asked]], Sequence[_Done]]) -> None:
        self._do = do
        self._lock = threading.Lock()
        self._waiting: list[tuple[_Asked, Future[_Done]]] = []
        self._is_served = False

    def __call__(self, asked: _Asked) -> _Done:
        ticket: Future[_Done] = Future()
        with self._lock:
            self._waiting.append((asked, ticket))
            serves = not self._is_served
            self._is_served = True
        if serves:
            while batch := self._next():
                self._serve(batch)
        else:
            with turns.waiting():
                wait([ticket])
        return ticket.result()

    def _next(self) -> list[tuple[_Asked, Future[_Done]]]:
        with self._lock:
            batch = self._waiting[:_MOST_AT_ONCE]
            del self._waiting[:_MOST_AT_ONCE]
            self._is_served = bool(batch)
        return batch

    def _serve(self, batch: list[tuple[_Asked, Future[_Done]]]) -> None:
        try:
            done = self._do([asked for asked, _ in batch])
        except BaseException as error:
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            for one in batch:
                self._serve([one])
            return
        for (_, ticket), result in zip(batch, done, strict=True):
            ticket.set_result(result)
