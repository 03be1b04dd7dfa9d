"""Says that there is work: a task in the queue, and beside it a wake-up without delay.

The task takes part in the caller's transaction, so it commits or vanishes with its job. The
wake-up comes with the commit: NOTIFY on PostgreSQL, on SQLite a byte in a named pipe of each
process that listens. A lost one costs half a second, since a listener looks by itself that
often. With Redis as the broker its own blocking pop is the wake-up; it knows no transaction,
so it is told after the commit, and the sweep stands in for what is lost on the way.
"""

from django.conf import settings
from django.db import transaction
from django_q.tasks import async_task

from studio.queue import listeners

TASK = "studio.queue.tasks.answer"


def ring(passes: int = 0) -> None:
    """To be called in the transaction that makes a job runnable, or outside of any."""
    if settings.BROKER == "redis":
        transaction.on_commit(lambda: _enqueue(passes), robust=True)
        return
    _enqueue(passes)
    listeners.wake()


def _enqueue(passes: int) -> None:
    async_task(TASK, passes, task_name="doorbell")
