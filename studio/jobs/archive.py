"""Jobs that ended long ago leave the table that orders, claims and pages read (decision 0025).

Their rows move as they are, so whoever still asks for one of them finds it here.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts import statements
from accounts.models import Workspace
from studio.models import AnyJob, ArchivedJob, Job, TallyMark
from studio.models.jobs import JobQuerySet

_AT_ONCE = 500
_PIECES = 10  # of one sweep
_MOVE = """
    INSERT INTO studio_archivedjob ({columns})
    SELECT {columns} FROM studio_job WHERE id IN ({places})
"""


def sweep(*, at: datetime) -> None:
    """Some thousands of those that ended long enough ago, oldest first, a piece at a time."""
    before = at - timedelta(days=settings.JOB_KEEP_DAYS)
    mark = TallyMark.objects.filter(pk=1).first()
    if mark is None:
        return
    for _ in range(_PIECES):
        if _move(before=min(before, mark.until)) < _AT_ONCE:
            return


def _move(*, before: datetime) -> int:
    """What another sweep is moving is left to it, and what still has a mask stays."""
    with transaction.atomic(durable=True):
        old = Job.objects.filter(finished_at__lte=before, mask="").order_by("finished_at")
        chosen = list(
            old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:_AT_ONCE]
        )
        if chosen:
            columns = ", ".join(f'"{each.column}"' for each in Job._meta.concrete_fields)
            places = statements.places(len(chosen))
            keys = [statements.prepared(Job, id=pk)[0] for pk in chosen]
            statements.run(_MOVE.format(columns=columns, places=places), keys)
            Job.objects.filter(pk__in=chosen).delete()
    return len(chosen)


def find(workspace: Workspace, pk: UUID) -> AnyJob | None:
    """One of its jobs, whichever table it is in."""
    for rows in all_in(workspace):
        job = rows.with_pictures().select_related("workspace").filter(pk=pk).first()
        if job:
            return job
    return None


def all_in(workspace: Workspace) -> tuple[JobQuerySet, JobQuerySet]:
    """A workspace's jobs in both tables. One that moves meanwhile may be seen in both."""
    return Job.objects.in_workspace(workspace), ArchivedJob.objects.in_workspace(workspace)
