"""What the limits of a plan count."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts import statements
from accounts.models import Workspace
from studio.models import Job

# Every submit asks it: decision 0013.
_COUNTS = """
    SELECT COUNT(*) FILTER (WHERE state IN ('queued', 'parked')),
        COUNT(*) FILTER (WHERE may_be_made AND created_at > %s),
        COUNT(*) FILTER (WHERE may_be_made AND created_at > %s)
    FROM (
        SELECT state, created_at, state NOT IN ('failed', 'filtered')
            AND NOT (state = 'cancelled' AND upstream_calls = 0) AS may_be_made
        FROM studio_job
        WHERE workspace_id = %s AND (state IN ('queued', 'parked') OR created_at > %s)
    ) AS counted
"""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Of a workspace: what waits, and what was made in a day and in 30 days, or may be.

    What was cancelled while its picture was being made counts too.
    """

    waiting: int
    in_day: int
    in_month: int


def counts(workspace: Workspace, *, at: datetime) -> Counts:
    (day,) = statements.prepared(Job, created_at=at - timedelta(days=1))
    (month,) = statements.prepared(Job, created_at=at - timedelta(days=30))
    (ours,) = statements.prepared(Job, workspace_id=workspace.pk)
    ((waiting, in_day, in_month),) = statements.returned(_COUNTS, [day, month, ours, month])
    return Counts(waiting=waiting, in_day=in_day, in_month=in_month)
