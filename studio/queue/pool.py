"""The threads of one worker process. Each runs jobs until there is none to take."""

import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from multiprocessing.util import Finalize

from django.conf import settings
from django.db import connection

from accounts import connections, turns
from gallery.codec import Room
from studio import jobs, serving
from studio.models import Job
from studio.queue import listeners, work
from studio.queue.previews import Previews

log = logging.getLogger("easel.worker")
_GATHER_SECONDS = 0.1
_POLL_SECONDS = 5.0  # the queue looks more often


def concurrency() -> int:
    """Engine calls at once on this machine: as many in each process.

    Those that compute here are bounded to the cores.
    """
    most = settings.WORKER_CONCURRENCY
    if serving.is_local():
        most = min(most, os.cpu_count() or 1)
    return max(1, most // settings.WORKER_PROCESSES) * int(settings.WORKER_PROCESSES)


def room() -> Room:
    """For reading pictures: this process's share of the cores, since a reader holds 24 MB.

    Threads of a worker may wait, as they have nothing else to do.
    """
    cores = (os.cpu_count() or 1) // settings.WORKER_PROCESSES
    return Room(readers=max(1, cores), waiting=concurrency() + 1, patience_seconds=30)


@cache
def of_this_process() -> "Pool":
    return Pool(concurrency() // settings.WORKER_PROCESSES)


class Pool:
    def __init__(self, size: int) -> None:
        self._size = size
        self._busy = 0
        self._is_asked = False
        self._filling = threading.Lock()
        self._counting = threading.Condition()
        self._claimed_at = 0.0
        self._is_ending = False
        Finalize(None, self._end, exitpriority=1)  # runs when django-q2's worker ends
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="job")
        self._previews = Previews(self._is_busy)

    def listen(self) -> None:
        """Fills now, and whenever the bell rings: what the queue says takes longer.

        One task of the queue stands for all jobs that wait, and reaches one process.
        """
        threading.Thread(target=self._listen, name="doorbell", daemon=True).start()

    def _listen(self) -> None:
        bell = listeners.listener()
        self.fill()
        while True:
            if bell.wait(_POLL_SECONDS):
                self.fill()

    def fill(self) -> None:
        """Claims a job for each free thread, unless the process is ending.

        One thread claims at a time, and goes on while others ask meanwhile: nobody waits
        for it. Whatever goes wrong, the sweep rings again.
        """
        self._is_asked = True
        while self._is_asked and not self._is_ending and self._filling.acquire(blocking=False):
            try:
                self._gather()
                self._is_asked = False
                self._take(self._claimed(self._size - self._busy))
            finally:
                self._filling.release()

    def _end(self) -> None:
        """Lets the jobs that run finish. Their threads would take others, and none would run."""
        self._is_ending = True
        with self._filling:
            self._threads.shutdown()

    def _gather(self) -> None:
        """Under load more threads will be free in a moment, and one claim serves them all."""
        with self._counting:
            left = self._claimed_at + _GATHER_SECONDS - time.monotonic()
            self._counting.wait_for(self._has_many_free, max(0.0, left))

    def _has_many_free(self) -> bool:
        return self._size - self._busy >= self._size // 8

    def _take(self, claimed: list[Job]) -> None:
        with self._counting:
            self._busy += len(claimed)
            if claimed:
                self._claimed_at = time.monotonic()
        for job in claimed:
            self._threads.submit(self._work, job)

    def _claimed(self, limit: int) -> list[Job]:
        try:
            return jobs.claim(limit)
        except Exception:
            log.exception("could not claim; the sweep rings again")
            connection.close()
        finally:
            connections.give_back()
        return []

    def _work(self, job: Job) -> None:
        try:
            with turns.turn():
                ran = work.run(job)
        finally:
            with self._counting:
                self._busy -= 1
                self._counting.notify_all()
        if ran.wait_seconds is not None:
            timer = threading.Timer(ran.wait_seconds + 0.01, self._fill_late)
            timer.daemon = True
            timer.start()
        if ran.image is not None:
            self._previews.ask(ran.image)
        self.fill()

    def _is_busy(self) -> bool:
        return self._busy > 0

    def _fill_late(self) -> None:
        self.fill()
        connection.close()
