"""Says that there is work: a task in the queue, and beside it a wake-up without delay.

The task takes part in the caller's transaction, so it commits or vanishes with its job.
The wake-up is a byte in a named pipe of each process that listens on this machine. A lost
one costs half a second, since a listener looks by itself that often.
"""

import contextlib
import os
import select
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django_q.tasks import async_task

TASK = "studio.queue.tasks.answer"
POLL_SECONDS = 0.5


def ring(passes: int = 0) -> None:
    """To be called in the transaction that makes a job runnable, or outside of any."""
    async_task(TASK, passes, task_name="doorbell")
    transaction.on_commit(wake)


def wake() -> None:
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


class Listener:
    """Waits for a ring. One that came before the wait is not missed."""

    def __init__(self) -> None:
        _pipes().mkdir(parents=True, exist_ok=True)
        self._path = _pipes() / f"{os.getpid()}.pipe"
        self._path.unlink(missing_ok=True)
        os.mkfifo(self._path, 0o600)
        self._reader = os.open(self._path, os.O_RDWR | os.O_NONBLOCK)

    def wait(self, timeout_seconds: float = POLL_SECONDS) -> None:
        if select.select([self._reader], [], [], timeout_seconds)[0]:
            with contextlib.suppress(BlockingIOError):
                os.read(self._reader, 65_536)

    def close(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._reader)
