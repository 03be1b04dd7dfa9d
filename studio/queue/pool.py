"""The threads of one worker process. Each runs jobs until there is none to take."""

import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from django.conf import settings
from django.db import connection

from accounts import connections
from gallery.codec import Room
from gallery.models import Image
from studio import jobs, serving
from studio.models import Job
from studio.queue import work

log = logging.getLogger("easel.worker")


def concurrency() -> int:
    """Engine calls at once on this machine: as many in each process.

    Those that compute here are bounded to the cores.
    """
    most = settings.WORKER_CONCURRENCY
    if serving.is_local():
        most = min(most, os.cpu_count() or 1)
    return max(1, most // settings.WORKER_PROCESSES) * int(settings.WORKER_PROCESSES)


def room() -> Room:
    """For reading pictures: the cores, and one more where a preview would keep results waiting.

    Threads of a worker may wait, as they have nothing else to do.
    """
    cores = (os.cpu_count() or 1) // settings.WORKER_PROCESSES
    return Room(readers=max(2, cores), waiting=concurrency() + 1, patience_seconds=30)


@cache
def of_this_process() -> "Pool":
    return Pool(concurrency() // settings.WORKER_PROCESSES)


class Pool:
    def __init__(self, size: int) -> None:
        self.neighbours = settings.WORKER_PROCESSES - 1
        self._size = size
        self._busy = 0
        self._is_asked = False
        self._filling = threading.Lock()
        self._counting = threading.Lock()
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="job")
        self._previews = ThreadPoolExecutor(1, thread_name_prefix="preview")

    def fill(self) -> bool:
        """Claims a job for each free thread; False if no thread was free.

        One thread claims at a time, and goes on while others ask meanwhile: nobody waits
        for it. Whatever goes wrong, the sweep rings again.
        """
        was_free = self._busy < self._size
        self._is_asked = True
        while self._is_asked and self._filling.acquire(blocking=False):
            try:
                self._is_asked = False
                self._take(self._claimed(self._size - self._busy))
            finally:
                self._filling.release()
        return was_free

    def _take(self, claimed: list[Job]) -> None:
        with self._counting:
            self._busy += len(claimed)
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
        """Previews have a thread of their own: nobody waits for them, and no job should."""
        try:
            ran = work.run(job)
        finally:
            with self._counting:
                self._busy -= 1
        if ran.wait_seconds is not None:
            timer = threading.Timer(ran.wait_seconds + 0.01, self._fill_late)
            timer.daemon = True
            timer.start()
        if ran.image is not None:
            self._previews.submit(self._preview, ran.image)
        self.fill()

    def _preview(self, image: Image) -> None:
        """While most threads are busy, previews get a tenth of the time of one."""
        begun = time.monotonic()
        work.preview(image)
        if self._busy > self._size // 2:
            time.sleep(min(1.0, 9 * (time.monotonic() - begun)))

    def _fill_late(self) -> None:
        self.fill()
        connection.close()
