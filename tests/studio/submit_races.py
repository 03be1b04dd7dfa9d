"""Many processes that order at once. Run by test_submit_races.py, with what they do as argument."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from tests.programs import at_once, ready, say

ready()

from django.utils import timezone  # noqa: E402

from accounts import ids, ledger, workspaces  # noqa: E402
from accounts.models import Plan, User, Workspace  # noqa: E402
from gallery import pictures  # noqa: E402
from gallery.models import Image, PendingObject  # noqa: E402
from studio import audit, jobs, serving  # noqa: E402
from studio.jobs import Upload  # noqa: E402
from studio.models import Job  # noqa: E402
from tests.studio.makers import Puppet, png, submit  # noqa: E402

BUYERS = 16


def fill(ada: User, workspace: Workspace) -> Callable[[], None]:
    """Each orders two pictures five times, where twenty may wait in all."""
    Plan.objects.update(queued_limit=20)
    workspace.refresh_from_db()

    def act() -> None:
        for _ in range(5):
            with suppress(jobs.QuotaExceeded):
                submit(ada, workspace, count=2)

    return act


def day(ada: User, workspace: Workspace) -> Callable[[], None]:
    """As `fill`, where twenty may be made in a day; half of them were made already."""
    _made(ada, workspace, days_ago=0.5)
    return _limited(ada, workspace, images_per_day=20)


def month(ada: User, workspace: Workspace) -> Callable[[], None]:
    """As `day`, where they were made ten days ago."""
    _made(ada, workspace, days_ago=10)
    return _limited(ada, workspace, images_per_month=20)


def last(ada: User, workspace: Workspace) -> Callable[[], None]:
    """As `day`, where one more may be made."""
    _made(ada, workspace, days_ago=0.5)
    return _limited(ada, workspace, images_per_day=11)


def full(ada: User, workspace: Workspace) -> Callable[[], None]:
    """Each edits a photo of its own, where one byte is free: whose comes first is the last."""
    Plan.objects.update(storage_bytes=1)
    workspace.refresh_from_db()

    def act() -> None:
        photo = pictures.normalise(png(64, 1 + os.getpid() % 4_000))
        with suppress(jobs.QuotaExceeded):
            submit(ada, workspace, source=Upload(picture=photo))

    return act


def _made(ada: User, workspace: Workspace, *, days_ago: float) -> None:
    submit(ada, workspace, count=10)
    while jobs.run_next():
        pass
    Job.objects.update(created_at=timezone.now() - timedelta(days=days_ago))


def _limited(ada: User, workspace: Workspace, **limit: int) -> Callable[[], None]:
    Plan.objects.update(**limit)
    workspace.refresh_from_db()

    def act() -> None:
        for _ in range(2):
            with suppress(jobs.QuotaExceeded):
                submit(ada, workspace)

    return act


def repeat(ada: User, workspace: Workspace) -> Callable[[], None]:
    """All send the same order, with a photo that the workspace does not have yet."""
    order_id, photo = ids.new(), Upload(picture=pictures.normalise(png(64, 48)))

    def act() -> None:
        made = submit(ada, workspace, source=photo, order_id=order_id, count=2)
        say(told=sorted(str(job.pk) for job in made))

    return act


def store(ada: User, workspace: Workspace) -> Callable[[], None]:
    """All order edits of photos of their own, and end those of others between."""

    def act() -> None:
        for number in range(4):
            photo = pictures.normalise(png(64, 1 + os.getpid() % 1000 * 4 + number))
            submit(ada, workspace, source=Upload(picture=photo))
            jobs.run_next()

    return act


ROLES = {
    "fill": fill,
    "day": day,
    "month": month,
    "last": last,
    "full": full,
    "repeat": repeat,
    "store": store,
}

if __name__ == "__main__":
    serving.engine = lambda *_: Puppet()
    ada = User.objects.create_user("ada@example.com", "correct horse", name="Ada")
    workspace = workspaces.personal(ada)
    ledger.grant(to=workspace, amount_micros=1_000_000, reference="grant")
    at_once(*[ROLES[sys.argv[1]](ada, workspace)] * BUYERS)
    say(
        jobs=sorted(str(pk) for pk in Job.objects.values_list("pk", flat=True)),
        held=ledger.credit_of(workspace).held_micros,
        images=Image.objects.count(),
        orphans=PendingObject.objects.count(),
        findings=list(audit.findings()),
    )
