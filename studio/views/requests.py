"""Answers to those who ask for an order over their monthly cap."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from accounts.middleware import WorkspaceRequest
from studio import jobs
from studio.jobs import asking
from studio.models import Job


@require_POST
@login_required
def request_approve(request: WorkspaceRequest, order_id: UUID) -> HttpResponse:
    job = _found(request, order_id)
    try:
        made = asking.approve(workspace=job.workspace, order_id=order_id, by=request.user)
    except (jobs.AnsweredAlready, jobs.AskerGone) as error:
        messages.info(request, str(error))
    else:
        messages.success(request, f"{_pictures(made)} of {job.created_by} will be made.")
    return redirect("accounts:workspace_page", job.workspace_id)


@require_POST
@login_required
def request_decline(request: WorkspaceRequest, order_id: UUID) -> HttpResponse:
    job = _found(request, order_id)
    try:
        asking.decline(workspace=job.workspace, order_id=order_id, by=request.user)
    except jobs.AnsweredAlready as error:
        messages.info(request, str(error))
    else:
        messages.info(request, "They are told that it was not for now. Nothing was charged.")
    return redirect("accounts:workspace_page", job.workspace_id)


def _found(request: WorkspaceRequest, order_id: UUID) -> Job:
    ours = Job.objects.visible_to(request.user).filter(order_id=order_id).order_by("pk")
    found = ours.select_related("workspace", "created_by")[:1]
    return get_object_or_404(found)


def _pictures(made: list[Job]) -> str:
    return "A picture" if len(made) == 1 else f"{len(made)} pictures"
