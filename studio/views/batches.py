"""One instruction for many pictures: a quote, then how far it is."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import ids
from accounts.ledger import InsufficientCredit
from accounts.middleware import WorkspaceRequest
from gallery.models import Image
from studio import batches, jobs, offers, orders, prompts
from studio.batches import BatchForm
from studio.models import Job
from studio.views.fragments import signed_in
from studio.views.page import watched


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def batch_create(request: WorkspaceRequest) -> HttpResponse:
    """`image`, once for each picture. A POST without `prompt` only shows the page."""
    given = request.POST if request.method == "POST" else request.GET
    names = given.getlist("image")[: orders.MAX_PHOTOS]
    images = batches.chosen(Image.objects.in_workspace(request.workspace), names)
    if "prompt" not in request.POST or not images:
        return _page(request, images)
    form = BatchForm(request.POST, chosen=images)
    try:
        if not form.is_valid() or form.order is None:
            return _page(request, images, form, status=422)
        made = jobs.submit(
            by=request.user,
            workspace=request.workspace,
            order=form.order,
            source=images,
            order_id=form.named(),
        )
    except (InsufficientCredit, jobs.QuotaExceeded, jobs.SourceGone) as error:
        form.add_error(None, str(error))
        return _page(request, images, form, status=422)
    prompts.remember(by=request.user, workspace=request.workspace, text=form.order.prompt)
    return redirect("studio:batch_page", made[0].order_id)


def _page(
    request: WorkspaceRequest,
    images: list[Image],
    form: BatchForm | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    able = [each for each in offers.all_on() if each.model.can("edit")]
    context: dict[str, Any] = {
        "images": images,
        "form": form,
        "offered": able,
        "most": orders.MAX_PHOTOS,
        "order_id": ids.new(),
        "total_micros": able[0].price_micros * len(images) if able else 0,
    }
    return render(request, "studio/batch_create.html", context, status=status)


@never_cache
@require_safe
@signed_in
def batch_page(request: WorkspaceRequest, order_id: UUID) -> HttpResponse:
    ours = _of_order(request, order_id)
    context = {"jobs": ours, "order_id": order_id, **watched(ours)}
    return render(request, "studio/batch_page.html", context)


@require_POST
@signed_in
def batch_stop(request: WorkspaceRequest, order_id: UUID) -> HttpResponse:
    """Cancels what has not ended; what is done stays."""
    for job in _of_order(request, order_id):
        if not job.is_terminal:
            jobs.cancel(job=job, by=request.user)
    return redirect("studio:batch_page", order_id)


def _of_order(request: WorkspaceRequest, order_id: UUID) -> list[Job]:
    ours = Job.objects.visible_to(request.user).filter(order_id=order_id)
    found = list(ours.with_pictures().select_related("workspace", "image", "source").in_turn())
    if not found:
        raise Http404
    return found
