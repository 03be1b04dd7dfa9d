"""Who can be killed, and how."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import psutil

from tests.product import Product, until
from tests.servers import Redis, Server

AWAY_SECONDS = 2.0
PATIENCE_SECONDS = 10.0
CREW = ("cluster", "sentinel", "pusher", "monitor", "worker", "reader of pictures", "helper")


class Killer:
    """Takes the roles in turn, in an order of chance.

    One that nobody plays at the moment, since what was killed before is not back yet, has its
    turn when somebody does: helpers are there only now and then.
    """

    def __init__(
        self, product: Product, servers: dict[str, Server], kills: int, seed: object
    ) -> None:
        self._random = random.Random(f"kills {seed}")
        self._product = product
        self._ways: dict[str, Callable[[], bool]] = {
            **{web: partial(self._kill_web, web) for web in product.webs},
            **{
                _named("supervisor", worker): partial(self._kill_supervisor, worker)
                for worker in product.workers
            },
            **{
                _named(role, worker): partial(self._kill_one_of_the_crew, role, worker)
                for role in CREW
                for worker in product.workers
            },
            **{part: partial(self._take_away, server) for part, server in servers.items()},
        }
        redis = servers.get("Redis")
        if isinstance(redis, Redis):
            self._ways["all that Redis holds"] = partial(self._flush, redis)
        self._plan = self._shuffled(kills)
        self.killed: list[tuple[float, str]] = []

    def _shuffled(self, kills: int) -> list[str]:
        roles = tuple(self._ways)
        rounds = -(-kills // len(roles))
        return [role for _ in range(rounds) for role in self._random.sample(roles, len(roles))]

    def kill(self) -> None:
        """One of those whose turn it is; if none of them comes back in time, any other."""
        with suppress(AssertionError):
            until(self._kill_next, "one to kill", PATIENCE_SECONDS, every=0.2)
            return
        self._plan += self._shuffled(1)
        self.kill()

    def _kill_next(self) -> bool:
        for place, role in enumerate(self._plan):
            if self._ways[role]():
                self.killed.append((time.time(), role))
                del self._plan[place]
                return True
        return False

    def by_role(self) -> Counter[str]:
        return Counter(role for _, role in self.killed)

    def _kill_web(self, web: str) -> bool:
        self._product.kill(web)
        self._product.start(web)
        return True

    def _kill_supervisor(self, worker: str) -> bool:
        """It alone: whatever it has started must end by itself."""
        supervisor = self._product.processes[worker]
        os.kill(supervisor.pid, signal.SIGKILL)
        supervisor.wait()
        self._product.start(worker)
        return True

    def _kill_one_of_the_crew(self, role: str, worker: str) -> bool:
        those = crew(self._product.processes[worker].pid, role)
        if not those:
            return False
        try:
            self._random.choice(those).kill()
        except psutil.NoSuchProcess:
            return False
        return True

    def _take_away(self, server: Server) -> bool:
        server.kill()
        time.sleep(self._random.uniform(0, AWAY_SECONDS))
        server.restart()
        return True

    def _flush(self, redis: Redis) -> bool:
        redis.flushall()
        return True


def _named(role: str, worker: str) -> str:
    """On which machine, where there are several."""
    return f"{role} of {worker}" if "-" in worker else role


def crew(supervisor: int, wanted: str) -> list[Any]:
    """The processes below the supervisor that play a role, by the titles that django-q2 gives."""
    found = []
    with suppress(psutil.NoSuchProcess):
        for process in psutil.Process(supervisor).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if _role(process, supervisor) == wanted:
                    found.append(process)
    return found


def _role(process: psutil.Process, supervisor: int) -> str:
    title = " ".join(process.cmdline())
    if "gallery.codec_child" in title:
        return "reader of pictures"
    if not title.startswith("qcluster"):
        return "helper"  # of the supervisor: runs suspects, or the slow sweep
    for role, sign in (("pusher", " pusher"), ("monitor", " monitor"), ("worker", " Process-")):
        if sign in title:
            return role
    if process.ppid() == supervisor:
        return "cluster"
    return "sentinel" if psutil.Process(process.ppid()).ppid() == supervisor else ""
