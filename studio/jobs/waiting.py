"""One thread in each process asks for all the jobs that anybody waits for.

It asks in one query when any job has ended, or after a tenth of a second, and only while
somebody waits.
"""

import logging
import threading
import time
from collections.abc import Collection, Mapping
from uuid import UUID

from django.db import Error, connection

from accounts import connections
from studio.models import TERMINAL, Job, State
from studio.queue import listeners
from studio.queue.listeners import Listener

log = logging.getLogger("easel.jobs")
_PERIOD_SECONDS = 0.1
_LINGER_SECONDS = 5.0


class _Waiter:
    def __init__(self, seen: Mapping[UUID, str]) -> None:
        self.seen = seen
        self.changed = threading.Event()

    def look(self, states: Mapping[UUID, str]) -> None:
        """A job that is not in the table counts as changed: there is nothing to wait for."""
        if any(states.get(each) != state for each, state in self.seen.items()):
            self.changed.set()


class _Watcher:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: set[_Waiter] = set()
        self._thread: threading.Thread | None = None
        self._listener: Listener | None = None

    def wait(self, seen: Mapping[UUID, str], timeout_seconds: float) -> None:
        waiter = _Waiter(seen)
        with self._lock:
            self._waiters.add(waiter)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._watch, name="jobs.wait", daemon=True)
                self._thread.start()
        connections.give_back()
        waiter.changed.wait(timeout_seconds)
        with self._lock:
            self._waiters.discard(waiter)

    def _watch(self) -> None:
        """Ends itself when nobody has waited for some seconds."""
        listener = self._listener = self._listener or listeners.listener(listeners.ENDED)
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < _LINGER_SECONDS or not self._retire():
            with self._lock:
                waiters = list(self._waiters)
            if waiters:
                quiet_since = time.monotonic()
                self._look(waiters)
            listener.wait(_PERIOD_SECONDS)

    def _look(self, waiters: list[_Waiter]) -> None:
        ids = {each for waiter in waiters for each in waiter.seen}
        try:
            states = dict(Job.objects.filter(pk__in=ids).values_list("pk", "state"))
        except Error:
            log.warning("jobs.wait could not ask the database; it asks again")
            connection.close()
            return
        for waiter in waiters:
            waiter.look(states)

    def _retire(self) -> bool:
        with self._lock:
            if self._waiters:
                return False
            self._thread = None
        connection.close()
        return True


_watcher = _Watcher()


def wait_for_change(seen: Mapping[UUID, str], timeout_seconds: float) -> None:
    """Returns when a job's state is not the one in `seen` any more, or at the timeout."""
    if seen:
        _watcher.wait(seen, timeout_seconds)


def wait(ids: Collection[UUID], timeout_seconds: float) -> list[Job]:
    """The jobs, once all have ended or the time is up."""
    until = time.monotonic() + timeout_seconds
    while True:
        jobs = list(Job.objects.filter(pk__in=ids).with_pictures())
        seen = {job.pk: State(job.state) for job in jobs if job.state not in TERMINAL}
        left = until - time.monotonic()
        if not seen or left <= 0:
            return jobs
        wait_for_change(seen, left)
