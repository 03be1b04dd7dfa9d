"""Bells, by name: who waits for one hears it rung by any process of the installation.

A ring that came before the wait is not missed, and no wait lasts longer than it says.
"""

import contextlib
import os
import select
import time
from pathlib import Path
from typing import Protocol

import psycopg
from django.conf import settings
from django.db import connection, transaction

POLL_SECONDS = 0.5
DOORBELL = "doorbell"
ENDED = "ended"


class Listener(Protocol):
    def wait(self, seconds: float = POLL_SECONDS) -> bool:
        """Whether it rang."""

    def close(self) -> None:
        """For one that nobody waits with any more: rings would pile up."""


def listener(bell: str = DOORBELL) -> Listener:
    return NotifyListener(bell) if connection.vendor == "postgresql" else PipeListener(bell)


def wake(bell: str = DOORBELL) -> None:
    """Takes part in the transaction: heard when it commits."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY easel_{bell}")
    else:
        transaction.on_commit(lambda: _write_to_pipes(bell), robust=True)


class NotifyListener:
    """A connection of its own, opened again when the server went away."""

    def __init__(self, bell: str) -> None:
        self._bell = bell
        self._connection: psycopg.Connection | None = None

    def wait(self, seconds: float = POLL_SECONDS) -> bool:
        until = time.monotonic() + seconds
        try:
            for _ in self._listening().notifies(timeout=seconds, stop_after=1):
                return True
        except psycopg.OperationalError:
            self._connection = None
            time.sleep(max(0.0, until - time.monotonic()))
        return False

    def close(self) -> None:
        if self._connection:
            self._connection.close()

    def _listening(self) -> psycopg.Connection:
        if self._connection is None:
            parameters = connection.get_connection_params()
            for name in ("cursor_factory", "context", "server_side_binding"):
                parameters.pop(name, None)
            self._connection = psycopg.connect(**parameters, autocommit=True)
            self._connection.execute(f"LISTEN easel_{self._bell}")
        return self._connection


def _write_to_pipes(bell: str) -> None:
    folder = _pipes(bell)
    with contextlib.suppress(FileNotFoundError):  # nobody has listened yet
        for name in os.listdir(folder):
            if name.endswith(".pipe"):
                _write_to_pipe(f"{folder}/{name}")


def _write_to_pipe(path: str) -> None:
    try:
        writer = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:  # nobody reads it any more
        Path(path).unlink(missing_ok=True)
        return
    with contextlib.suppress(BlockingIOError, BrokenPipeError):  # full: it rings already
        os.write(writer, b"!")
    os.close(writer)


def _pipes(bell: str) -> Path:
    return Path(settings.DATA_DIR) / bell


class PipeListener:
    def __init__(self, bell: str) -> None:
        _pipes(bell).mkdir(parents=True, exist_ok=True)
        path = _pipes(bell) / f"{os.getpid()}.new"
        path.unlink(missing_ok=True)
        os.mkfifo(path, 0o600)
        self._reader = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        path.rename(path.with_suffix(".pipe"))  # a pipe that nobody reads would be removed

    def wait(self, seconds: float = POLL_SECONDS) -> bool:
        if not select.select([self._reader], [], [], seconds)[0]:
            return False
        with contextlib.suppress(BlockingIOError):
            os.read(self._reader, 65_536)
        return True

    def close(self) -> None:
        os.close(self._reader)
