"""Error pages, all of one family. They ask nothing of the database or the session."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

_WORDS = {
    400: ("This request cannot be read", "Go back and try it again."),
    403: ("You may not do this", "Sign in as somebody who may, or ask the workspace's owner."),
    404: ("There is nothing here", "It may have been deleted, or belong to somebody else."),
    413: ("This is too large", "A photo may have at most 20 MB."),
    429: ("That was a little fast", "Wait a minute, then go on."),
    500: ("Something went wrong here", "It has been noted. Nothing was charged for it."),
}


def page(request: HttpRequest, status: int, *, title: str = "", advice: str = "") -> HttpResponse:
    words = _WORDS[status]
    context = {"status": status, "title": title or words[0], "advice": advice or words[1]}
    return render(request, "error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 404)


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page(request, 429)


def server_error(request: HttpRequest) -> HttpResponse:
    return page(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return page(
        request,
        403,
        title="This page has grown old",
        advice="You may have signed in or out in another tab. Load the page again.",
    )
