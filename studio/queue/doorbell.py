"""Says that there is work: a task in the queue, and beside it a wake-up without delay.

The task takes part in the caller's transaction, so it commits or vanishes with its job. The
wake-up comes with the commit, to every worker process: NOTIFY on PostgreSQL, on SQLite a byte
in a named pipe of each. If it is lost, the queue's task comes within half a second.
Redis as the broker knows no transaction, so it is told after the commit, and the sweep stands in
for what is lost on the way.
"""

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django_q.tasks import async_task

from accounts import statements
from studio.queue import listeners

TASK = "studio.queue.tasks.answer"
_WAITING = "SELECT 1 FROM django_q_ormq WHERE lock <= %s LIMIT 1"


def ring() -> None:
    """To be called in the transaction that makes a job runnable, or outside of any."""
    if settings.BROKER == "redis":
        transaction.on_commit(_enqueue, robust=True)
    elif not _is_one_waiting():
        _enqueue()
    listeners.wake()


def _is_one_waiting() -> bool:
    """Whether a task waits that will be answered after this transaction has ended.

    So it serves this one's jobs too. On PostgreSQL nobody takes it before; SQLite lets nobody.
    """
    sql = f"{_WAITING} FOR SHARE SKIP LOCKED" if connection.vendor == "postgresql" else _WAITING
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    return bool(statements.returned(sql, [now]))


def _enqueue() -> None:
    async_task(TASK, task_name="doorbell")
