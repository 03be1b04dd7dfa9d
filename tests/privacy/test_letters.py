# ruff: noqa: F401, F811 - fixtures of others
"""Letters about money, keys and sign-ins: through a real mail server, each sent once."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import erasure, exports, ids, ledger, teams, thrift
from accounts.models import Membership, Role, User, Workspace
from tests.accounts.test_letters import SITE, Post, _another_host, parts, post
from tests.conftest import person

pytestmark = pytest.mark.django_db
AS = {"host": "other.example.com"}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def spend(workspace: Workspace, micros: int) -> None:
    reference = f"job:{ids.new()}"
    ledger.hold(workspace=workspace, amount_micros=micros, reference=reference)
    ledger.post(reference=reference)


def sweep() -> None:
    thrift.sweep(at=timezone.now())


def arrived(post: Post) -> list[tuple[str, str]]:
    """To whom, and what about; each in text and HTML that lead to our site alone."""
    for _, message in post.letters:
        text, html = parts(message)
        links = re.findall(r"https?://\S+", text)
        assert links or "last letter" in text
        assert all(link.startswith(SITE) for link in links)
        assert all(link in html for link in links)
    return [(rcpt[0], message["Subject"]) for rcpt, message in post.letters]


# Low credit


def test_owners_are_told_once_until_there_is_more(
    post: Post,
    ada: User,
    workspace: Workspace,
) -> None:
    sweep()
    spend(workspace, 87_000)
    sweep()
    assert post.letters == [], "0.063 are left, and enough"
    spend(workspace, 6_000)
    for _ in range(3):
        sweep()
    assert arrived(post) == [(ada.email, "“Personal” has $0.057 of credit left")]
    text, _ = parts(post.letters[0][1])
    assert "because you own the workspace" in text
    assert f"{SITE}/accounts/privacy/" in text
    ledger.grant(to=workspace, amount_micros=90_000, reference="grant:1")
    sweep()
    spend(workspace, 90_000)
    sweep()
    assert len(post.letters) == 2


def test_who_wants_none_and_who_never_spent_get_none(
    post: Post,
    ada: User,
    workspace: Workspace,
    client: Client,
) -> None:
    team = teams.open_team(by=ada, name="Lake house")
    ben, vera = person("Ben"), person("Vera")
    Membership.objects.create(user=ben, workspace=team, role=Role.OWNER)
    Membership.objects.create(user=vera, workspace=team, role=Role.ADMIN)
    sweep()
    assert post.letters == [], "a team begins without credit"
    client.force_login(ada)
    client.post(reverse("accounts:letters_change"), {}, headers=AS)
    ledger.grant(to=team, amount_micros=30_000, reference="grant:1")
    spend(team, 3_000)
    sweep()
    assert [to for to, _ in arrived(post)] == [ben.email]


def test_none_where_the_operator_wants_none(
    post: Post,
    settings: object,
    workspace: Workspace,
) -> None:
    settings.LOW_CREDIT_MICROS = 0  # type: ignore[attr-defined]
    spend(workspace, 150_000)
    sweep()
    assert post.letters == []


# Keys


def test_a_key_that_is_made_is_told_once_and_not_shown(
    post: Post,
    ada: User,
    client: Client,
) -> None:
    client.force_login(ada)
    fields = {"name": "my script", "scopes": "read", "new_id": str(ids.new())}
    for _ in range(2):
        page = client.post(reverse("accounts:key_create"), fields, headers=AS)
        if secret := re.search(r"easel_\w{8}_\w+", page.content.decode()):
            key = secret[0]
    assert arrived(post) == [(ada.email, "A new API key: “my script”")]
    text, html = parts(post.letters[0][1])
    assert key not in text + html
    assert key[:14] in text
    assert "it may read what is there" in text


# Sign-ins


def sign_in(client: Client, user: User, **headers: str) -> None:
    fields = {"login": user.email, "password": "correct horse"}
    address = reverse("account_login")
    assert client.post(address, fields, headers=AS | headers).status_code == 302
    client.post(reverse("account_logout"), headers=AS)


def test_a_browser_that_is_new_is_told_once(
    post: Post,
    ada: User,
    client: Client,
    settings: object,
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"  # type: ignore[attr-defined]
    settings.ACCOUNT_RATE_LIMITS = False  # type: ignore[attr-defined]
    sign_in(client, ada)
    assert post.letters == [], "the first of all"
    sign_in(client, ada)
    assert post.letters == [], "known"
    forged = {"X-Forwarded-For": "6.6.6.6", "User-Agent": FIREFOX}
    for _ in range(2):
        other = Client()
        sign_in(other, ada, **forged)
        sign_in(other, ada)
    assert arrived(post) == [(ada.email, "A sign-in from a new place")] * 2
    text, _ = parts(post.letters[0][1])
    assert "Firefox on Linux" in text
    assert "127.0.0.1" in text
    assert "6.6.6.6" not in text
    assert f"{SITE}{reverse('usersessions_list')}" in text


def test_a_browser_cannot_say_what_it_likes(
    post: Post,
    ada: User,
    client: Client,
    settings: object,
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"  # type: ignore[attr-defined]
    sign_in(client, ada)
    sign_in(Client(), ada, **{"User-Agent": "Pay https://evil.example/ now"})
    text, _ = parts(post.letters[0][1])
    assert "evil" not in text
    assert "- A browser" in text


def test_known_to_one_is_not_known_to_another(
    post: Post,
    ada: User,
    ben: User,
    client: Client,
    settings: object,
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"  # type: ignore[attr-defined]
    sign_in(Client(), ben)
    sign_in(client, ada)
    sign_in(client, ben)
    sign_in(client, ada)
    assert [to for to, _ in arrived(post)] == [ben.email]


# Exports and the end


def test_letters_of_an_export_and_of_the_end_arrive(post: Post, ada: User) -> None:
    exports.ask(by=ada)
    exports.build_next(at=timezone.now())
    erasure.ask(by=ada)
    erasure.cancel(user=ada)
    erasure.ask(by=ada)
    erasure.go_on(at=timezone.now() + timedelta(days=8))
    assert arrived(post) == [
        (ada.email, subject)
        for subject in (
            "Your export is ready",
            "Your Easel account will be deleted",
            "Your Easel account stays",
            "Your Easel account will be deleted",
            "Your Easel account is deleted",
        )
    ]
