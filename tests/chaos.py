"""Kills everything, at random, while jobs run; then asks the audit.

    python -m tests.chaos [--jobs 300] [--kills 30] [--seed 1]

The production shape on one machine: PostgreSQL, Redis and S3 out of their wheels, a web process
and a worker, and a service that fails as often as it works. Prints what was killed and what was
found; exits 1 on any drift, on a job that does not end, and on one that was lost.
"""

import argparse
import contextlib
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from tests.engines.strict_stepfun import StrictStepfun
from tests.product import Person, Product, until
from tests.servers import S3, PostgreSQL, Redis

END_SECONDS = 120.0
BATCH = 5
FAULTS = (
    "429-2",
    "500",
    "503",
    "filtered",
    "451",
    "hang-up",
    "hang-in-body",
    "truncated-json",
    "truncated-png",
    "url-expired",
    "bad-base64",
    "short-length",
)


class Chaos:
    def __init__(self, jobs: int, kills: int, seed: int) -> None:
        self.random = random.Random(seed)
        self.jobs = jobs
        self.kills = kills
        self.killed: Counter[str] = Counter()
        self.accepted: list[str] = []

    def run(self) -> list[str]:
        """A sentence for each promise that was broken."""
        with (
            tempfile.TemporaryDirectory(prefix="easel-chaos-") as folder,
            StrictStepfun(delay_seconds=0.3) as self.service,
            PostgreSQL() as self.postgresql,
            Redis() as self.redis,
            S3() as self.s3,
            Product(Path(folder), **self._variables()) as self.product,
        ):
            ada = self._rich_person()
            begun = time.monotonic()
            self._submit_and_kill(ada)
            self._mend()
            broken = self._wait_for_the_end()
            self._report(time.monotonic() - begun)
            return broken + self._audit()

    def _variables(self) -> dict[str, str]:
        return {
            "ENGINE": "stepfun",
            "STEP_API_KEY": self.service.key,
            "STEP_API_BASE": self.service.base_url,
            "ENGINE_DEADLINE_SECONDS": "3",
            "WORKER_CONCURRENCY": "32",
            **self.postgresql.variables,
            **self.redis.variables,
            **self.s3.variables,
        }

    def _rich_person(self) -> Person:
        ada = self.product.sign_up()
        self.product.manage("credit", "ada@example.com", "100", "--reason", "chaos")
        return ada

    def _submit_and_kill(self, ada: Person) -> None:
        batches = self.jobs // BATCH
        kills_at = sorted(self.random.randrange(batches) for _ in range(self.kills))
        for batch in range(batches):
            self._spoil()
            self._submit(ada)
            for _ in range(kills_at.count(batch)):
                self._kill_something()

    def _spoil(self) -> None:
        """About a third of the calls go wrong."""
        wrong = [self.random.choice(FAULTS) for _ in range(BATCH) if self.random.random() < 0.33]
        if len(self.service.faults) < 10:
            self.service.faults.extend(wrong)

    def _submit(self, ada: Person) -> None:
        """Until it is answered: an order that is sent again is one order."""
        order_id = str(UUID(int=self.random.getrandbits(128), version=4))

        def is_accepted() -> bool:
            with contextlib.suppress(httpx.TransportError):
                return ada.create("a lake", count=BATCH, order_id=order_id).status_code == 200
            return False

        until(is_accepted, "an order being accepted", END_SECONDS)
        self.accepted.append(order_id)

    def _kill_something(self) -> None:
        role = self.random.choice(tuple(self._ways()))
        self._ways()[role]()
        self.killed[role] += 1

    def _ways(self) -> dict[str, Callable[[], Any]]:
        return {
            "web": lambda: self._kill_and_start("web"),
            "supervisor": lambda: self._kill_and_start("worker"),
            "cluster": lambda: self._kill_below(1),
            "sentinel": lambda: self._kill_below(2),
            "worker, monitor or pusher": lambda: self._kill_below(3),
            "PostgreSQL": self._kill_postgresql,
            "Redis": self._flush_redis,
            "S3": self.s3.restart,
        }

    def _kill_and_start(self, role: str) -> None:
        self.product.kill(role)
        self.product.start(role)

    def _kill_below(self, depth: int) -> None:
        """A random process that many forks below the supervisor; none may be there just now."""
        pids = [self.product.processes["worker"].pid]
        for _ in range(depth):
            pids = [child for pid in pids for child in _children(pid)]
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.random.choice(pids), signal.SIGKILL)

    def _kill_postgresql(self) -> None:
        self.postgresql.kill()
        self.postgresql.restart()

    def _flush_redis(self) -> None:
        self.redis.flushall()
        self.redis.restart()

    def _mend(self) -> None:
        self.service.faults.clear()
        self.product.wait_until_ready()

    def _wait_for_the_end(self) -> list[str]:
        try:
            until(lambda: not self._count("state IN ('queued', 'running')"), "", END_SECONDS)
        except AssertionError:
            left = self._query("SELECT state, count(*) FROM studio_job GROUP BY state")
            return [f"not all jobs ended within {END_SECONDS:.0f} s: {left}"]
        return []

    def _audit(self) -> list[str]:
        broken = []
        known = self._count("true")
        if known != len(self.accepted) * BATCH:
            broken.append(f"{len(self.accepted) * BATCH} jobs were accepted, {known} are known")
        charged = self._query(
            "SELECT coalesce(sum(amount_micros), 0) FROM accounts_transfer "
            "WHERE reference LIKE 'job:%' AND state = 'posted'"
        )[0][0]
        if charged != 3_000 * self._count("state = 'succeeded'"):
            broken.append(f"{charged} micros were charged, which is not what was delivered")
        try:
            self.product.manage("audit")
        except AssertionError as error:
            broken.append(str(error))
        return broken

    def _report(self, seconds: float) -> None:
        states = dict(self._query("SELECT state, count(*) FROM studio_job GROUP BY state"))
        calls = self._query("SELECT sum(upstream_calls), sum(crashes) FROM studio_job")[0]
        _say(f"{sum(self.killed.values())} kills: {dict(self.killed)}")
        _say(f"{self.jobs} jobs in {seconds:.0f} s: {states}")
        _say(f"upstream calls {calls[0]}, crashes {calls[1]}, images made {self._made()}")

    def _made(self) -> int:
        return self.service.images_made

    def _count(self, where: str) -> int:
        return int(self._query(f"SELECT count(*) FROM studio_job WHERE {where}")[0][0])

    def _query(self, sql: str) -> list[Any]:
        import psycopg

        with psycopg.connect(self.postgresql.url(), autocommit=True) as connection:
            return connection.execute(sql).fetchall()


def _children(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    broken = Chaos(asked.jobs, asked.kills, asked.seed).run()
    for sentence in broken:
        _say(sentence)
    _say("Nothing was lost, nothing was paid twice." if not broken else f"{len(broken)} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
