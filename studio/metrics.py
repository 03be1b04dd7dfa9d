"""Figures for Prometheus, read from the database when they are asked for.

So they are the same whichever process answers, and none starts again from zero. What has ended is
added up once, by the sweep, into `Tally`; a scrape reads those few rows and counts only the jobs
that ended since, over an index. Everything else it asks is small, or has an index of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, DurationField, ExpressionWrapper, F, Min, Q, Sum
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from accounts import ledger
from gallery.models import Stock
from studio.models import Alert, Job, State, Tally, TallyMark, Upstream, Worker

WAITS_SECONDS = (1, 2, 5, 10, 30, 60, 120)
TAKES_SECONDS = (1, 2, 3, 5, 10, 30, 60)
# Who ended a job committed by then.
_LATEST = timedelta(minutes=2)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_KEYS = ("state", "model", "engine", "error_code")
_SUMS = ("jobs", "micros", "upstream_calls", "faults", "waited_seconds", "took_seconds", "started")
_UNENDED = (State.PARKED, State.QUEUED, State.RUNNING)


def text() -> bytes:
    registry = CollectorRegistry()
    registry.register(_Figures())
    return generate_latest(registry)


def roll_up(at: datetime) -> None:
    """Adds what has ended since the last time to the tallies. May be repeated."""
    with transaction.atomic(durable=True):
        TallyMark.objects.get_or_create(pk=1, defaults={"until": _EPOCH})
        mark = TallyMark.objects.select_for_update().get(pk=1)
        until = at - _LATEST
        if until <= mark.until:
            return
        for new in _ended(mark.until, until):
            row, _ = Tally.objects.get_or_create(**{key: getattr(new, key) for key in _KEYS})
            _add(row, new)
            row.save()
        TallyMark.objects.filter(pk=1).update(until=until)


def _ended(since: datetime, until: datetime | None = None) -> list[Tally]:
    """What ended after `since`, added up for each kind of end; one walk over `job_finished`."""
    ended = Job.objects.filter(finished_at__gt=since)
    if until:
        ended = ended.filter(finished_at__lte=until)
    begun = Q(started_at__isnull=False)
    sums = {f"wait_{n}": Count("pk", filter=begun & _within("waited", n)) for n in WAITS_SECONDS}
    sums |= {f"take_{n}": Count("pk", filter=begun & _within("took", n)) for n in TAKES_SECONDS}
    rows = (
        ended.annotate(
            waited=ExpressionWrapper(F("started_at") - F("created_at"), DurationField()),
            took=ExpressionWrapper(F("finished_at") - F("started_at"), DurationField()),
        )
        .values(*_KEYS)
        .order_by()
        .annotate(
            n=Count("pk"),
            micros=Sum("price_micros"),
            calls=Sum("upstream_calls"),
            bad=Sum("faults"),
            begun=Count("started_at"),
            **{"all_waited": Sum("waited"), "all_took": Sum("took"), **sums},
        )
    )
    return [_tally(row) for row in rows]


def _within(name: str, seconds: int) -> Q:
    return Q(**{f"{name}__lte": timedelta(seconds=seconds)})


def _tally(row: dict[str, Any]) -> Tally:
    return Tally(
        **{key: row[key] for key in _KEYS},
        jobs=row["n"],
        micros=row["micros"],
        upstream_calls=row["calls"],
        faults=row["bad"],
        started=row["begun"],
        waited_seconds=(row["all_waited"] or timedelta()).total_seconds(),
        took_seconds=(row["all_took"] or timedelta()).total_seconds(),
        waits=[row[f"wait_{n}"] for n in WAITS_SECONDS],
        takes=[row[f"take_{n}"] for n in TAKES_SECONDS],
    )


def _add(row: Tally, new: Tally) -> None:
    for name in _SUMS:
        setattr(row, name, getattr(row, name) + getattr(new, name))
    for name in ("waits", "takes"):
        both = getattr(row, name), getattr(new, name)
        setattr(row, name, [a + b for a, b in zip(*both, strict=True)] if both[0] else both[1])


def ended_in_all() -> list[Tally]:
    """The tallies and what ended since. Asked again if the sweep came between."""
    while True:
        mark = TallyMark.objects.filter(pk=1).first()
        found = {tuple(getattr(row, key) for key in _KEYS): row for row in Tally.objects.all()}
        for new in _ended(mark.until if mark else _EPOCH):
            key = tuple(getattr(new, key) for key in _KEYS)
            if key in found:
                _add(found[key], new)
            else:
                found[key] = new
        after = TallyMark.objects.filter(pk=1).first()
        if (mark and mark.until) == (after and after.until):
            return list(found.values())


@dataclass(frozen=True)
class _Figures(Collector):
    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        yield from _of_ends(ended_in_all())
        yield from _of_queue(now)
        yield from _of_workers(now)
        yield from _of_money()
        yield from _of_the_rest()


def _of_ends(ended: list[Tally]) -> Iterator[Metric]:
    names = ["state", "model", "engine", "error"]
    jobs = CounterMetricFamily("easel_jobs_ended", "Jobs that have ended.", labels=names)
    calls = CounterMetricFamily(
        "easel_upstream_calls",
        "Engine calls that may have been billed.",
        labels=["model", "engine"],
    )
    faults = CounterMetricFamily(
        "easel_engine_faults", "Tries that failed, of jobs that ended.", labels=["model", "engine"]
    )
    spent = CounterMetricFamily(
        "easel_credits_spent_micros",
        "Micro-dollars taken for what was delivered.",
        labels=["model"],
    )
    for row in ended:
        jobs.add_metric([row.state, row.model, row.engine, row.error_code], row.jobs)
    for (model, engine), rows in _grouped(ended, "model", "engine").items():
        calls.add_metric([model, engine], sum(row.upstream_calls for row in rows))
        faults.add_metric([model, engine], sum(row.faults for row in rows))
    made = [row for row in ended if row.state == State.SUCCEEDED]
    for (model,), rows in _grouped(made, "model").items():
        spent.add_metric([model], sum(row.micros for row in rows))
    yield from (jobs, calls, faults, spent)
    yield _histogram(
        "easel_job_wait_seconds",
        "From the order until the first call.",
        *(ended, "waits", "waited_seconds", WAITS_SECONDS),
    )
    yield _histogram(
        "easel_engine_seconds",
        "From the first call until a picture was delivered.",
        *(made, "takes", "took_seconds", TAKES_SECONDS),
    )


def _histogram(
    name: str, words: str, rows: list[Tally], counts: str, total: str, bounds: tuple[int, ...]
) -> Metric:
    family = HistogramMetricFamily(name, words, labels=["model", "engine"])
    for (model, engine), ours in _grouped(rows, "model", "engine").items():
        begun = sum(row.started for row in ours)
        columns = zip(*(getattr(row, counts) for row in ours), strict=True)
        buckets = [(f"{bound:.1f}", sum(n)) for bound, n in zip(bounds, columns, strict=True)]
        seconds = sum(getattr(row, total) for row in ours)
        family.add_metric([model, engine], [*buckets, ("+Inf", begun)], seconds)
    return family


def _grouped(rows: list[Tally], *keys: str) -> dict[tuple[str, ...], list[Tally]]:
    found: dict[tuple[str, ...], list[Tally]] = {}
    for row in rows:
        found.setdefault(tuple(getattr(row, key) for key in keys), []).append(row)
    return found


def _of_queue(now: datetime) -> Iterator[Metric]:
    jobs = GaugeMetricFamily("easel_jobs", "Jobs that have not ended.", labels=["state"])
    for state in _UNENDED:
        jobs.add_metric([state], Job.objects.filter(state=state).count())
    yield jobs
    ready = Q(not_before=None) | Q(not_before__lte=now)
    oldest = Job.objects.filter(ready, state=State.QUEUED).aggregate(at=Min("created_at"))["at"]
    age = (now - oldest).total_seconds() if oldest else 0
    yield _gauge("easel_queue_age_seconds", "How long the oldest runnable job waits.", age)
    yield _gauge("easel_engine_concurrency", "ENGINE_CONCURRENCY.", settings.ENGINE_CONCURRENCY)


def _of_workers(now: datetime) -> Iterator[Metric]:
    ages = GaugeMetricFamily(
        "easel_worker_heartbeat_age_seconds", "Since a worker was heard.", labels=["worker"]
    )
    sizes = GaugeMetricFamily(
        "easel_worker_concurrency", "Jobs at once of a worker.", labels=["worker"]
    )
    for worker in Worker.objects.order_by("identity"):
        ages.add_metric([worker.identity], (now - worker.beat_at).total_seconds())
        sizes.add_metric([worker.identity], worker.concurrency)
    yield from (ages, sizes)


def _of_money() -> Iterator[Metric]:
    moved = ledger.moved_in()
    for kind, words in (("payments", "sold"), ("grants", "granted")):
        came, went = moved[kind]
        yield CounterMetricFamily(
            f"easel_credits_{words}_micros", f"Micro-dollars {words}.", value=came
        )
        yield CounterMetricFamily(
            f"easel_credits_{words}_back_micros", f"Of what was {words}, taken back.", value=went
        )
    posted, held = ledger.outstanding()
    yield _gauge("easel_credits_outstanding_micros", "What all workspaces have.", posted)
    yield _gauge("easel_credits_held_micros", "Of that, set aside for jobs.", held)


def _of_the_rest() -> Iterator[Metric]:
    alerts = Alert.objects.filter(closed_at=None).count()
    yield _gauge("easel_alerts_open", "What the operator has to mend.", alerts)
    kept = Stock.objects.aggregate(all=Sum("size_bytes"))["all"] or 0
    yield _gauge("easel_storage_bytes", "Bytes of all pictures.", kept)
    told = GaugeMetricFamily(
        "easel_upstream_balance", "What a server says of its account.", labels=["server"]
    )
    for upstream in Upstream.objects.exclude(balance=None):
        told.add_metric([upstream.server], float(upstream.balance or 0))
    yield told


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)
