"""What the limits of a plan count."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from accounts import statements
from accounts.models import Workspace
from studio.models import Job

# Every submit asks it: decision 0013. Each part is read along a partial index whose condition it
# repeats word by word, so that jobs of former months cost nothing (`job_may_be_made`).
_MAY_BE_MADE = """
    FROM studio_job WHERE workspace_id = %s AND created_at > %s
        AND NOT (state IN ('failed', 'filtered'))
        AND NOT (state = 'cancelled' AND upstream_calls = 0)
"""
_COUNTS = f"""
    SELECT (SELECT COUNT(*) FROM studio_job WHERE workspace_id = %s AND state = 'queued')
            + (SELECT COUNT(*) FROM studio_job WHERE workspace_id = %s AND state = 'parked'),
        (SELECT COUNT(*) {_MAY_BE_MADE}), (SELECT COUNT(*) {_MAY_BE_MADE}),
        (SELECT MIN(created_at) {_MAY_BE_MADE}), (SELECT MIN(created_at) {_MAY_BE_MADE})
"""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Of a workspace: what waits, and what was made in a day and in 30 days, or may be.

    What was cancelled while its picture was being made counts too. When the oldest of a day or of
    30 days is that old, there is room for one more.
    """

    waiting: int
    in_day: int
    in_month: int
    day_frees_at: datetime | None = None
    month_frees_at: datetime | None = None


def counts(workspace: Workspace, *, at: datetime) -> Counts:
    a_day, a_month = timedelta(days=1), timedelta(days=30)
    (day,) = statements.prepared(Job, created_at=at - a_day)
    (month,) = statements.prepared(Job, created_at=at - a_month)
    (ours,) = statements.prepared(Job, workspace_id=workspace.pk)
    values = [ours, ours, ours, day, ours, month, ours, day, ours, month]
    ((waiting, in_day, in_month, *oldest),) = statements.returned(_COUNTS, values)
    of_day, of_month = map(_moment, oldest)
    return Counts(
        waiting=waiting,
        in_day=in_day,
        in_month=in_month,
        day_frees_at=of_day and of_day + a_day,
        month_frees_at=of_month and of_month + a_month,
    )


def _moment(value: datetime | str | None) -> datetime | None:
    """SQLite gives text, without a zone: it is UTC."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value
