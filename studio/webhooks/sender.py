"""The process that sends. The supervisor keeps one alive while there is any webhook.

It is none of the processes that run jobs: a receiver that is slow, or an answer that is made to
harm, meets nobody's picture. When it dies, what it had taken is sent again under the same id.
"""

import logging
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.process import BaseProcess

from django.db import Error, connection
from django.utils import timezone

from accounts import connections
from studio.models import Delivery, Webhook
from studio.queue import lifeline, listeners, process
from studio.webhooks import deliveries, sending
from studio.webhooks.events import BELL

log = logging.getLogger("easel.webhooks")
AT_ONCE = 16
STOP_SECONDS = 3.0
_LOOK_SECONDS = 60.0


class SenderProcess:
    """What the supervisor holds."""

    def __init__(self) -> None:
        self._process: BaseProcess | None = None

    def tend(self) -> None:
        if self._process and self._process.is_alive():
            return
        if Webhook.objects.on().exists():
            self._process = process.fork(_run, "webhooks")

    def end(self) -> None:
        """What is under way has a moment to end; the rest is sent again after its lease."""
        if self._process:
            self._process.terminate()
            self._process.join(STOP_SECONDS)
            self._process.kill()
            self._process.join()


def _run() -> None:
    lifeline.tie()
    sender = Sender()
    signal.signal(signal.SIGTERM, lambda *_: sender.stop())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sender.run()


class Sender:
    def __init__(self) -> None:
        self._transport = sending.transport()
        self._listener = listeners.listener(BELL)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook")
        self._claiming = threading.Lock()
        self._free = AT_ONCE
        self._is_stopping = False

    def run(self) -> None:
        """Until there is no webhook any more, or SIGTERM."""
        look_at = time.monotonic() + _LOOK_SECONDS
        while not self._is_stopping:
            self._fill()
            self._listener.wait()
            if time.monotonic() >= look_at:
                look_at = time.monotonic() + _LOOK_SECONDS
                self._look()
        with self._claiming:  # what a thread of ours has just claimed is still handed over
            self._threads.shutdown(wait=False)
        self._threads.shutdown()

    def stop(self) -> None:
        self._is_stopping = True

    def _look(self) -> None:
        with suppress(Error):
            self._is_stopping |= not Webhook.objects.on().exists()

    def _fill(self) -> None:
        """Takes a delivery for each free thread. A database that is away comes back."""
        with self._claiming:
            if self._is_stopping or not self._free:
                return
            try:
                claimed = deliveries.claim(self._free, at=timezone.now())
            except Error:
                log.warning("could not claim deliveries; it is tried again")
                connection.close()
                return
            finally:
                connections.give_back()
            self._free -= len(claimed)
            for each in claimed:
                self._threads.submit(self._send, each)

    def _send(self, delivery: Delivery) -> None:
        try:
            answer = sending.post(self._transport, delivery, at=timezone.now())
            deliveries.finish(delivery, answer, at=timezone.now())
        except Exception:
            log.exception("delivery=%s broke; it is sent again after its lease", delivery.pk)
            connection.close()
        finally:
            connections.give_back()
            with self._claiming:
                self._free += 1
        self._fill()
