"""Ends what a database of yesterday would go on with today.

Its jobs have run since, or were cancelled, and their receivers were told: whoever ran them again
would charge for them again. So each ends here without a charge, and nobody is told.
"""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import transaction
from django_q.models import OrmQ

from accounts.models import Export
from studio.jobs import settle
from studio.models import Delivery, Job, Worker

_SAID = "It was under way when a backup was restored. It was not charged; order it again."
_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class Ended:
    jobs: int
    deliveries: int


def end() -> Ended:
    """May be repeated. Before a worker or web process is started on the database."""
    jobs = 0
    while some := _some_jobs():
        jobs += some
    given_up = Delivery.objects.waiting().update(
        state=Delivery.State.FAILED,
        next_attempt_at=None,
        lease_until=None,
        error="A backup was restored while it waited.",
    )
    OrmQ.objects.all().delete()
    Worker.objects.all().delete()
    Export.objects.all().delete()
    Session.objects.all().delete()
    cache.clear()
    return Ended(jobs=jobs, deliveries=given_up)


def _some_jobs() -> int:
    with transaction.atomic(durable=True):
        unfinished = list(Job.objects.unfinished().order_by("pk")[:_AT_ONCE])
        for job in unfinished:
            job.is_heard = False  # by no webhook
        return len(settle.withdraw(unfinished, error=_SAID, error_code="restored"))


def is_anybody_at_work(since: datetime) -> bool:
    """Whether a worker was heard since."""
    return Worker.objects.filter(beat_at__gt=since).exists()
