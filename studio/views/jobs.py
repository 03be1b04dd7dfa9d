"""Orders that the studio page sends, and news of their jobs."""

import logging
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import DatabaseError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts import ids
from accounts.ledger import InsufficientCredit
from accounts.middleware import WorkspaceRequest
from accounts.models import User
from gallery.codec import CodecBusy
from gallery.images import StorageError
from gallery.models import Image
from studio import bench, jobs, prompts
from studio.forms import StudioForm
from studio.jobs import asking
from studio.models import Job, State
from studio.orders import OrderError
from studio.views.fragments import fragment, signed_in
from studio.views.page import newer, room, source_of, watched

log = logging.getLogger("easel.jobs")
_CANNOT = (
    *(InsufficientCredit, jobs.QuotaExceeded, jobs.SourceGone),
    *(CodecBusy, StorageError),
)
_POLL_SECONDS = 20.0
# While others run before ours, the place in the queue changes and our jobs do not.
_POLL_QUEUED_SECONDS = 3.0
_MAX_WATCHED = 200


@require_POST
@signed_in
def job_create(request: WorkspaceRequest) -> HttpResponse:
    whose: dict[str, Any] = {"by": request.user, "workspace": request.workspace}
    is_asking = request.POST.get("ask") == "on"
    form = StudioForm(
        request.POST,
        request.FILES,
        images=Image.objects.in_workspace(request.workspace),
        check=partial(jobs.check, **whose, is_asking=is_asking),
    )
    try:
        if not form.is_valid() or form.order is None:
            return _refused(request, form)
        made = jobs.submit(
            **whose,
            order=form.order,
            source=form.to_edit,
            region=form.region,
            order_id=form.cleaned_data["order_id"],
            is_asking=is_asking,
        )
    except _CANNOT as error:
        return _cannot(request, error, form)
    asking.tell(made)
    _remember(request, form.order.prompt)
    return _accepted(request, made)


@require_POST
@signed_in
def job_again(request: WorkspaceRequest, job_id: UUID) -> HttpResponse:
    """Orders once more what a job did not deliver, at the price of now."""
    ours = Job.objects.visible_to(request.user).select_related("workspace", "source")
    job = get_object_or_404(ours, pk=job_id)
    try:
        made = jobs.again(job=job, by=request.user)
    except (OrderError, *_CANNOT) as error:
        return _cannot(request, error)
    return _accepted(request, made)


def _accepted(request: WorkspaceRequest, made: list[Job]) -> HttpResponse:
    if not request.htmx:
        return redirect("studio:studio")
    context = {"jobs": made[::-1], "order_id": ids.new(), **watched(made)}
    return fragment(request, "studio/_accepted.html", context)


def _remember(request: WorkspaceRequest, prompt: str) -> None:
    """The order stands, whatever becomes of this."""
    try:
        prompts.remember(by=request.user, workspace=request.workspace, text=prompt)
    except DatabaseError:
        log.warning("a prompt was not kept")


def _cannot(
    request: WorkspaceRequest, error: Exception, form: StudioForm | None = None
) -> HttpResponse:
    if isinstance(error, CodecBusy):
        return _refused(request, form, sentence=error.sentence, status=503)
    if isinstance(error, StorageError):
        sentence = "The photo could not be kept just now. Please try again."
        return _refused(request, form, sentence=sentence, status=503)
    is_out_of_credit = isinstance(error, InsufficientCredit)
    may_ask = form is not None and isinstance(error, jobs.MemberCapReached)
    said = {"is_out_of_credit": is_out_of_credit, "may_ask": may_ask}
    return _refused(request, form, sentence=str(error), **said)


def _refused(
    request: WorkspaceRequest, form: StudioForm | None, *, status: int = 422, **said: Any
) -> HttpResponse:
    """Sentences, and that nothing was charged. Without JavaScript, the whole page again."""
    context: dict[str, Any] = {"form": form, **said}
    if request.htmx:
        return fragment(request, "studio/_refused.html", context, status=status)
    context |= room(request)
    source = source_of(request, request.POST.get("source"))
    context |= {"source": source, "bench": source and bench.of(source)}
    return render(request, "studio/studio.html", context, status=status)


@require_safe
@signed_in
def job_watch(request: WorkspaceRequest) -> HttpResponse:
    """Waits until one of the jobs changes, then sends their cards and asks to be asked again.

    `?job=<id>:<state seen>`, once for each job that has not ended, and `?after=<id>` for what
    another tab ordered since. Asked about none, it sends the balance at once. Who lost their
    account or their place in the team while they waited is sent nothing.
    """
    seen = _seen(request.GET.getlist("job"))
    ours = Job.objects.visible_to(request.user).filter(pk__in=seen)
    known = {pk: seen[pk] for pk in ours.values_list("pk", flat=True)}
    if seen and not known:
        raise Http404
    bool(request.workspace)  # asked for now, while nobody waits for it
    with jobs.place("page", of=request.user.pk) as is_free:
        if is_free:
            is_queued = State.QUEUED in known.values()
            jobs.wait_for_change(known, _POLL_QUEUED_SECONDS if is_queued else _POLL_SECONDS)
    if not User.objects.filter(pk=request.user.pk, is_active=True).exists():
        return HttpResponse(status=401)
    now = list(Job.objects.visible_to(request.user).filter(pk__in=known).with_pictures())
    if known and not now:
        raise Http404
    context = {
        "jobs": [job for job in now if job.state != seen[job.pk]],
        "newer": newer(request, request.GET.get("after", "")),
        "asked": bool(seen),
        **watched(now),
    }
    return fragment(request, "studio/_watch.html", context)


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
