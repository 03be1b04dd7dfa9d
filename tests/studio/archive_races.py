"""Two machines sweep many jobs away at once; and what that and an audit weigh. Run by
test_archive_races.py.
"""

import random
import resource
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from tests.programs import at_once, ready, say

ready()

from django.utils import timezone  # noqa: E402

from accounts import workspaces  # noqa: E402
from accounts.models import User, Workspace  # noqa: E402
from studio import audit, metrics  # noqa: E402
from studio.jobs import archive  # noqa: E402
from studio.models import ArchivedJob, Job, Tally  # noqa: E402
from studio.queue import sweep  # noqa: E402
from tests.bench import many_jobs  # noqa: E402

_KEPT = timedelta(days=91)


def race(count: int) -> None:
    """Says what is left of each row, what was added up, and what the audit finds."""
    workspace = _many(count)
    before = list(Job.objects.order_by("pk").values_list())
    keys = [row[0] for row in before]
    at = timezone.now() + _KEPT
    at_once(
        partial(_sweep, at),
        partial(_sweep, at),
        partial(_look, workspace, keys),
    )
    archived = list(ArchivedJob.objects.order_by("pk").values_list())
    say(
        left=Job.objects.count(),
        archived=len(archived),
        same=archived == before,
        tallied=sum(Tally.objects.values_list("jobs", flat=True)),
        told=sum(each.jobs for each in metrics.ended_in_all()),
        findings=list(audit.findings(is_whole=True)),
    )


def _sweep(at: datetime) -> None:
    """As each machine's supervisor does now and then."""
    while Job.objects.exists():
        sweep.sweep_slowly(at)


def _look(workspace: Workspace, keys: list[object]) -> None:
    """Whoever asks for a job meanwhile finds it."""
    chance = random.Random(7)
    while Job.objects.exists():
        for key in chance.sample(keys, 20):
            assert archive.find(workspace, key), key  # type: ignore[arg-type]


def weigh(count: int) -> None:
    """Says by how many megabytes this process grew at each."""
    _many(count)
    at = timezone.now() + _KEPT
    say(
        audit=_grown(lambda: list(audit.findings())),
        sweep=_grown(partial(_sweep, at)),
        whole=_grown(lambda: list(audit.findings(is_whole=True))),
    )


def _grown(act: Callable[[], object]) -> float:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    act()
    return round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, 1)


def _many(count: int) -> Workspace:
    user = User.objects.create_user("ada@example.com", "correct horse", name="Ada")
    workspace = workspaces.personal(user)
    many_jobs.fill(count, user, workspace)
    return workspace


if __name__ == "__main__":
    {"race": race, "weigh": weigh}[sys.argv[1]](int(sys.argv[2]))
