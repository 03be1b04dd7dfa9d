"""The prompts that a person used or starred, and those to start from."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.middleware import WorkspaceRequest
from studio import prompts, starters
from studio.models import Prompt
from studio.views.fragments import fragment, signed_in


@never_cache
@require_safe
@signed_in
def prompt_list(request: WorkspaceRequest) -> HttpResponse:
    """The list alone for the studio page's panel, else a page."""
    context = _lists(request)
    if request.htmx:
        return fragment(request, "studio/_prompts.html", context)
    return render(request, "studio/prompt_list.html", context)


@require_POST
@signed_in
def prompt_star(request: WorkspaceRequest, prompt_id: UUID) -> HttpResponse:
    ours = Prompt.objects.of(request.user, request.workspace).select_related("workspace")
    prompt = get_object_or_404(ours, pk=prompt_id)
    try:
        prompts.star(by=request.user, prompt=prompt, is_on="on" in request.POST)
    except prompts.TooManyStars as error:
        return _again(request, sentence=str(error))
    return _again(request)


@require_POST
@signed_in
def prompt_forget(request: WorkspaceRequest, prompt_id: UUID) -> HttpResponse:
    if not prompts.forget(by=request.user, workspace=request.workspace, prompt_id=prompt_id):
        raise Http404
    return _again(request)


@require_POST
@signed_in
def prompt_forget_all(request: WorkspaceRequest) -> HttpResponse:
    prompts.forget(by=request.user, workspace=request.workspace)
    return _again(request)


def _again(request: WorkspaceRequest, *, sentence: str = "") -> HttpResponse:
    if request.htmx:
        return fragment(request, "studio/_prompts.html", {**_lists(request), "said": sentence})
    if sentence:
        messages.info(request, sentence)
    return redirect("studio:prompt_list")


def _lists(request: WorkspaceRequest) -> dict[str, Any]:
    kept = prompts.recent(by=request.user, workspace=request.workspace)
    return {
        "starred": [each for each in kept if each.starred_at],
        "recent": [each for each in kept if not each.starred_at],
        "starters": starters.every(),
        "are_sketched": starters.are_sketched(),
    }
