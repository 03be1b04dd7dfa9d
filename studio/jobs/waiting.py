"""One thread in each process asks for all the jobs that anybody waits for.

It asks in one query when any job has ended, or after a tenth of a second, and only while
somebody waits.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from uuid import UUID

from django.db import Error, connection

from accounts import connections
from accounts.prepared import Prepared
from studio.models import TERMINAL, Job
from studio.queue import listeners

log = logging.getLogger("easel.jobs")
_STATES = Prepared(lambda ids: Job.objects.filter(pk__in=ids).values_list("pk", "state"))
_JOBS = Prepared(lambda ids: Job.objects.filter(pk__in=ids).with_pictures())
_PERIOD_SECONDS = 0.1
_LINGER_SECONDS = 5.0


# What a job that is not in the table is in: there is nothing to wait for.
_States = Mapping[UUID, str | None]


class _Waiter:
    def __init__(self, ids: Collection[UUID], is_over: Callable[[_States], bool]) -> None:
        self.ids = ids
        self.told = threading.Event()
        self._is_over = is_over

    def look(self, states: _States) -> None:
        if self._is_over({each: states.get(each) for each in self.ids}):
            self.told.set()


class _Watcher:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: set[_Waiter] = set()
        self._thread: threading.Thread | None = None

    def wait(self, waiter: _Waiter, timeout_seconds: float) -> None:
        self._look([waiter])
        connections.give_back()
        if waiter.told.is_set():
            return
        with self._lock:
            self._waiters.add(waiter)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._watch, name="jobs.wait", daemon=True)
                self._thread.start()
        waiter.told.wait(timeout_seconds)
        with self._lock:
            self._waiters.discard(waiter)

    def _watch(self) -> None:
        """Ends itself when nobody has waited for some seconds."""
        listener = listeners.listener(listeners.ENDED)
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < _LINGER_SECONDS or not self._retire():
            with self._lock:
                waiters = list(self._waiters)
            if waiters:
                quiet_since = time.monotonic()
                self._look(waiters)
            listener.wait(_PERIOD_SECONDS)
        listener.close()

    def _look(self, waiters: list[_Waiter]) -> None:
        ids = {each for waiter in waiters for each in waiter.ids}
        try:
            states = dict(_STATES(ids=list(ids)))
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
        _watcher.wait(_Waiter(seen.keys(), lambda states: states != seen), timeout_seconds)


def wait(ids: Collection[UUID], timeout_seconds: float) -> list[Job]:
    """The jobs, once all have ended or the time is up."""
    if timeout_seconds > 0:
        _watcher.wait(_Waiter(ids, _have_ended), timeout_seconds)
    return _JOBS(ids=list(ids))


def _have_ended(states: _States) -> bool:
    return all(state is None or state in TERMINAL for state in states.values())
