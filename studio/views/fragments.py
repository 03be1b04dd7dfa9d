"""Answers that htmx takes into a page that is open."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render

from accounts.middleware import WorkspaceRequest


def signed_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """As login_required; but htmx would follow a redirect and put that page into this one."""

    @wraps(view)
    def guarded(request: WorkspaceRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.htmx and not request.user.is_authenticated:
            return HttpResponse(status=401)
        return guarded_page(request, *args, **kwargs)

    guarded_page = login_required(view)
    return guarded


def fragment(
    request: WorkspaceRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Marked as ours: the page takes in nothing that lacks the mark, such as a proxy's words."""
    response = render(request, template, context, status=status)
    response["X-Easel"] = "fragment"
    return response
