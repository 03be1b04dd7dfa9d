"""What takes minutes and no page waits for: exports, and the end of accounts.

The supervisor starts a process for them while there are any. When it dies, the next one goes on:
an export has a lease, and each step of an erasure may be repeated.
"""

import logging
import signal
import time
from multiprocessing.process import BaseProcess

from django.utils import timezone

from accounts import connections, erasure, exports
from studio.queue import lifeline, process

log = logging.getLogger("easel.worker")
_PAUSE_SECONDS = 10.0  # for what fails at once


class ErrandProcess:
    """What the supervisor holds."""

    def __init__(self) -> None:
        self._process: BaseProcess | None = None
        self._again_at = 0.0

    def tend(self) -> None:
        if time.monotonic() < self._again_at or (self._process and self._process.is_alive()):
            return
        now = timezone.now()
        if exports.is_any_due(now) or erasure.is_any_due(now):
            self._process = process.fork(_run, "errands")
            self._again_at = time.monotonic() + _PAUSE_SECONDS

    def end(self) -> None:
        if self._process:
            self._process.kill()
            self._process.join()


def _run() -> None:
    lifeline.tie()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run()


def run() -> None:
    """Each errand by itself: one that fails keeps no other waiting. It is tried again."""
    for errand in (_export, _sweep, _erase):
        try:
            errand()
        except Exception:
            log.exception("an errand failed: %s", errand.__name__)
            connections.close_before_fork()


def _export() -> None:
    while exports.build_next(at=timezone.now()):
        pass


def _sweep() -> None:
    exports.sweep(at=timezone.now())


def _erase() -> None:
    erasure.go_on(at=timezone.now())
