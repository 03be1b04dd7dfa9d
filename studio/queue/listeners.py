"""Waits for a ring, in the process that takes tasks off the queue.

A ring that came before the wait is not missed, and no wait lasts longer than the poll.
"""

import contextlib
import os
import select
import time
from pathlib import Path
from typing import Protocol

import psycopg
from django.conf import settings
from django.db import connection

POLL_SECONDS = 0.5
_CHANNEL = "easel_doorbell"


class Listener(Protocol):
    def wait(self) -> None: ...


def listener() -> Listener:
    return NotifyListener() if connection.vendor == "postgresql" else PipeListener()


def notify() -> None:
    """Takes part in the transaction: heard when it commits."""
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {_CHANNEL}")


class NotifyListener:
    """A connection of its own, opened again when the server went away."""

    def __init__(self) -> None:
        self._connection: psycopg.Connection | None = None

    def wait(self) -> None:
        until = time.monotonic() + POLL_SECONDS
        try:
            for _ in self._listening().notifies(timeout=POLL_SECONDS, stop_after=1):
                return
        except psycopg.OperationalError:
            self._connection = None
            time.sleep(max(0.0, until - time.monotonic()))

    def _listening(self) -> psycopg.Connection:
        if self._connection is None:
            parameters = connection.get_connection_params()
            for name in ("cursor_factory", "context", "server_side_binding"):
                parameters.pop(name, None)
            self._connection = psycopg.connect(**parameters, autocommit=True)
            self._connection.execute(f"LISTEN {_CHANNEL}")
        return self._connection


def write_to_pipes() -> None:
    for pipe in _pipes().glob("*.pipe"):
        try:
            writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads it any more
            pipe.unlink(missing_ok=True)
            continue
        with contextlib.suppress(BlockingIOError, BrokenPipeError):  # full: it rings already
            os.write(writer, b"!")
        os.close(writer)


def _pipes() -> Path:
    return Path(settings.DATA_DIR) / "doorbell"


class PipeListener:
    def __init__(self) -> None:
        _pipes().mkdir(parents=True, exist_ok=True)
        path = _pipes() / f"{os.getpid()}.new"
        path.unlink(missing_ok=True)
        os.mkfifo(path, 0o600)
        self._reader = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        path.rename(path.with_suffix(".pipe"))  # a pipe that nobody reads would be removed

    def wait(self) -> None:
        if select.select([self._reader], [], [], POLL_SECONDS)[0]:
            with contextlib.suppress(BlockingIOError):
                os.read(self._reader, 65_536)
