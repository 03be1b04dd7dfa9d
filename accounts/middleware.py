from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.http import urlencode
from django_htmx.middleware import HtmxDetails

from accounts import terms, workspaces
from accounts.models import User, Workspace

_KEPT = "workspace"
_ASKED_IN = ("accounts", "gallery", "studio")


class WorkspaceRequest(HttpRequest):
    """What a view is given when the person is signed in, as `login_required` sees to."""

    user: User
    workspace: Workspace
    htmx: HtmxDetails


class WorkspaceMiddleware:
    """Gives `request.workspace`, found at its first use; None for those not signed in.

    It is the one that the page shows which asks (its `X-Workspace`, or the `workspace` of a form's
    address): the person may have switched to another one in another tab, whose money this one
    must not spend. Else it is the one that they switched to last.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.workspace = SimpleLazyObject(lambda: _workspace_of(request))  # type: ignore[attr-defined]
        return self.get_response(request)


def _workspace_of(request: HttpRequest) -> Workspace | None:
    if not request.user.is_authenticated:
        return None
    shown = request.headers.get("X-Workspace")
    if shown is None and request.method == "POST":
        shown = request.GET.get("workspace")
    if shown is None:
        return workspaces.current(request.user, request.session.get(_KEPT))
    found = workspaces.named(request.user, shown)
    if found is None:
        raise Http404
    return found


class TermsMiddleware:
    """Asks people for what they have not accepted yet, before anything else.

    Not for what is public, for those who run Easel, and for what it takes to go instead: to
    see what is kept, to take it along, to end the account. What a page asks for by itself goes
    on, so that a page that is open does not vanish; what is sent from it does not.
    """

    _OPEN = (
        *("accounts:terms_accept", "accounts:privacy", "accounts:export_", "accounts:letters_"),
        *("accounts:account_delete", "accounts:join", "gallery:share_", "gallery:verify"),
        *("gallery:report_", "gallery:image_file"),
    )

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: Any, *_view: object) -> HttpResponse | None:
        match, user = request.resolver_match, request.user
        if match.namespace not in _ASKED_IN or match.view_name.startswith(self._OPEN):
            return None
        if not user.is_authenticated or user.is_staff or terms.has_accepted(user):
            return None
        way = request.get_full_path() if request.method == "GET" else "/"
        target = f"{reverse('accounts:terms_accept')}?{urlencode({'next': way})}"
        if not request.htmx:
            return redirect(target)
        if request.method == "GET":
            return None
        return HttpResponse(status=204, headers={"HX-Redirect": target})


def switch(request: HttpRequest, workspace: Workspace) -> None:
    """Makes it the one that the person works in, from now on."""
    request.session[_KEPT] = str(workspace.pk)
    request.workspace = workspace  # type: ignore[attr-defined]
