"""When a job's turn comes, and how long its like usually take."""

from collections.abc import Collection, Iterable, Mapping
from statistics import median
from uuid import UUID

from django.db.models import Count

from studio import catalog
from studio.models import Job, State

_SAMPLE = 50


def places(jobs: Iterable[Job]) -> Mapping[UUID, int]:
    """1 for what runs next, for those of `jobs` that are queued.

    Workspaces take turns, so before a workspace's third job come at most three of each other.
    """
    waiting = {job.pk: job.workspace_id for job in jobs if job.state == State.QUEUED}
    if not waiting:
        return {}
    queued = Job.objects.filter(state=State.QUEUED)
    counts = dict(queued.values_list("workspace").annotate(Count("pk")).order_by())
    found: dict[UUID, int] = {}
    for workspace_id in set(waiting.values()):
        others = [count for each, count in counts.items() if each != workspace_id]
        ours = queued.filter(workspace=workspace_id).in_turn().values_list("pk", flat=True)
        for place, pk in enumerate(ours, 1):
            if pk in waiting:
                found[pk] = place + sum(min(count, place) for count in others)
    return found


def usual_ms(models: Collection[str]) -> Mapping[str, int]:
    """The median of each model's last 50 pictures; what the catalog says while there is none."""
    return {name: _usual_ms(name) for name in models}


def _usual_ms(name: str) -> int:
    times = (
        Job.objects.filter(model=name, state=State.SUCCEEDED, started_at__isnull=False)
        .order_by("-pk")  # newer keys sort later: a walk over their index, not all jobs sorted
        .values_list("started_at", "finished_at")[:_SAMPLE]
    )
    took = [(end - start).total_seconds() * 1000 for start, end in times if start and end]
    if took:
        return round(median(took))
    known = catalog.models().get(name)
    return known.usual_ms if known else 0
