from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import heapify, heappop, heapreplace
from itertools import chain, groupby, islice, repeat
from operator import itemgetter
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Exists, F, Min, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from studio.models import Job, JobQuerySet, State, Webhook
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
    now = timezone.now()
    if limit < 1 or not Job.objects.runnable(now).exists():  # asked without the lock
        return []
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
    running = _running()
    limit = min(limit, settings.ENGINE_CONCURRENCY - running.total())
    if limit < 1:
        return []
    waiting = Job.objects.runnable(at).filter(Q(crashes__gt=0) if suspects else Q(crashes=0))
    shares = _shares(limit, running, waiting)
    return [
        job
        for workspace, share in shares.items()
        for job in waiting.filter(workspace=workspace)
        .in_turn()
        .values_list("pk", flat=True)[:share]
    ]


def _running() -> Counter[UUID]:
    """How many jobs each workspace has running."""
    by_workspace = Job.objects.running().order_by().values_list("workspace")
    return Counter(dict(by_workspace.annotate(n=Count("pk"))))


def _shares(limit: int, running: Counter[UUID], waiting: JobQuerySet) -> Counter[UUID]:
    """How many jobs each workspace gets, dealt out one by one; in the order of their turns."""
    lines = _lines(running, waiting)
    turns = [(running[workspace], *next(line), workspace) for workspace, line in lines.items()]
    heapify(turns)
    shares: Counter[UUID] = Counter()
    while turns and shares.total() < limit:
        turn, *_, workspace = turns[0]
        shares[workspace] += 1
        following = next(lines[workspace], None)
        if following:
            heapreplace(turns, (turn + 1, *following, workspace))
        else:
            heappop(turns)
    return shares


def _lines(
    running: Counter[UUID], waiting: JobQuerySet
) -> dict[UUID, Iterator[tuple[int, datetime]]]:
    """The priority and the age of each job that a workspace may run now, as they run.

    Those of one priority are taken to be as old as the first: only counts and heads are asked
    for, so a long queue costs a walk over one index, however many of its jobs are taken.
    """
    heads = (
        waiting.order_by("workspace", "priority")
        .values_list("workspace", "workspace__plan__running_limit", "priority")
        .annotate(oldest=Min("created_at"), n=Count("pk"))
    )
    lines: dict[UUID, Iterator[tuple[int, datetime]]] = {}
    for (workspace, most), alike in groupby(heads, itemgetter(0, 1)):
        line = chain.from_iterable(
            repeat((priority, oldest), n) for *_, priority, oldest, n in list(alike)
        )
        if running[workspace] < most:
            lines[workspace] = islice(line, most - running[workspace])
    return lines


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
