"""One process with its threads, and nobody who serves the queue. Run by test_pool.py.

The argument is one of the functions below.
"""

import sys
import threading
from collections import Counter
from typing import Any

from tests.programs import ready, say

ready()

from accounts import ledger, turns, workspaces  # noqa: E402
from accounts.models import User  # noqa: E402
from gallery import images  # noqa: E402
from studio import jobs, serving  # noqa: E402
from studio.engines.contract import EngineRequest, EngineResult  # noqa: E402
from studio.models import Job  # noqa: E402
from studio.queue.pool import Pool  # noqa: E402
from tests.product import until  # noqa: E402
from tests.studio.makers import Puppet, submit  # noqa: E402


class Slow(Puppet):
    let_go = threading.Event()

    def run(self, request: EngineRequest) -> EngineResult:
        self.let_go.wait(10)
        return super().run(request)


engine = Slow()


def ordered(count: int) -> list[Job]:
    """For somebody who has credit enough."""
    name = f"{User.objects.count()}@example.com"
    by = User.objects.create_user(name, "correct horse", name=name)
    own = workspaces.personal(by)
    ledger.grant(to=own, amount_micros=150_000, reference=name)
    return submit(by, own, count=count)


def states() -> Counter[str]:
    return Counter(Job.objects.values_list("state", flat=True))


def beside_a_suspect() -> None:
    engine.let_go.set()
    suspect, *_ = ordered(10)
    Job.objects.filter(pk=suspect.pk).update(crashes=1)
    pool = Pool(3)
    pool.fill()
    until(lambda: Job.objects.unfinished().count() == 1, "the others ending")
    pool._fill()
    suspect.refresh_from_db()
    say(suspect=suspect.state, states=states(), calls=len(engine.calls))


def looks() -> None:
    """Looks once for jobs that it takes at once; else until none is left."""
    engine.let_go.set()
    found, take = [], jobs.take

    def look(free: int) -> Any:
        taken = take(free)
        found.append(taken.is_any_left)
        return taken

    jobs.take = look
    ordered(2)
    pool = Pool(4)
    pool.fill()
    until(lambda: states()["succeeded"] == 2 and pool._jobs == 0, "the end of both")
    say(found=found)
    ordered(10)
    pool.fill()
    until(lambda: states()["succeeded"] == 12, "the end of all")
    until(lambda: not pool._is_any_left, "a look that finds none")
    say(is_any_left=found[-1])


def hears() -> None:
    engine.let_go.set()
    ordered(1)
    Pool(3).listen()
    until(lambda: states()["succeeded"] == 1, "the end of what came before it listened")
    for count in (2, 3):
        ordered(1)
        until(lambda: states()["succeeded"] == count, "its end")  # noqa: B023
    say(calls=len(engine.calls))


def stores_beside_calls() -> None:
    """The storage keeps everybody who has been answered: only so many are bought meanwhile."""
    engine.let_go.set()
    is_back, stage = threading.Event(), images.stage

    def stage_when_back(*told: Any, **more: Any) -> str:
        with turns.waiting():
            is_back.wait(60)
        return stage(*told, **more)

    images.stage = stage_when_back
    ordered(10)
    pool = Pool(4)
    pool.fill()
    until(lambda: len(engine.calls) == 5, "a fifth call beside four that are being stored")
    until(lambda: (pool._calls, pool._jobs) == (0, 5), "five that were answered, and wait")
    pool._fill()
    say(states=states(), calls=len(engine.calls))
    is_back.set()
    until(lambda: states()["succeeded"] == 10, "all ending")
    say(calls=len(engine.calls))


def ends() -> None:
    ordered(10)
    pool = Pool(3)
    pool.fill()
    until(lambda: Job.objects.running().count() == 3, "three running")
    ending = threading.Thread(target=pool._end)
    ending.start()
    until(lambda: pool._is_ending, "its end")
    engine.let_go.set()
    ending.join(10)
    say(states=states())


if __name__ == "__main__":
    serving.engine = lambda *_: engine
    {each.__name__: each for each in (beside_a_suspect, ends, hears, looks, stores_beside_calls)}[
        sys.argv[1]
    ]()
