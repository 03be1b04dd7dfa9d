"""Django's SQLite, whose threads stand in line to write.

SQLite lets one write at a time and the others ask again after growing sleeps, up to 100 ms:
with many threads most of the time is slept away, and some ask in vain for seconds. Here the
threads of a process wait for one another first, so that only processes have to ask. The line
is a courtesy, SQLite's own lock is what counts.
"""

import os
import threading

from django.db.backends.sqlite3 import base

_line = threading.Lock()


def _begin_anew() -> None:
    """In a fork: whoever stood in line stayed behind."""
    global _line  # noqa: PLW0603
    _line = threading.Lock()


os.register_at_fork(after_in_child=_begin_anew)


class DatabaseWrapper(base.DatabaseWrapper):
    _turn: "threading.Lock | None" = None

    def _start_transaction_under_autocommit(self) -> None:
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._pass_turn()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._pass_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._pass_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._pass_turn()

    def _take_turn(self) -> None:
        line = _line
        if line.acquire(timeout=self.settings_dict["OPTIONS"].get("timeout", 5)):
            self._turn = line

    def _pass_turn(self) -> None:
        turn, self._turn = self._turn, None
        if turn:
            turn.release()
