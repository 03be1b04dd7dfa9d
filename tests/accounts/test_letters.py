"""Where the links in letters lead, and to whom letters go."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User

pytestmark = pytest.mark.django_db
SITE = "https://easel.example.com:8443"


@pytest.fixture(autouse=True)
def _another_host(settings: Any) -> None:
    settings.SITE_URL = SITE
    settings.ALLOWED_HOSTS = ["other.example.com"]
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


def letter(client: Client, page: str, **fields: str) -> str:
    client.post(reverse(page), fields, headers={"host": "other.example.com"})
    (sent,) = mail.outbox
    return f"{sent.subject} {sent.body}"


def check(text: str) -> str:
    """The link of a letter that names no other host."""
    assert "other.example.com" not in text
    links = re.findall(r"https?://\S+", text)
    assert links
    assert all(link.startswith(f"{SITE}/accounts/") for link in links)
    return links[0].removeprefix(SITE)


def test_a_new_password(client: Client, ada: User) -> None:
    address = check(letter(client, "account_reset_password", email=ada.email))
    headers = {"host": "other.example.com"}
    page = client.get(address, headers=headers, follow=True)
    assert "password1" in page.content.decode()


def test_an_address_to_prove(client: Client) -> None:
    fields = {"email": "new@example.com", "password1": "a horse, correctly stapled"}
    assert "confirm-email" in check(letter(client, "account_signup", **fields))


def test_somebody_unknown(client: Client) -> None:
    check(letter(client, "account_reset_password", email="nobody@example.com"))


def test_an_address_that_is_known(client: Client, ada: User) -> None:
    fields = {"email": ada.email, "password1": "a horse, correctly stapled"}
    check(letter(client, "account_signup", **fields))
