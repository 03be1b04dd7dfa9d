from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from django_htmx.middleware import HtmxDetails

from accounts import workspaces
from accounts.models import User, Workspace

_KEPT = "workspace"


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


def switch(request: HttpRequest, workspace: Workspace) -> None:
    """Makes it the one that the person works in, from now on."""
    request.session[_KEPT] = str(workspace.pk)
    request.workspace = workspace  # type: ignore[attr-defined]
