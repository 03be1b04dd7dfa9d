"""Keeps one cluster of django-q2 alive and sweeps beside it.

The cluster is a child with a process group of its own. When its main process ends, or work
waits that it ought to take, whatever is left of the group is killed and a new one started:
single processes of it are never killed, as django-q2 does not survive that
(docs/decisions/0003).
"""

import logging
import os
import signal
import time
from contextlib import suppress
from multiprocessing.process import BaseProcess
from types import FrameType
from uuid import UUID

from django.db import DatabaseError
from django.utils import timezone
from django_q.cluster import Cluster
from django_q.signals import post_spawn

from accounts import connections, memory
from gallery import codec
from studio import jobs, serving
from studio.models import Job, Worker
from studio.queue import lifeline, lone, pool, process, sweep
from studio.queue.errands import ErrandProcess
from studio.queue.lone import LoneRunners
from studio.webhooks.sender import SenderProcess

log = logging.getLogger("easel.worker")
BEAT_SECONDS = 2.0
SLOW_SECONDS = 60.0
WEDGED_SECONDS = 10.0  # the sweep has rung five times meanwhile
STOP_SECONDS = 3.0  # for a cluster that has nothing left to run


class Supervisor:
    def __init__(self) -> None:
        self._stopping = False
        self._lone = LoneRunners()
        self._sender = SenderProcess()
        self._errands = ErrandProcess()
        self._crew = process.found_crew()
        self._waiting: tuple[UUID, float] | None = None
        self._cluster: BaseProcess | None = None
        self._slow: BaseProcess | None = None
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
        self._lone.end()
        self._sender.end()
        self._errands.end()
        self._end_cluster()
        with suppress(DatabaseError):
            Worker.objects.filter(identity=process.identity()).delete()

    def _warm_up(self) -> None:
        """What every worker process needs is built once and shared by the forks.

        django-q2 opens connections in processes that go on to fork, and only here can it be
        kept from sharing them.
        """
        os.register_at_fork(before=connections.close_before_fork)
        codec.allow(pool.room())
        serving.engines()
        memory.settle()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _pause(self) -> None:
        """A signal ends the pause at once."""
        until = time.monotonic() + BEAT_SECONDS
        while not self._stopping and time.monotonic() < until:
            if self._cluster:
                self._cluster.join(timeout=0.25)
                if not self._cluster.is_alive():
                    return

    def _tend(self) -> None:
        if self._cluster and self._cluster.is_alive() and not self._is_wedged():
            return
        if self._cluster:
            log.error("the cluster ended or is stuck; a new one starts")
            self._kill_group()
        self._start_cluster()

    def _is_wedged(self) -> bool:
        """Whether the same job has waited while threads of this crew were free to take it."""
        try:
            free = pool.concurrency() - self._running()
            head = jobs.next_in_turn(1, timezone.now()) if free > 0 else []
        except DatabaseError:
            head = []
        if not head:
            self._waiting = None
        elif self._waiting is None or self._waiting[0] != head[0]:
            self._waiting = (head[0], time.monotonic())
        return self._waiting is not None and time.monotonic() - self._waiting[1] > WEDGED_SECONDS

    def _running(self) -> int:
        return Job.objects.running().filter(claimed_by__startswith=self._crew).count()

    def _start_cluster(self) -> None:
        self._waiting = None
        self._cluster = process.fork(_run_cluster, "cluster")

    def _end_cluster(self) -> None:
        """SIGTERM goes to the main process alone: to the whole group it would hang.

        Jobs that run are waited for; a cluster that does not end without any is killed.
        """
        if self._cluster is None:
            return
        with suppress(ProcessLookupError):
            os.kill(self._cluster.pid or 0, signal.SIGTERM)
        idle_since = time.monotonic()
        while self._cluster.is_alive() and time.monotonic() - idle_since < STOP_SECONDS:
            self._cluster.join(0.2)
            with suppress(DatabaseError):
                if self._running():
                    idle_since = time.monotonic()
        self._kill_group()

    def _kill_group(self) -> None:
        if self._cluster and self._cluster.pid:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._cluster.pid, signal.SIGKILL)
            self._cluster.join()

    def _beat(self) -> None:
        """The outermost loop of the sweep: whatever it meets, the next beat comes."""
        try:
            self._sweep()
        except Exception:
            log.exception("the sweep did not get through; it tries again")
            connections.close_before_fork()

    def _sweep(self) -> None:
        now = timezone.now()
        Worker.objects.update_or_create(
            identity=process.identity(),
            defaults={"beat_at": now, "concurrency": pool.concurrency()},
        )
        sweep.sweep(now)
        self._lone.tend(len(jobs.next_in_turn(lone.MOST, now, suspects=True)))
        self._sender.tend()
        self._errands.tend()
        if time.monotonic() >= self._slow_at and not (self._slow and self._slow.is_alive()):
            self._slow_at = time.monotonic() + SLOW_SECONDS
            self._slow = process.fork(_sweep_slowly, "sweep")


def _sweep_slowly() -> None:
    """In a process of its own: a slow storage must not hold the beat up."""
    lifeline.tie()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sweep.sweep_slowly(timezone.now())


def _run_cluster() -> None:
    os.setsid()
    lifeline.tie()
    post_spawn.connect(_listen)
    Cluster().start()


def _listen(**_signal: object) -> None:
    """In each worker process, once it is there."""
    pool.of_this_process().listen()
