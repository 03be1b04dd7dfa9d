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
from studio import offers, orders
from studio.models import Job

SHOWN = 24


@never_cache
@require_safe
def studio(request: WorkspaceRequest) -> HttpResponse:
    """The studio; for those not signed in, what Easel is.

    Never cached: going back to it would bring back the name of an order that was sent.
    """
    if not request.user.is_authenticated:
        return render(request, "studio/welcome.html")
    source = source_of(request, request.GET.get("source"))
    return render(request, "studio/studio.html", {**room(request), "source": source})


def room(request: WorkspaceRequest) -> dict[str, Any]:
    """What the page shows: the models, the latest jobs, and the name of the next order.

    An order's name goes out with its form, so that a form sent twice is one order.
    """
    latest = list(
        Job.objects.in_workspace(request.workspace)
        .filter(created_by=request.user)
        .with_pictures()
        .newest_first()[:SHOWN]
    )
    return {
        "offered": offers.all_on(),
        "jobs": latest,
        "max_photo_bytes": MAX_BYTES,
        "max_photo_megabytes": MAX_BYTES // 1024**2,
        "max_photo_side": MAX_SIDE,
        "max_count": orders.MAX_COUNT,
        "order_id": ids.new(),
        **watched(latest),
    }


def watched(some: Iterable[Job]) -> dict[str, list[Job]]:
    return {"watched": [job for job in some if not job.is_terminal]}


def source_of(request: WorkspaceRequest, text: str | None) -> Image | None:
    try:
        pk = UUID(text or "")
    except ValueError:
        return None
    return Image.objects.in_workspace(request.workspace).filter(pk=pk).first()
