"""Where people are signed in: a row for each browser, seen again every few minutes.

allauth writes a row at signing in. It could renew it at every request, which would be a write for
each page; here it is done after a while, and only then.
"""

import re
import time
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse

from accounts.models import User

_SEEN = "seen"
_SEEN_SECONDS = 300
_BROWSERS = (
    ("Edge", r"\bEdg(A|iOS)?/"),
    ("Opera", r"\bOPR/"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"(Firefox|FxiOS)/"),
    ("Chrome", r"(Chrome|Chromium|CriOS)/"),
    ("Safari", r"Version/.*Safari/"),
)
_SYSTEMS = (
    ("Android", r"Android"),
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Windows", r"Windows"),
    ("a Mac", r"Macintosh"),
    ("ChromeOS", r"CrOS"),
    ("Linux", r"Linux"),
)


class SessionMiddleware:
    """Notes that a browser is still in use. Asks nothing for those who are not signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        self._note(request)
        return response

    def _note(self, request: HttpRequest) -> None:
        """Only for pages that asked who it is: no other is a visit."""
        if not (request.session.accessed and request.session.session_key):
            return
        since_seconds = time.time() - request.session.get(_SEEN, 0)
        if since_seconds < _SEEN_SECONDS or not request.user.is_authenticated:
            return
        mark_seen(request)
        UserSession.objects.create_from_request(request)


def mark_seen(request: HttpRequest) -> None:
    """At signing in, where allauth writes the row."""
    request.session[_SEEN] = int(time.time())


def end_all(user: User) -> int:
    """Signs the person out everywhere, from the next request on."""
    ours = UserSession.objects.filter(user=user)
    for session in ours:
        session.end()
    return len(ours)


def device(user_agent: str) -> str:
    """In words; only ours, as a browser may say anything of itself."""
    browser = _named(_BROWSERS, user_agent) or "A browser"
    system = _named(_SYSTEMS, user_agent)
    return f"{browser} on {system}" if system else browser


def _named(known: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for name, pattern in known if re.search(pattern, user_agent)), "")
