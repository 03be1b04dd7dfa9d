"""The studio page: the room to write in, and the latest pictures."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import ids, workspaces
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
    for name in ("source", "remix"):
        if elsewhere := _elsewhere(request, request.GET.get(name)):
            messages.info(request, f"For this picture, work in “{elsewhere.workspace}”.")
            return redirect("gallery:image_page", elsewhere.pk)
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
    shown = _ours(request).shown_to(request.user).with_makers()
    latest = list(shown.newest_first()[:SHOWN])
    return {
        "may_make": workspaces.may_make(request.user, request.workspace),
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
        last = UUID(after)
    except ValueError:
        return []
    own = _ours(request).filter(created_by=request.user)
    return list(own.filter(pk__gt=last).newest_first()[:SHOWN])


def watched(some: Iterable[Job]) -> dict[str, Any]:
    """What cards of jobs that have not ended tell: their place, and how long it usually takes."""
    unfinished = [job for job in some if not job.is_terminal]
    return {
        "watched": unfinished,
        "places": jobs.places(unfinished),
        "usual": jobs.usual_ms({job.model for job in unfinished}),
    }


def _ours(request: WorkspaceRequest) -> JobQuerySet:
    return Job.objects.in_workspace(request.workspace).with_pictures()


def source_of(request: WorkspaceRequest, text: str | None) -> Image | None:
    return _named(Image.objects.in_workspace(request.workspace), text)


def _elsewhere(request: WorkspaceRequest, text: str | None) -> Image | None:
    """A picture of another workspace of the person's: its page leads there."""
    if not text:
        return None
    visible = Image.objects.visible_to(request.user).exclude(workspace=request.workspace)
    return _named(visible.select_related("workspace"), text)


def _named(some: QuerySet[Image], text: str | None) -> Image | None:
    try:
        return some.filter(pk=UUID(text or "")).first()
    except ValueError:
        return None
