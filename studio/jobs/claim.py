from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Window
from django.db.models.functions import Coalesce, RowNumber
from django.utils import timezone

from studio.models import Job, State, Webhook
from studio.queue import process

# Beyond the engine's deadline: time to read the photo, to store and to settle.
LEASE_MARGIN_SECONDS = 30
_CLAIM_LOCK = 0x6561_7365_6C00_0001


def claim(limit: int, *, suspects: bool = False) -> list[Job]:
    """Takes up to `limit` runnable jobs for this process, each with a fence and a lease.

    Jobs whose process died are suspects, and are taken apart from the others.

    The workspace with the fewest running jobs comes first, then priority, then age. One
    lock lets only one process count and claim at a time, because two that count the same
    running jobs would both overshoot the plan's limit and the installation's.
    """
    if limit < 1:
        return []
    now = timezone.now()
    with transaction.atomic(durable=True):
        _lock()
        chosen = next_in_turn(limit, now, suspects=suspects)
        _take(chosen, now)
    claimed = Job.objects.running().filter(pk__in=chosen, claimed_by=process.identity())
    hearing = Webhook.objects.on().filter(workspace=OuterRef("workspace"))
    claimed = claimed.annotate(is_heard=Exists(hearing))
    return list(claimed.select_related("workspace", "source", "created_by"))


def _lock() -> None:
    """SQLite needs none: its transactions begin IMMEDIATE and so come one after another."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CLAIM_LOCK])


def next_in_turn(limit: int, at: datetime, *, suspects: bool = False) -> list[UUID]:
    """What a claim would take at this moment."""
    limit = min(limit, settings.ENGINE_CONCURRENCY - Job.objects.running().count())
    if limit < 1:
        return []
    running = (
        Job.objects.running()
        .filter(workspace=OuterRef("workspace"))
        .order_by()
        .values("workspace")
        .annotate(n=Count("pk"))
        .values("n")
    )
    place = Window(
        RowNumber(),
        partition_by=F("workspace"),
        order_by=[F("priority"), F("created_at"), F("pk")],
    )
    return list(
        Job.objects.runnable(at)
        .filter(Q(crashes__gt=0) if suspects else Q(crashes=0))
        .annotate(
            running=Coalesce(Subquery(running), 0, output_field=models.IntegerField()),
            turn=F("running") + place,
        )
        .filter(turn__lte=F("workspace__plan__running_limit"))
        .order_by("turn", "priority", "created_at", "pk")
        .values_list("pk", flat=True)[:limit]
    )


def _take(chosen: list[UUID], now: datetime) -> None:
    lease = timedelta(seconds=settings.ENGINE_DEADLINE_SECONDS + LEASE_MARGIN_SECONDS)
    Job.objects.filter(pk__in=chosen, state=State.QUEUED).update(
        state=State.RUNNING,
        attempt=F("attempt") + 1,
        upstream_calls=F("upstream_calls") + 1,
        claimed_by=process.identity(),
        lease_until=now + lease,
        not_before=None,
        started_at=Coalesce(F("started_at"), now),
    )
