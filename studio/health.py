"""How the installation does: its queue, workers and engines. For the admin's first page."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from django.conf import settings
from django.db.models import Count, Min, Q
from django.utils import timezone

from studio import catalog, serving, upstreams
from studio.models import Alert, Job, State, Worker

# A supervisor beats every two seconds.
SILENT_SECONDS = 15
_LATELY = timedelta(minutes=15)
_MOST_READ = 5_000


@dataclass(kw_only=True)
class EngineHealth:
    name: str
    balance: str
    made: int = 0
    failed: int = 0
    took: list[float] = field(default_factory=list)

    @property
    def usual_seconds(self) -> float | None:
        return median(self.took) if self.took else None


@dataclass(frozen=True, kw_only=True)
class WorkerHealth:
    identity: str
    concurrency: int
    started_at: datetime
    silent_seconds: int

    @property
    def is_alive(self) -> bool:
        return self.silent_seconds <= SILENT_SECONDS


@dataclass(frozen=True, kw_only=True)
class Health:
    queued: int
    running: int
    parked: int
    oldest_seconds: int
    concurrency: int
    alerts: list[Alert]
    workers: list[WorkerHealth]
    engines: list[EngineHealth]


def look() -> Health:
    """A few queries, each over an index of what is there now or was there lately."""
    now = timezone.now()
    waiting = Job.objects.filter(state=State.QUEUED).aggregate(
        n=Count("pk"), oldest=Min("created_at")
    )
    oldest = (now - waiting["oldest"]).total_seconds() if waiting["oldest"] else 0
    return Health(
        queued=waiting["n"],
        running=Job.objects.running().count(),
        parked=Job.objects.parked().count(),
        oldest_seconds=round(oldest),
        concurrency=settings.ENGINE_CONCURRENCY,
        alerts=list(Alert.objects.filter(closed_at=None).order_by("-seen_at")[:20]),
        workers=[_worker(each, now) for each in Worker.objects.order_by("identity")[:50]],
        engines=_engines(now),
    )


def _worker(worker: Worker, now: datetime) -> WorkerHealth:
    return WorkerHealth(
        identity=worker.identity,
        concurrency=worker.concurrency,
        started_at=worker.started_at,
        silent_seconds=max(0, round((now - worker.beat_at).total_seconds())),
    )


def _engines(now: datetime) -> list[EngineHealth]:
    """The newest that ended: how many it was for each server, and how long the calls took."""
    found = {
        name: EngineHealth(name=name, balance=balance)
        for name, balance in upstreams.balances().items()
    }
    serves = {model: upstreams.name_of(serving.server(model)) for model in catalog.models()}
    ended = Job.objects.filter(finished_at__gte=now - _LATELY).exclude(Q(engine=""))
    rows = ended.order_by("-finished_at").values_list(
        "engine", "model", "state", "started_at", "finished_at"
    )
    for engine, model, state, started, finished in rows[:_MOST_READ]:
        server = serves.get(model, engine)
        name = server if server.partition("@")[0] == engine else engine  # served otherwise then
        health = found.setdefault(name, EngineHealth(name=name, balance="not told"))
        health.made += state == State.SUCCEEDED
        health.failed += state == State.FAILED
        if state == State.SUCCEEDED and started and finished:
            health.took.append((finished - started).total_seconds())
    return list(found.values())
