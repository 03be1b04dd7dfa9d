from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from django_htmx.middleware import HtmxDetails

from accounts import workspaces
from accounts.models import User, Workspace


class WorkspaceRequest(HttpRequest):
    """What a view is given when the person is signed in, as `login_required` sees to."""

    user: User
    workspace: Workspace
    htmx: HtmxDetails


class WorkspaceMiddleware:
    """Gives `request.workspace`, found at its first use; None for those not signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.workspace = SimpleLazyObject(lambda: _workspace_of(request))  # type: ignore[attr-defined]
        return self.get_response(request)


def _workspace_of(request: HttpRequest) -> Workspace | None:
    if not request.user.is_authenticated:
        return None
    return workspaces.current(request.user, request.session.get("workspace"))
