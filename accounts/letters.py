"""Letters to people. Each is written once, as text, and its HTML is made of the same paragraphs.

Label: https://...     becomes a button
https://...            alone in its paragraph, a link
- this                 a list, of lines that all begin so
"""

import logging
import re
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from accounts.models import User

log = logging.getLogger("easel.letters")
_BUTTON = re.compile(r"(?P<label>[^:\n]{1,40}): (?P<url>https?://\S+)")
_LINK = re.compile(r"(?P<url>https?://\S+)")


def send(letter: str, *, to: str, **context: Any) -> bool:
    """False if the mail server did not take it. Never to be called in a transaction.

    `letter` names two templates, of its subject and its message.
    """
    try:
        written = get_adapter().render_mail(f"accounts/letters/{letter}", to, site() | context)
        written.send()
    except (SMTPException, OSError):
        log.exception("not sent letter=%s", letter)
        return False
    return True


def site() -> dict[str, Any]:
    """Of SITE_URL, whatever host a request was sent to."""
    host = urlsplit(settings.SITE_URL).netloc
    return {"current_site": {"domain": host, "name": host}, "site_url": settings.SITE_URL}


def at_site(path: str) -> str:
    return settings.SITE_URL + path


def said_by(user: User) -> str:
    """Who it is, in one line; with the address, as a name may be anybody's."""
    name = " ".join(user.name.split())
    return f"{name} ({user.email})" if name else user.email


def add_html(message: EmailMultiAlternatives) -> None:
    *paragraphs, _signature = re.split(r"\n\s*\n", str(message.body).strip())
    context = {
        "subject": message.subject,
        "parts": [_part(each) for each in paragraphs],
        **site(),
    }
    html = render_to_string("accounts/letters/base.html", context)
    message.attach_alternative(re.sub(r"\n\s*\n", "\n", html), "text/html")


def _part(paragraph: str) -> dict[str, Any]:
    for kind, pattern in (("button", _BUTTON), ("link", _LINK)):
        if found := pattern.fullmatch(paragraph):
            return {"kind": kind, **found.groupdict()}
    lines = paragraph.splitlines()
    if all(line.startswith("- ") for line in lines):
        return {"kind": "list", "lines": [line[2:] for line in lines]}
    return {"kind": "text", "lines": lines}
