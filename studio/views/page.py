"""The studio page: the room to write in, and the latest pictures."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import ids
from accounts.middleware import WorkspaceRequest
from gallery.models import Image
from gallery.pictures import MAX_BYTES, MAX_SIDE
from studio import bench, jobs, offers, orders, starters
from studio.forms import StudioForm
from studio.models import Job, JobQuerySet

SHOWN = 24


@never_cache
@require_safe
def studio(request: WorkspaceRequest) -> HttpResponse:
    """The studio; for those not signed in, what Easel is.

    Never cached: going back to it would bring back the name of an order that was sent.
    """
    if not request.user.is_authenticated:
        return render(request, "studio/welcome.html")
    remix = source_of(request, request.GET.get("remix"))
    parent = remix and remix.parent_id
    source = source_of(request, str(parent) if parent else request.GET.get("source"))
    context = {**room(request), "source": source, "bench": source and bench.of(source)}
    context["words"] = request.GET.get("prompt", "")[:2_000]
    if remix:
        context |= {"remix": remix, "form": _form_of(remix, source)}
    return render(request, "studio/studio.html", context)


def _form_of(remix: Image, source: Image | None) -> StudioForm:
    """Its prompt and settings, to be changed and sent."""
    columns = ("prompt", "negative_prompt", "model", "size", "seed", "steps", "cfg_scale")
    recipe = {name: getattr(remix, name) for name in (*columns, "text_mode")}
    return StudioForm(
        initial=recipe | {"source": source and source.pk},
        images=Image.objects.none(),
        check=lambda **_: None,
    )


def room(request: WorkspaceRequest) -> dict[str, Any]:
    """What the page shows: the models, the latest jobs, and the name of the next order.

    An order's name goes out with its form, so that a form sent twice is one order.
    """
    latest = list(_own(request).newest_first()[:SHOWN])
    return {
        "offered": offers.all_on(),
        "not_offered": offers.all_off(),
        "starters": starters.every(),
        "are_sketched": starters.are_sketched(),
        "jobs": latest,
        "max_photo_bytes": MAX_BYTES,
        "max_photo_megabytes": MAX_BYTES // 1024**2,
        "max_photo_side": MAX_SIDE,
        "max_count": orders.MAX_COUNT,
        "order_id": ids.new(),
        "region_tools": bench.TOOLS,
        "region_numbers": bench.NUMBERS,
        **watched(latest),
    }


def newer(request: WorkspaceRequest, after: str) -> list[Job]:
    """What the person ordered since the job `after`, the newest first: its ids count up."""
    try:
        return list(_own(request).filter(pk__gt=UUID(after)).newest_first()[:SHOWN])
    except ValueError:
        return []


def watched(some: Iterable[Job]) -> dict[str, Any]:
    """What cards of jobs that have not ended tell: their place, and how long it usually takes."""
    unfinished = [job for job in some if not job.is_terminal]
    return {
        "watched": unfinished,
        "places": jobs.places(unfinished),
        "usual": jobs.usual_ms({job.model for job in unfinished}),
    }


def _own(request: WorkspaceRequest) -> JobQuerySet:
    ours = Job.objects.in_workspace(request.workspace).filter(created_by=request.user)
    return ours.with_pictures()


def source_of(request: WorkspaceRequest, text: str | None) -> Image | None:
    try:
        pk = UUID(text or "")
    except ValueError:
        return None
    return Image.objects.in_workspace(request.workspace).filter(pk=pk).first()
