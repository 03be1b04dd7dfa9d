"""Keeps one cluster of django-q2 alive and sweeps beside it.

The cluster is a child with a process group of its own. When its main process ends, whatever
is left of the group is killed and a new one started: single processes of it are never
killed, because django-q2 does not survive that (docs/decisions/0003).
"""

import gc
import logging
import multiprocessing
import os
import signal
import time
from contextlib import suppress
from datetime import timedelta
from types import FrameType

from django.db import DatabaseError, connections
from django.utils import timezone
from django_q.cluster import Cluster

from studio import serving
from studio.models import Worker
from studio.queue import lifeline, pool, process, sweep

log = logging.getLogger("easel.worker")
BEAT_SECONDS = 2.0
SLOW_SECONDS = 60.0


class Supervisor:
    def __init__(self) -> None:
        self._stopping = False
        self._cluster: multiprocessing.process.BaseProcess | None = None
        self._slow_at = time.monotonic() + SLOW_SECONDS

    def run(self) -> None:
        """Returns after SIGTERM or SIGINT, when the jobs that ran have ended."""
        self._warm_up()
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        while not self._stopping:
            self._tend()
            self._beat()
            self._pause()
        self._end_cluster()
        with suppress(DatabaseError):
            Worker.objects.filter(identity=process.identity()).delete()

    def _warm_up(self) -> None:
        """What every worker process needs is built once and shared by the forks."""
        serving.engine()
        gc.collect()
        gc.freeze()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _pause(self) -> None:
        """A signal ends the pause at once."""
        until = time.monotonic() + BEAT_SECONDS
        while not self._stopping and time.monotonic() < until:
            if self._cluster:
                self._cluster.join(timeout=min(0.25, BEAT_SECONDS))
                if not self._cluster.is_alive():
                    return

    def _tend(self) -> None:
        if self._cluster is None or not self._cluster.is_alive():
            if self._cluster is not None:
                log.error("the cluster ended with %s; a new one starts", self._cluster.exitcode)
                self._kill_group()
            self._start_cluster()

    def _start_cluster(self) -> None:
        connections.close_all()
        context = multiprocessing.get_context("fork")
        self._cluster = context.Process(target=_run_cluster, name="cluster")
        self._cluster.start()

    def _end_cluster(self) -> None:
        """SIGTERM goes to the main process alone: to the whole group it would hang."""
        if self._cluster is None or not self._cluster.is_alive():
            return
        with suppress(ProcessLookupError):
            os.kill(self._cluster.pid or 0, signal.SIGTERM)
        self._cluster.join()
        self._kill_group()

    def _kill_group(self) -> None:
        if self._cluster and self._cluster.pid:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._cluster.pid, signal.SIGKILL)

    def _beat(self) -> None:
        now = timezone.now()
        try:
            Worker.objects.update_or_create(
                identity=process.identity(),
                defaults={"beat_at": now, "concurrency": pool.concurrency()},
            )
            sweep.sweep(now)
            if time.monotonic() >= self._slow_at:
                self._slow_at = time.monotonic() + SLOW_SECONDS
                Worker.objects.filter(beat_at__lt=now - timedelta(hours=1)).delete()
                sweep.sweep_slowly(now)
        except DatabaseError:
            log.exception("the sweep could not reach the database; it tries again")
            connections.close_all()


def _run_cluster() -> None:
    os.setsid()
    lifeline.tie()
    Cluster().start()
