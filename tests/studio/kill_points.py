"""Kills the process that submits or runs an order at a named point, and goes on without it.

Run by test_kill_points.py, with the points as arguments; prints what came of each.
"""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.programs import ended, forked, ready, say

ready()

from django.core.files.storage import Storage  # noqa: E402
from django.db.models import Sum  # noqa: E402
from django.utils import timezone  # noqa: E402
from django_q.brokers import get_broker  # noqa: E402
from django_q.brokers.orm import ORM  # noqa: E402
from django_q.models import OrmQ  # noqa: E402

from accounts import ledger, workspaces  # noqa: E402
from accounts.models import Transfer, User, Workspace  # noqa: E402
from gallery import images, pictures  # noqa: E402
from gallery.models import Image, PendingObject  # noqa: E402
from studio import audit, jobs, serving  # noqa: E402
from studio.engines.contract import EngineRequest, EngineResult  # noqa: E402
from studio.jobs import Upload  # noqa: E402
from studio.models import Job  # noqa: E402
from studio.queue import doorbell, sweep  # noqa: E402
from tests.studio.makers import Puppet, png, submit  # noqa: E402

CALLS = Path(os.environ["DATA_DIR"]) / "calls"


class Counted(Puppet):
    """Its calls are counted by all processes together."""

    def run(self, request: EngineRequest) -> EngineResult:
        with CALLS.open("ab") as file:
            file.write(b"x")
        return super().run(request)


# What is wrapped, and which of its calls is deadly
SPOTS: dict[str, tuple[Any, str, int]] = {
    "hold": (ledger, "hold_each", 1),
    "ring": (doorbell, "ring", 1),
    "claim": (import_module("studio.jobs.run"), "claim", 1),
    "engine call": (Counted, "run", 1),
    "store": (images, "stage", 1),
    "write": (Storage, "save", 1),
    "post": (ledger, "post_each", 1),
    "ack": (ORM, "acknowledge", 1),
}


def arm(point: str) -> None:
    when, _, spot = point.partition(" ")
    owner, name, deadly = SPOTS[spot]
    plain: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def wrapped(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == deadly and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = plain(*arguments, **named)
        if calls == deadly and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(owner, name, wrapped)


def kill_at(point: str, number: int) -> None:
    ada = User.objects.create_user(f"ada{number}@example.com", "correct horse", name="Ada")
    workspace = workspaces.personal(ada)
    ledger.grant(to=workspace, amount_micros=150_000, reference=f"grant:{number}")
    OrmQ.objects.all().delete()
    CALLS.write_bytes(b"")
    order = partial(
        submit,
        ada,
        workspace,
        source=Upload(picture=pictures.normalise(png(640, 480))),
        count=2,
    )
    if point.endswith(("hold", "ring")):
        status = ended(forked(lambda: (arm(point), order())))
    else:
        order()
        status = ended(forked(lambda: (arm(point), work())))
    assert ended(forked(go_on)) == 0
    tell(point, workspace, status)


def work() -> None:
    """As a worker does: takes a ring, runs what there is, lets go of the ring."""
    broker = get_broker()
    ((ring, _),) = broker.dequeue()
    run_all()
    broker.acknowledge(ring)


def run_all() -> None:
    while jobs.run_next():
        pass


def go_on() -> None:
    """A fresh process: the sweep of a minute later, the work, the sweep of hours later."""
    now = timezone.now()
    OrmQ.objects.all().delete()
    sweep.sweep(now + timedelta(minutes=1))
    assert OrmQ.objects.exists() == Job.objects.unfinished().exists(), "who waits is rung for"
    run_all()
    sweep.sweep_slowly(now + timedelta(hours=2))


def tell(point: str, workspace: Workspace, status: int) -> None:
    ours = Job.objects.in_workspace(workspace)
    wallet = ledger.credit_of(workspace)
    taken = Transfer.objects.filter(debit=wallet, state="posted").aggregate(
        sum=Sum("amount_micros")
    )
    say(
        point=point,
        status=status,
        states=Counter(ours.values_list("state", flat=True)),
        charged=taken["sum"] or 0,
        balance=[wallet.posted_micros, wallet.held_micros],
        images=Counter(Image.objects.in_workspace(workspace).values_list("kind", flat=True)),
        calls=len(CALLS.read_bytes()),
        noted_calls=sum(ours.values_list("upstream_calls", flat=True)),
        orphans=PendingObject.objects.count(),
        findings=list(audit.findings()),
    )


if __name__ == "__main__":
    engine = Counted()
    serving.engine = lambda *_: engine
    for number, point in enumerate(sys.argv[1:]):
        kill_at(point, number)
