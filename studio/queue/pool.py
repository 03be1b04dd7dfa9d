"""The threads of one worker process.

One of them claims jobs, as many as there are calls of engines free. A call is free again when the
engine has answered: what is left to do for its job is done beside the next one's call.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from multiprocessing.util import Finalize

from django.conf import settings
from django.db import connection

from accounts import turns
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
    return Room(readers=max(1, cores), waiting=_in_hand(concurrency()) + 1, patience_seconds=30)


def _in_hand(calls: int) -> int:
    """How many jobs may be under way while there are so many calls of engines, or just were."""
    return calls + max(1, calls // 4)


@cache
def of_this_process() -> "Pool":
    return Pool(concurrency() // settings.WORKER_PROCESSES)


class Pool:
    """`size` calls of engines at once, and some more jobs, which have been answered."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._most = _in_hand(size)
        self._calls = 0
        self._jobs = 0
        self._counting = threading.Condition()
        self._claimed_at = 0.0
        self._is_any_left = False
        self._is_asked = threading.Event()
        self._is_ending = False
        Finalize(None, self._end, exitpriority=1)  # runs when django-q2's worker ends
        self._threads = ThreadPoolExecutor(self._most, thread_name_prefix="job")
        self._previews = Previews(self._is_busy)
        self._filler = threading.Thread(target=self._fill_when_asked, name="claims", daemon=True)
        self._filler.start()

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
        """Has a job claimed for each call that is free."""
        self._is_asked.set()

    def _fill_when_asked(self) -> None:
        """By a thread that keeps its connection: a claim is to be quick."""
        while self._is_asked.wait() and not self._is_ending:
            self._gather()
            self._is_asked.clear()
            try:
                self._fill()
            except Exception:
                log.exception("could not claim; the sweep rings again")
                connection.close()

    def _fill(self) -> None:
        self._is_any_left = True  # whatever ends meanwhile makes it look once more
        claimed, self._is_any_left = jobs.take(self._free())
        with self._counting:
            self._calls += len(claimed)
            self._jobs += len(claimed)
            if claimed:
                self._claimed_at = time.monotonic()
        for job in claimed:
            self._threads.submit(self._work, job)

    def _end(self) -> None:
        """Lets the jobs that run finish. Their threads would take others, and none would run."""
        self._is_ending = True
        self.fill()
        self._filler.join()
        self._threads.shutdown()

    def _gather(self) -> None:
        """Under load more calls will have ended in a moment, and one claim serves them all."""
        with self._counting:
            left = self._claimed_at + _GATHER_SECONDS - time.monotonic()
            self._counting.wait_for(self._has_many_free, max(0.0, left))

    def _has_many_free(self) -> bool:
        return self._free() >= self._size // 8

    def _free(self) -> int:
        """How many jobs may be claimed: a storage that is away keeps those that are answered."""
        return min(self._size - self._calls, self._most - self._jobs)

    def _work(self, job: Job) -> None:
        answered = Once(lambda: self._less(calls=1))
        try:
            with turns.turn():
                ran = work.run(job, answered)
        finally:
            answered()
            self._less(jobs=1)
        if ran.wait_seconds is not None:
            timer = threading.Timer(ran.wait_seconds + 0.01, self.fill)
            timer.daemon = True
            timer.start()
        if ran.image is not None:
            self._previews.ask(ran.image)

    def _less(self, *, calls: int = 0, jobs: int = 0) -> None:
        with self._counting:
            self._calls -= calls
            self._jobs -= jobs
            self._counting.notify_all()
        if self._is_any_left:
            self.fill()

    def _is_busy(self) -> bool:
        return self._jobs > 0


class Once:
    """Acts the first time that it is called."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act: Callable[[], object] | None = act

    def __call__(self) -> None:
        act, self._act = self._act, None
        if act:
            act()
