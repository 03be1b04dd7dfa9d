"""Orders that the studio page sends, and news of their jobs."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts import ids
from accounts.ledger import InsufficientCredit
from accounts.middleware import WorkspaceRequest
from gallery.codec import CodecBusy
from gallery.images import StorageError
from gallery.models import Image
from studio import jobs
from studio.forms import StudioForm
from studio.models import Job
from studio.views.fragments import fragment, signed_in
from studio.views.page import room, source_of, watched

_POLL_SECONDS = 20.0
_MAX_WATCHED = 200


@require_POST
@signed_in
def job_create(request: WorkspaceRequest) -> HttpResponse:
    form = StudioForm(
        request.POST,
        request.FILES,
        images=Image.objects.in_workspace(request.workspace),
        check=partial(jobs.check, by=request.user, workspace=request.workspace),
    )
    try:
        if not form.is_valid() or form.order is None:
            return _refused(request, form)
        made = jobs.submit(
            by=request.user,
            workspace=request.workspace,
            order=form.order,
            source=form.to_edit,
            region=form.region,
            order_id=form.cleaned_data["order_id"],
        )
    except (InsufficientCredit, jobs.QuotaExceeded) as error:
        form.add_error(None, str(error))
        is_out_of_credit = isinstance(error, InsufficientCredit)
        return _refused(request, form, is_out_of_credit=is_out_of_credit)
    except CodecBusy as error:
        form.add_error("photo", error.sentence)
        return _refused(request, form, status=503)
    except StorageError:
        form.add_error(None, "The photo could not be kept just now. Please try again.")
        return _refused(request, form, status=503)
    if not request.htmx:
        return redirect("studio:studio")
    context = {"jobs": made[::-1], "order_id": ids.new(), **watched(made)}
    return fragment(request, "studio/_accepted.html", context)


def _refused(
    request: WorkspaceRequest,
    form: StudioForm,
    *,
    status: int = 422,
    is_out_of_credit: bool = False,
) -> HttpResponse:
    """Sentences, and that nothing was charged. Without JavaScript, the whole page again."""
    context: dict[str, Any] = {"form": form, "is_out_of_credit": is_out_of_credit}
    if request.htmx:
        return fragment(request, "studio/_refused.html", context, status=status)
    context |= room(request)
    context["source"] = source_of(request, request.POST.get("source"))
    return render(request, "studio/studio.html", context, status=status)


@require_safe
@signed_in
def job_watch(request: WorkspaceRequest) -> HttpResponse:
    """Waits until one of the jobs changes, then sends their cards and asks to be asked again.

    `?job=<id>:<state seen>`, once for each job that has not ended. Asked about none, it sends
    the balance at once.
    """
    seen = _seen(request.GET.getlist("job"))
    ours = Job.objects.visible_to(request.user).filter(pk__in=seen)
    known = {pk: seen[pk] for pk in ours.values_list("pk", flat=True)}
    if seen and not known:
        raise Http404
    with jobs.place("page", of=request.user.pk) as is_free:
        if is_free:
            jobs.wait_for_change(known, _POLL_SECONDS)
    now = list(Job.objects.filter(pk__in=known).with_pictures())
    changed = [job for job in now if job.state != seen[job.pk]]
    return fragment(request, "studio/_watch.html", {"jobs": changed, **watched(now)})


@require_POST
@signed_in
def job_cancel(request: WorkspaceRequest, job_id: UUID) -> HttpResponse:
    job = get_object_or_404(
        Job.objects.visible_to(request.user).select_related("workspace"), pk=job_id
    )
    if not jobs.cancel(job=job, by=request.user) and not job.is_terminal:
        messages.info(request, "It had ended already.")
    if not request.htmx:
        return redirect("studio:studio")
    now = [Job.objects.with_pictures().get(pk=job.pk)]
    return fragment(request, "studio/_watch.html", {"jobs": now, **watched(now)})


def _seen(pairs: list[str]) -> dict[UUID, str]:
    seen = {}
    for pair in pairs[:_MAX_WATCHED]:
        text, _, state = pair.partition(":")
        try:
            seen[UUID(text)] = state
        except ValueError as error:
            raise Http404 from error
    return seen
