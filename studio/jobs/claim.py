"""Who runs next, and taking it.

Written by hand where every claim asks it (decision 0013); all under one lock.
"""

import math
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import heapify, heappop, heapreplace
from itertools import chain, groupby, islice, repeat
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import prefetch_related_objects
from django.utils import timezone

from accounts import statements
from accounts.durability import unsynced
from studio.models import Job
from studio.queue import process

# Beyond the engine's deadline: time to read the photo, to store and to settle.
LEASE_MARGIN_SECONDS = 30
_CLAIM_LOCK = 0x6561_7365_6C00_0001

_MOST_AT_ONCE = 256  # workspaces that one statement may name

# A workspace's key as the database gives it.
_Key = Any

_RUNNABLE = "state = 'queued' AND (not_before IS NULL OR not_before <= %s)"
_SUSPECTS, _UNSUSPECTED = "crashes > 0", "crashes = 0"
_ANY = f"SELECT 1 FROM studio_job WHERE {_RUNNABLE} LIMIT 1"
_ANY_OLD = f"SELECT 1 FROM studio_job WHERE {_RUNNABLE} AND created_at <= %s LIMIT 1"
_RUNNING = "SELECT workspace_id, COUNT(*) FROM studio_job WHERE state = 'running' GROUP BY 1"
_HEADS = f"""
    SELECT job.workspace_id, plan.running_limit, job.priority, MIN(job.created_at), COUNT(*)
    FROM studio_job job
    JOIN accounts_workspace workspace ON workspace.id = job.workspace_id
    JOIN accounts_plan plan ON plan.id = workspace.plan_id
    WHERE {_RUNNABLE} AND {{ours}}
    GROUP BY job.workspace_id, plan.running_limit, job.priority
    ORDER BY job.workspace_id, job.priority
"""
_IN_TURN = f"""
    SELECT id FROM studio_job WHERE workspace_id = %s AND {_RUNNABLE} AND {{ours}}
    ORDER BY priority, created_at, id LIMIT %s
"""
_TAKE = f"""
    UPDATE studio_job SET state = 'running', attempt = attempt + 1,
        upstream_calls = upstream_calls + 1, claimed_by = %s, lease_until = %s,
        not_before = NULL, started_at = COALESCE(started_at, %s)
    WHERE state = 'queued' AND id IN ({{chosen}})
    RETURNING {statements.columns(Job)}, EXISTS (
        SELECT 1 FROM studio_webhook webhook
        WHERE webhook.workspace_id = studio_job.workspace_id AND webhook.off_at IS NULL
    )
"""


class Taken(NamedTuple):
    """`is_any_left`: some may wait for the end of another, and the bell will not ring for them.

    Of 0 nothing is asked, and some may be left.
    """

    jobs: list[Job]
    is_any_left: bool


def claim(limit: int, *, suspects: bool = False) -> list[Job]:
    """The jobs of `take`."""
    return take(limit, suspects=suspects).jobs


def take(limit: int, *, suspects: bool = False) -> Taken:
    """Takes up to `limit` runnable jobs for this process, each with a fence and a lease.

    Jobs whose process died are suspects, and are taken apart from the others.

    The workspace with the fewest running jobs comes first, then priority, then age. One
    lock lets only one process count and claim at a time, because two that count the same
    running jobs would both overshoot the plan's limit and the installation's.
    """
    now = timezone.now()
    if limit < 1 or not _is_worth_a_lock(now):
        return Taken([], is_any_left=limit < 1)
    ours = _SUSPECTS if suspects else _UNSUSPECTED
    with unsynced(durable=True, is_pipelined=True):  # a claim that is lost is made anew
        _lock()
        shares, waiting = _dealt(limit, now, ours)
        claimed = _claimed(shares, ours, now)
    prefetch_related_objects([job for job in claimed if job.source_id], "source")
    return Taken(claimed, is_any_left=waiting > len(claimed))


def _is_worth_a_lock(at: datetime) -> bool:
    """SQLite's lock keeps all writers out; PostgreSQL's only who claims, and comes sooner."""
    return connection.vendor == "postgresql" or is_any_runnable(at)


def _lock() -> None:
    """SQLite needs none: its transactions begin IMMEDIATE and so come one after another."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CLAIM_LOCK])


def next_in_turn(limit: int, at: datetime, *, suspects: bool = False) -> list[UUID]:
    """What a claim would take at this moment."""
    ours = _SUSPECTS if suspects else _UNSUSPECTED
    shares, _ = _dealt(limit, at, ours)
    return [
        _uuid(job)
        for workspace, share in shares.items()
        for (job,) in _ask(_IN_TURN.format(ours=ours), workspace, *_moment(at), share)
    ]


def _dealt(limit: int, at: datetime, ours: str) -> tuple[Counter[_Key], float]:
    """How many jobs each workspace gets, in the order of their turns; and how many wait."""
    # Heads for nothing, where no job may start, cost less than a trip of their own where one may
    heads, counted = statements.returned_each(
        (_HEADS.format(ours=ours), _moment(at)), (_RUNNING, ())
    )
    running = Counter(dict(counted))
    limit = min(limit, settings.ENGINE_CONCURRENCY - running.total(), _MOST_AT_ONCE)
    if limit < 1:
        return Counter(), math.inf
    waiting = sum(count for *_, count in heads)
    return _shares(limit, running, _lines(heads, running)), waiting


def is_any_runnable(at: datetime, *, created_before: datetime | None = None) -> bool:
    """Suspects too."""
    if created_before is None:
        return bool(_ask(_ANY, *_moment(at)))
    return bool(_ask(_ANY_OLD, *_moment(at), *_moment(created_before)))


def _shares(
    limit: int, running: Counter[_Key], lines: dict[_Key, Iterator[tuple[int, Any]]]
) -> Counter[_Key]:
    """How many jobs each workspace gets, dealt out one by one; in the order of their turns."""
    turns = [(running[workspace], *next(line), workspace) for workspace, line in lines.items()]
    heapify(turns)
    shares: Counter[_Key] = Counter()
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
    heads: list[tuple[Any, ...]], running: Counter[_Key]
) -> dict[_Key, Iterator[tuple[int, Any]]]:
    """The priority and the age of each job that a workspace may run now, as they run.

    Those of one priority are taken to be as old as the first: only counts and heads are asked
    for, so a long queue costs a walk over one index, however many of its jobs are taken.
    """
    lines: dict[_Key, Iterator[tuple[int, Any]]] = {}
    for (workspace, most), alike in groupby(heads, itemgetter(0, 1)):
        line = chain.from_iterable(
            repeat((priority, oldest), n) for *_, priority, oldest, n in list(alike)
        )
        if running[workspace] < most:
            lines[workspace] = islice(line, most - running[workspace])
    return lines


def _claimed(shares: Counter[_Key], ours: str, now: datetime) -> list[Job]:
    """In the order of their turns; each says, as `is_heard`, whether a webhook hears its end."""
    if not shares:
        return []
    lease = timedelta(seconds=settings.ENGINE_DEADLINE_SECONDS + LEASE_MARGIN_SECONDS)
    chosen = f"SELECT id FROM ({_IN_TURN.format(ours=ours)}) AS chosen"
    sql = _TAKE.format(chosen=" UNION ALL ".join([chosen] * len(shares)))
    values = [process.identity(), *_moment(now + lease), *_moment(now)]
    for workspace, share in shares.items():
        values += [workspace, *_moment(now), share]
    turn = {_uuid(workspace): place for place, workspace in enumerate(shares)}
    claimed = []
    for job, (is_heard,) in statements.rows(Job, sql, values):
        job.is_heard = bool(is_heard)
        claimed.append(job)
    return sorted(
        claimed, key=lambda job: (turn[job.workspace_id], job.priority, job.created_at, job.pk)
    )


def _uuid(key: _Key) -> UUID:
    return key if isinstance(key, UUID) else UUID(key)


def _ask(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    return statements.returned(sql, values)


def _moment(at: datetime) -> list[Any]:
    return statements.prepared(Job, created_at=at)
