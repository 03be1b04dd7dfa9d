"""Django's SQLite, whose threads stand in line to write and share their connections.

SQLite lets one write at a time and the others ask again after growing sleeps, up to 100 ms:
with many threads most of the time is slept away, and some ask in vain for seconds. Here the
threads of a process wait for one another first, so that only processes have to ask, and they
ask three times a millisecond. A process whose line never ends leaves the database to the others
for a moment now and then, or they would ask in vain. The line is a courtesy, SQLite's own lock is
what counts.

A transaction waits for the disk when its turn is over (decision 0029): the others' waits would add
up, and one wait serves all that were written before it.

Each connection reads the schema and keeps 0.7 MB, so one that is closed stays open for the next
thread of the process, as those to PostgreSQL do.
"""

import os
import sqlite3
import threading
import time
from collections import defaultdict
from functools import cache
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base

_ASK_SECONDS = 0.0003
_RUN_SECONDS = 0.02
_BREAK_SECONDS = 0.002
_MOST_IDLE = 16


class Line:
    """Who writes next, among the threads of this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._began_at = 0.0
        self._ended_at = 0.0

    def enter(self, patience_seconds: float) -> bool:
        return self.lock.acquire(timeout=patience_seconds)

    def leave_to_others(self) -> None:
        """For the one in front, before it asks SQLite."""
        now = time.monotonic()
        if now - self._ended_at > _BREAK_SECONDS:
            self._began_at = now
        elif now - self._began_at > _RUN_SECONDS:
            time.sleep(_BREAK_SECONDS)
            self._began_at = time.monotonic()

    def leave(self) -> None:
        self._ended_at = time.monotonic()
        self.lock.release()


_line = Line()
_idle: dict[str, list[sqlite3.Connection]] = defaultdict(list)


def _begin_anew() -> None:
    """In a fork: whoever stood in line stayed behind, and open files are the parent's."""
    global _line  # noqa: PLW0603
    _line = Line()
    _of_parents.extend(_idle.values())
    _idle.clear()


_of_parents: list[list[sqlite3.Connection]] = []  # kept, since to close them is the parent's
os.register_at_fork(after_in_child=_begin_anew)


@cache
def _log_of(database: str | os.PathLike[str]) -> str:
    """SQLite puts it beside the file, not beside a link to it."""
    return f"{os.path.realpath(database)}-wal"


class DatabaseWrapper(base.DatabaseWrapper):
    waits_for_disk = True  # when a transaction ends
    _turn: "Line | None" = None
    _log: int | None = None

    def _start_transaction_under_autocommit(self) -> None:
        until = time.monotonic() + self._patience_seconds
        self._take_turn()
        try:
            with self.wrap_database_errors:
                self._begin(until)
                self._log = self._open_log() if self.waits_for_disk else None
        except BaseException:
            self._rollback()
            raise

    @property
    def _patience_seconds(self) -> float:
        return float(self.settings_dict["OPTIONS"].get("timeout", 5))

    def _begin(self, until: float) -> None:
        """Without SQLite's own waits, which what it is asked outside of transactions keeps."""
        self._set("busy_timeout = 0")
        self._set("synchronous = NORMAL")
        while not self._has_begun(is_last=time.monotonic() >= until):
            time.sleep(_ASK_SECONDS)

    def _has_begun(self, *, is_last: bool) -> bool:
        """Asked of the driver itself: Django's cursor takes ten times as long, each time."""
        try:
            mode = self.transaction_mode  # type: ignore[attr-defined] # Django's, not the stubs'
            self.connection.execute(f"BEGIN {mode}")
        except sqlite3.OperationalError as error:
            if is_last or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            return False
        return True

    def _open_log(self) -> int | None:
        """Before anything is written to it: a fault of the disk is told to who had it open.

        None in memory, and where SQLite can keep no log: there it has waited when it commits.
        """
        try:
            return os.open(_log_of(self.settings_dict["NAME"]), os.O_RDONLY)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise OperationalError("the log of the database cannot be opened") from error

    def _set(self, pragma: str) -> None:
        self.connection.execute(f"PRAGMA {pragma}")

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._end()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._end()

    def _end(self) -> None:
        """After a rollback the disk is waited for too: it may be told what others committed."""
        self._pass_turn()
        log, self._log = self._log, None
        try:
            if self.connection is not None and not self.connection.in_transaction:
                self._set(f"busy_timeout = {round(1000 * self._patience_seconds)}")
                self._set("synchronous = FULL")
            if log is not None:
                os.fdatasync(log)  # what others committed meanwhile is on the disk then as well
        except OSError as error:
            raise OperationalError("not known to be on the disk") from error
        finally:
            if log is not None:
                os.close(log)

    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        try:
            return _idle[conn_params["database"]].pop()
        except IndexError:
            fresh: sqlite3.Connection = super().get_new_connection(conn_params)
            return fresh

    def _close(self) -> None:
        idle = _idle[self.settings_dict["NAME"]]
        try:
            if self._is_sound() and len(idle) < _MOST_IDLE:
                idle.append(self.connection)
            else:
                super()._close()  # type: ignore[misc]
        finally:
            self._pass_turn()
            if self._log is not None:
                os.close(self._log)
                self._log = None

    def _is_sound(self) -> bool:
        return not (self.errors_occurred or self.connection.in_transaction)

    def close_pool(self) -> None:
        """As Django's PostgreSQL has it: what is idle is closed."""
        idle = _idle[self.settings_dict["NAME"]]
        while idle:
            idle.pop().close()

    def _take_turn(self) -> None:
        line = _line
        if line.enter(self._patience_seconds):
            self._turn = line
            line.leave_to_others()

    def _pass_turn(self) -> None:
        turn, self._turn = self._turn, None
        if turn:
            turn.leave()
