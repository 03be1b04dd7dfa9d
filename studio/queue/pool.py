"""The threads of one worker process. Each runs jobs until there is none to take."""

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from django.conf import settings
from django.db import DatabaseError, connection

from gallery import images
from gallery.images import StorageError
from gallery.models import Image
from gallery.pictures import PictureError
from studio import jobs, serving
from studio.jobs import settle
from studio.models import Job

log = logging.getLogger("easel.worker")


def concurrency() -> int:
    """Engine calls at once on this machine; those that compute here are bounded to the cores."""
    if serving.engine().is_local:
        return min(settings.WORKER_CONCURRENCY, os.cpu_count() or 1)
    return int(settings.WORKER_CONCURRENCY)


@cache
def of_this_process() -> "Pool":
    return Pool(max(1, concurrency() // settings.WORKER_PROCESSES))


class Pool:
    def __init__(self, size: int) -> None:
        self.neighbours = settings.WORKER_PROCESSES - 1
        self._size = size
        self._busy = 0
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="job")
        self._previews = ThreadPoolExecutor(1, thread_name_prefix="preview")

    def fill(self) -> bool:
        """Claims a job for each free thread; False if there was none.

        The lock makes the claims of one process follow one another.
        """
        with self._lock:
            free = self._size - self._busy
            for job in jobs.claim(free):
                self._busy += 1
                self._threads.submit(self._work, job)
        return free > 0

    def _work(self, job: Job) -> None:
        try:
            ran = self._run(job)
        finally:
            with self._lock:
                self._busy -= 1
        self._go_on(ran)

    def _run(self, job: Job) -> jobs.Ran:
        """The outermost loop of the work: whatever a job does, the thread goes on."""
        try:
            return jobs.run(job)
        except Exception:
            log.exception("job=%s broke", job.pk)
            connection.close()
            settle.release_lost(job)
        return jobs.Ran()

    def _go_on(self, ran: jobs.Ran) -> None:
        """Previews have a thread of their own: nobody waits for them, and no job should."""
        if ran.wait_seconds is not None:
            timer = threading.Timer(ran.wait_seconds + 0.01, self._fill_again)
            timer.daemon = True
            timer.start()
        self._fill_again()
        if ran.image is not None:
            self._previews.submit(self._preview, ran.image)

    def _fill_again(self) -> None:
        try:
            self.fill()
        except Exception:
            log.exception("could not take the next job; the sweep rings again")
            connection.close()

    def _preview(self, image: Image) -> None:
        try:
            images.make_previews(image)
        except (StorageError, FileNotFoundError, PictureError, DatabaseError):
            log.exception("no previews for image=%s", image.pk)
            connection.close()
