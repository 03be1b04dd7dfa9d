"""Where the links in letters lead, to whom letters go, and what arrives of them."""

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import invitations, letters, members, teams
from accounts.models import Membership, Role, User
from tests.conftest import person
from tests.product import free_port

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


# Sent through a real mail server


class Post:
    """Keeps what arrives, as aiosmtpd hands it over."""

    def __init__(self) -> None:
        self.letters: list[tuple[list[str], EmailMessage]] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.letters.append((envelope.rcpt_tos, message))
        return "250 OK"


@pytest.fixture
def post(settings: Any) -> Iterator[Post]:
    keeps = Post()
    server = Controller(keeps, hostname="127.0.0.1", port=free_port())
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.hostname, server.port
    yield keeps
    server.stop()


def parts(message: EmailMessage) -> tuple[str, str]:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text
    assert html
    assert message.get_content_type() == "multipart/alternative"
    return text.get_content(), html.get_content()


def test_each_letter_of_a_team_arrives_in_text_and_html(
    post: Post, ada: User, client: Client
) -> None:
    """A name cannot bring markup or lines of its own into it."""
    team = teams.open_team(by=ada, name="Köpfe <b>&</b> “Co”")
    ben = Membership.objects.create(user=person("Ben"), workspace=team, role=Role.MEMBER)
    User.objects.filter(pk=ada.pk).update(name="Ada\n\nPay: https://evil.example/")
    ada.refresh_from_db()
    invitations.invite(workspace=team, by=ada, email="new@example.com", role=Role.VIEWER)
    members.change(member=ben, by=ada, role=Role.ADMIN, monthly_cap_micros=None)
    members.hand_over(member=ben, by=ada)
    members.remove(member=Membership.objects.get(workspace=team, user=ada), by=ben.user)
    subjects = [
        "invites you to “Köpfe <b>&</b> “Co”” on Easel",
        "You are an admin of “Köpfe <b>&</b> “Co”” now",
        "“Köpfe <b>&</b> “Co”” is yours now",
        "You are no longer in “Köpfe <b>&</b> “Co””",
    ]
    to = ["new@example.com", ben.user.email, ben.user.email, ada.email]
    assert [rcpt for rcpt, _ in post.letters] == [[each] for each in to]
    for (_, message), subject in zip(post.letters, subjects, strict=True):
        assert message["Subject"].endswith(subject)
        text, html = parts(message)
        assert "<b>" in text
        assert "<b>" not in html
        assert "Köpfe &lt;b&gt;" in html
        assert "prefers-color-scheme: dark" in html
        assert not re.search(r"<img|<link|@import|url\(|\ssrc=", html), "nothing remote"
        links = set(re.findall(r'href="([^"]+)"', html))
        assert all(each.startswith(SITE) for each in links)
        assert all(each in html for each in re.findall(r"https://easel\S+", text))


def test_every_letter_has_a_button_for_what_it_asks_for(post: Post, client: Client) -> None:
    fields = {"email": "new@example.com", "password1": "a horse, correctly stapled"}
    client.post(reverse("account_signup"), fields, headers={"host": "other.example.com"})
    ((_, message),) = post.letters
    _, html = parts(message)
    assert re.search(r'class="button"\s+href="https://easel[^"]+confirm-email', html)


def test_a_letter_that_cannot_be_sent_is_said_and_not_raised(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    assert not letters.send("removed", to="ben@example.com", by="Ada", workspace="Team")
    assert "not sent letter=removed" in caplog.text
