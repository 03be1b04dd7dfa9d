"""Where somebody is signed in, and how they end it."""

import time
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from accounts import sessions
from accounts.models import User

pytestmark = pytest.mark.django_db
LIST = reverse("usersessions_list")
PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Mobile Safari/537.36"
)


def signed_in(user: User, agent: str = "") -> Client:
    client = Client(headers={"User-Agent": agent})
    client.post(reverse("account_login"), {"login": user.email, "password": "correct horse"})
    return client


def is_in(client: Client) -> bool:
    return client.get(reverse("gallery:image_list")).status_code == 200


def test_the_others_are_listed_and_signed_out(ada: User, ben: User) -> None:
    here, phone, bens = signed_in(ada), signed_in(ada, PHONE), signed_in(ben)
    page = here.get(LIST).content.decode()
    assert "Chrome on Android" in page
    assert page.count("This one") == 1
    assert ben.email not in page
    assert "Signed out everywhere but here" in here.post(LIST, follow=True).content.decode()
    assert [is_in(each) for each in (here, phone, bens)] == [True, False, True]
    assert "Nowhere but here" in here.get(LIST).content.decode()


def test_a_browser_is_seen_again_after_a_while_and_not_at_each_page(
    ada: User, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(ada)
    client.get(LIST)
    session = UserSession.objects.get()
    client.get(LIST, headers={"User-Agent": PHONE})
    assert UserSession.objects.get().last_seen_at == session.last_seen_at
    later = time.time() + sessions._SEEN_SECONDS
    monkeypatch.setattr(sessions.time, "time", lambda: later)
    client.get(LIST, headers={"User-Agent": PHONE})
    seen = UserSession.objects.get()
    assert seen.last_seen_at > session.last_seen_at
    assert sessions.device(seen.user_agent) == "Chrome on Android"


def test_a_session_from_before_there_was_a_list_is_listed(client: Client, ada: User) -> None:
    client.force_login(ada)
    UserSession.objects.all().delete()
    client.get(LIST)
    assert UserSession.objects.filter(user=ada).count() == 1


def test_strangers_have_no_row(client: Client) -> None:
    client.get(reverse("account_login"))
    assert not UserSession.objects.exists()


def test_a_new_password_signs_the_others_out(ada: User) -> None:
    here, phone = signed_in(ada), signed_in(ada, PHONE)
    fields = {"oldpassword": "correct horse", "password1": "staple, battery"}
    fields["password2"] = fields["password1"]
    assert here.post(reverse("account_change_password"), fields).status_code == 302
    assert [is_in(here), is_in(phone)] == [True, False]


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (PHONE, "Chrome on Android"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Firefox on Linux",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like "
            "Gecko) Version/17.5 Safari/605.1.15",
            "Safari on a Mac",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36 Edg/126",
            "Edge on Windows",
        ),
        ("curl/8", "A browser"),
        ("", "A browser"),
    ],
)
def test_browsers_in_words(agent: str, words: str) -> None:
    assert sessions.device(agent) == words
