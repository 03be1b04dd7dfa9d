"""Where people sign in from: a browser is known by a cookie that it got when they did so before.

So nothing is kept here of what browsers and addresses somebody uses. Who signs in with a browser
that does not know them gets a letter about it; at the first time of all nobody does.
"""

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts import letters, sessions, tries
from accounts.models import User

_COOKIE = "easel_known"
_SALT = "easel.places"
_A_YEAR_SECONDS = 31_536_000
_MOST = 10  # people who share a browser


def greet(request: HttpRequest, response: HttpResponse, user: User, *, is_first: bool) -> None:
    """To be called when somebody has signed in. Makes the browser known."""
    known = _known(request)
    response.set_cookie(
        _COOKIE,
        signing.dumps([user.pk, *(each for each in known if each != user.pk)][:_MOST], salt=_SALT),
        max_age=_A_YEAR_SECONDS,
        path=reverse("account_login"),
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    if user.pk not in known and not is_first:
        _tell(request, user)


def _known(request: HttpRequest) -> list[int]:
    try:
        found = signing.loads(request.COOKIES.get(_COOKIE, ""), salt=_SALT, max_age=_A_YEAR_SECONDS)
    except signing.BadSignature:
        return []
    return [each for each in found if isinstance(each, int)]


def _tell(request: HttpRequest, user: User) -> None:
    letters.send(
        "new_place",
        to=user.email,
        device=sessions.device(request.headers.get("User-Agent", "")),
        ip=tries.address_of(request),
        at=timezone.now(),
        url=letters.at_site(reverse("usersessions_list")),
    )
