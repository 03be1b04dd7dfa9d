"""Error pages, all of one family, and JSON for programs.

They ask nothing of the database or the session.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from studio.api import errors
from studio.api.base import is_api

_WORDS = {
    400: ("This request cannot be read", "Go back and try it again."),
    403: ("You may not do this", "Sign in as somebody who may, or ask the workspace's owner."),
    404: ("There is nothing here", "It may be gone, or belong to somebody else."),
    413: ("This is too large", "A photo may have at most 20 MB."),
    429: ("That was a little fast", "Wait a minute, then go on."),
    500: (
        "Something went wrong here",
        "It has been noted. Go back to the studio: what arrived is there.",
    ),
}

_TO_PROGRAMS = {404: "There is nothing at this address. /v1/docs lists those that there are."}


def page(request: HttpRequest, status: int, *, title: str = "", advice: str = "") -> HttpResponse:
    words = _WORDS[status]
    if is_api(request):
        said = _TO_PROGRAMS.get(status, f"{title or words[0]}.")
        return JsonResponse(errors.body(status, said), status=status)
    context = {"status": status, "title": title or words[0], "advice": advice or words[1]}
    return render(request, "error.html", context, status=status)


def _handler(status: int) -> Callable[..., HttpResponse]:
    def handle(request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        return page(request, status)

    return handle


bad_request = _handler(400)
forbidden = _handler(403)
not_found = _handler(404)
too_many = _handler(429)
server_error = _handler(500)


def csrf_failure(request: HttpRequest, **_reason: str) -> HttpResponse:
    return page(
        request,
        403,
        title="This page has grown old",
        advice="You may have signed in or out in another tab. Load the page again.",
    )
