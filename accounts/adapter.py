from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from accounts import erasure, letters, places, sessions, terms, workspaces
from accounts.models import User

_FIRST = "is_first_time"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Gives every new person a workspace with its first credit, or does not sign them up.

    The page says what they accept by that.
    """

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        with transaction.atomic():
            saved: User = super().save_user(request, user, form, commit)
            if commit:
                workspaces.personal(saved)
                terms.accept(by=saved)
        return saved

    def login(self, request: HttpRequest, user: User) -> None:
        is_first = user.last_login is None  # what follows sets it
        super().login(request, user)
        request.session[_FIRST] = is_first
        sessions.mark_seen(request)

    def post_login(self, request: HttpRequest, user: User, **facts: Any) -> HttpResponse:
        """Whoever signs in stays; and hears of it, where this browser is not known."""
        response: HttpResponse = super().post_login(request, user, **facts)
        if erasure.cancel(user=user):
            messages.success(request, "Welcome back. Your account stays, with all that is in it.")
        places.greet(request, response, user, is_first=request.session.pop(_FIRST, False))
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A letter's links lead to SITE_URL, whatever host the request was sent to."""
        ours = {name: _at_site(url) for name, url in context.items() if name.endswith("_url")}
        super().send_mail(template_prefix, email, context | ours | letters.site())

    def render_mail(self, *args: Any, **kwargs: Any) -> EmailMultiAlternatives:
        """In text, and in HTML made of it."""
        message: EmailMultiAlternatives = super().render_mail(*args, **kwargs)
        letters.add_html(message)
        return message


def _at_site(url: str) -> str:
    return letters.at_site(urlsplit(url)._replace(scheme="", netloc="").geturl())
