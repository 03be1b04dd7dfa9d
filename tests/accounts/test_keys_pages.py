"""The pages of keys: each shows a key once, to its maker, and to nobody else."""

import logging
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import keys, registry, workspaces
from accounts.models import ApiKey, Membership, Role, User, Workspace
from studio.models import Job
from tests.conftest import person
from tests.studio.makers import submit

pytestmark = pytest.mark.django_db
LIST, NEW = reverse("accounts:key_list"), reverse("accounts:key_create")
NOBODY = UUID("01890000-0000-7000-8000-000000000000")
KEY = re.compile(r"easel_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}")


@pytest.fixture
def key(ada: User, workspace: Workspace) -> ApiKey:
    return keys.issue(workspace=workspace, by=ada, name="posters")[0]


def change_of(key: ApiKey) -> str:
    return reverse("accounts:key_change", args=[key.pk])


def revoke_of(key: ApiKey) -> str:
    return reverse("accounts:key_revoke", args=[key.pk])


def asked(**fields: Any) -> dict[str, Any]:
    return {"name": "posters", "scopes": ["generate", "read"], "new_id": uuid4()} | fields


def make(client: Client, **fields: Any) -> Any:
    return client.post(NEW, asked(**fields))


def text(response: Any) -> str:
    return str(response.content.decode())


def visit(client: Client, user: User, workspace: Workspace) -> None:
    """Signs in and works there."""
    client.force_login(user)
    session = client.session
    session["workspace"] = str(workspace.pk)
    session.save()


# Made and shown once


def test_the_answer_shows_a_key_that_works(as_ada: Client, ada: User) -> None:
    response = make(as_ada, monthly_cap="5", expires_on="")
    assert response.status_code == 200
    (secret,) = KEY.findall(text(response))
    found = keys.find(secret)
    assert found is not None
    assert (found.name, found.created_by, found.scopes) == ("posters", ada, ["generate", "read"])
    assert (found.monthly_cap_micros, found.expires_at) == (5_000_000, None)
    assert (found.prefix, found.ending) == (secret[:14], secret[-4:])


def test_the_key_is_nowhere_afterwards(
    as_ada: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.root, "level", logging.DEBUG)
    response = make(as_ada)
    (secret,) = KEY.findall(text(response))
    assert "no-store" in response["Cache-Control"]
    assert "Location" not in response
    assert "ETag" not in response
    for cookie in response.cookies.values():
        assert secret not in cookie.value
    for session in Session.objects.all():
        assert secret not in str(session.get_decoded())
    key = ApiKey.objects.get()
    for address in (LIST, NEW, change_of(key), revoke_of(key)):
        page = text(as_ada.get(address))
        assert not KEY.search(page)
        assert secret[15:] not in page
    assert f"{key.prefix}…{key.ending}" in text(as_ada.get(LIST))
    assert secret not in caplog.text
    assert secret[15:] not in caplog.text


def test_the_same_form_again_shows_nothing(as_ada: Client) -> None:
    fields = asked()
    assert KEY.search(text(as_ada.post(NEW, fields)))
    hashed = ApiKey.objects.get().secret_hash
    response = as_ada.post(NEW, fields, follow=True)
    assert response.redirect_chain == [(LIST, 302)]
    assert "made already" in text(response)
    assert not KEY.search(text(response))
    assert ApiKey.objects.get().secret_hash == hashed


def test_every_form_has_a_name_of_its_own(as_ada: Client) -> None:
    found = [re.findall(r'name="new_id" value="([^"]+)"', text(as_ada.get(NEW))) for _ in range(2)]
    assert found[0]
    assert found[0] != found[1]
    assert "no-store" in as_ada.get(NEW)["Cache-Control"]


def test_the_examples_fit_the_key_and_do_not_hold_it(as_ada: Client) -> None:
    response = make(as_ada)
    page = text(response)
    assert "http://testserver/v1/images/generations" in page
    assert "OpenAI(base_url=" in page
    assert "YOUR_KEY" in page
    assert 'href="/v1/docs"' in page
    assert len(KEY.findall(page)) == 1
    page = text(make(as_ada, scopes=["read"]))
    assert "http://testserver/v1/models" in page
    assert "images/generations" not in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "Say what the key is for"),
        ({"name": "   "}, "Say what the key is for"),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"name": "a\0b"}, "Null characters"),
        ({"scopes": []}, "Choose one at least"),
        ({"scopes": ["admin"]}, "Select a valid choice"),
        ({"monthly_cap": "much"}, "like 5 or 0.50"),
        ({"monthly_cap": "NaN"}, "like 5 or 0.50"),
        ({"monthly_cap": "-1"}, "greater than or equal to 0.001"),
        ({"monthly_cap": "0"}, "greater than or equal to 0.001"),
        ({"monthly_cap": "0.0010001"}, "6 decimal places"),
        ({"monthly_cap": "1e999999999"}, "less than or equal to 1000000"),
        ({"expires_on": "soon"}, "like 2027-01-31"),
        ({"expires_on": "2020-01-01"}, "from today on"),
        ({"expires_on": "9999-12-31"}, "from today on"),
        ({"new_id": "7"}, "Load the page again"),
        ({"new_id": ""}, "Load the page again"),
    ],
)
def test_what_is_wrong_is_said_and_makes_nothing(
    as_ada: Client, fields: dict[str, Any], words: str
) -> None:
    response = make(as_ada, **fields)
    assert response.status_code == 422
    assert words in text(response)
    assert not ApiKey.objects.exists()


def test_a_post_with_nothing_in_it(as_ada: Client) -> None:
    assert as_ada.post(NEW).status_code == 422


def test_who_has_too_many_is_told(
    as_ada: Client, key: ApiKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "MAX_HELD", 1)
    response = make(as_ada)
    assert response.status_code == 422
    assert "You have 1 keys here already" in text(response)


def test_the_last_day_is_a_whole_day(as_ada: Client) -> None:
    today = timezone.localdate()
    make(as_ada, expires_on=today.isoformat())
    end = ApiKey.objects.get().expires_at
    assert end == datetime(today.year, today.month, today.day, tzinfo=UTC) + timedelta(days=1)


def test_a_viewer_makes_keys_that_read(client: Client, vera: User, workspace: Workspace) -> None:
    visit(client, vera, workspace)
    assert 'value="generate"' not in text(client.get(NEW))
    for scopes in (["generate"], ["generate", "read"]):
        assert make(client, scopes=scopes).status_code == 422
    assert not ApiKey.objects.exists()
    assert KEY.search(text(make(client, scopes=["read"])))
    assert ApiKey.objects.get().scopes == ["read"]


def test_a_member_makes_keys_of_the_workspace_that_is_open(
    client: Client, ben: User, workspace: Workspace
) -> None:
    visit(client, ben, workspace)
    make(client)
    assert ApiKey.objects.get().workspace == workspace
    client.force_login(ben)
    session = client.session
    session["workspace"] = str(NOBODY)
    session.save()
    make(client)
    assert ApiKey.objects.newest_first()[0].workspace == workspaces.personal(ben)


# The list


def test_an_empty_list_says_what_keys_are_for(as_ada: Client) -> None:
    page = text(as_ada.get(LIST))
    assert "a program makes and finds images" in page
    assert f'href="{NEW}"' in page
    assert "<table" not in page


def test_a_row_says_all_of_a_key(as_ada: Client, ada: User, key: ApiKey) -> None:
    ApiKey.objects.update(monthly_cap_micros=5_000_000, name="<script>posters")
    submit(ada, key.workspace, count=2)
    Job.objects.update(api_key=key)
    page = re.sub(r"\s+", " ", text(as_ada.get(LIST)))
    for words in (
        "&lt;script&gt;posters",
        f"{key.prefix}…{key.ending}",
        "generate, read",
        "$0.006 of $5.00",
        "Works",
        "Never",
        "by you",
    ):
        assert words in page
    assert "<script>posters" not in page


@pytest.mark.parametrize(
    ("columns", "state"),
    [
        ({}, "Works"),
        ({"expires_at": timezone.now() + timedelta(days=1)}, "Works"),
        ({"expires_at": timezone.now() - timedelta(days=1)}, "Expired"),
        ({"revoked_at": timezone.now()}, "Revoked"),
    ],
)
def test_the_state_of_a_key(
    as_ada: Client, key: ApiKey, columns: dict[str, Any], state: str
) -> None:
    ApiKey.objects.update(**columns)
    (row,) = as_ada.get(LIST).context["rows"]
    assert row.state == state
    page = text(as_ada.get(LIST))
    for address in (change_of(key), revoke_of(key)):
        assert (f'"{address}"' in page) is (state != "Revoked")


def test_keys_of_those_who_left_or_are_suspended(
    as_ada: Client, ben: User, workspace: Workspace
) -> None:
    keys.issue(workspace=workspace, by=ben, name="posters")
    User.objects.filter(pk=ben.pk).update(is_active=False)
    assert [row.state for row in as_ada.get(LIST).context["rows"]] == ["Its maker has left"]
    User.objects.filter(pk=ben.pk).update(is_active=True)
    assert [row.state for row in as_ada.get(LIST).context["rows"]] == ["Works"]
    Membership.objects.filter(user=ben, workspace=workspace).delete()
    assert [row.state for row in as_ada.get(LIST).context["rows"]] == ["Its maker has left"]


def test_who_sees_which(
    client: Client, ada: User, ben: User, vera: User, mallory: User, workspace: Workspace
) -> None:
    cara = person("Cara", workspace, Role.ADMIN)
    for user in (ada, ben):
        keys.issue(workspace=workspace, by=user, name=f"of {user}")
    keys.issue(workspace=workspaces.personal(ben), by=ben, name="elsewhere")
    seen = {}
    for user in (ada, ben, cara, vera, mallory):
        visit(client, user, workspace)
        seen[user.name] = {row.key.name for row in client.get(LIST).context["rows"]}
    assert seen == {
        "Ada": {"of Ada", "of Ben"},
        "Ben": {"of Ben"},
        "Cara": {"of Ada", "of Ben"},
        "Vera": set(),
        "Mallory": set(),
    }


def test_who_manages_may_revoke_and_not_change_those_of_others(
    as_ada: Client, ben: User, workspace: Workspace
) -> None:
    key, secret = keys.issue(workspace=workspace, by=ben, name="posters")
    page = text(as_ada.get(LIST))
    assert "by Ben" in page
    assert revoke_of(key) in page
    assert f'"{change_of(key)}"' not in page
    for verb in (as_ada.get, as_ada.post):
        assert verb(change_of(key)).status_code == 404
    as_ada.post(revoke_of(key))
    assert keys.find(secret) is None


def test_the_revoked_come_last_and_not_all(
    as_ada: Client, ada: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.views.keys._REVOKED_SHOWN", 2)
    made = [keys.issue(workspace=workspace, by=ada, name=f"{number}")[0] for number in range(5)]
    for key in made[1:4]:
        keys.revoke(key=key, by=ada)
    names = [row.key.name for row in as_ada.get(LIST).context["rows"]]
    assert names == ["4", "0", "3", "2"]


def test_many_keys_ask_no_more_questions(
    as_ada: Client, ada: User, key: ApiKey, django_assert_max_num_queries: Any
) -> None:
    as_ada.get(LIST)
    for _ in range(10):
        keys.issue(workspace=key.workspace, by=ada, name="more")
    with django_assert_max_num_queries(14):
        as_ada.get(LIST)


def test_every_upper_room_may_say_what_keys_spent(
    as_ada: Client, key: ApiKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        registry, "key_spending", [lambda _: {key.pk: 1_000}, lambda _: {key.pk: 500}, lambda _: {}]
    )
    (row,) = as_ada.get(LIST).context["rows"]
    assert row.spent_micros == 1_500


# Changing


def test_a_key_is_changed(as_ada: Client, key: ApiKey) -> None:
    ApiKey.objects.update(monthly_cap_micros=2_500_000)
    assert 'value="2.5"' in text(as_ada.get(change_of(key)))
    day = timezone.localdate() + timedelta(days=9)
    fields = {"name": "flyers", "monthly_cap": "", "expires_on": day.isoformat()}
    response = as_ada.post(change_of(key), fields, follow=True)
    assert "“flyers” is changed." in text(response)
    key.refresh_from_db()
    assert (key.name, key.monthly_cap_micros) == ("flyers", None)
    assert key.expires_at == datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    assert key.scopes == ["generate", "read"]


def test_an_end_that_is_not_touched_stays_to_the_second(as_ada: Client, key: ApiKey) -> None:
    """Also one that has passed: the key is renamed, and stays expired."""
    for end in (timezone.now() - timedelta(days=40), timezone.now() + timedelta(minutes=7)):
        ApiKey.objects.update(expires_at=end)
        fields = {"name": "flyers", "expires_on": (end - timedelta(microseconds=1)).date()}
        assert as_ada.post(change_of(key), fields).status_code == 302
        assert ApiKey.objects.get().expires_at == end


def test_a_change_that_is_refused(as_ada: Client, key: ApiKey) -> None:
    response = as_ada.post(change_of(key), {"name": "", "monthly_cap": "much"})
    assert response.status_code == 422
    assert "Say what the key is for" in text(response)
    assert ApiKey.objects.get().name == "posters"


def test_a_change_gives_no_scope(as_ada: Client, ada: User, workspace: Workspace) -> None:
    key, _ = keys.issue(workspace=workspace, by=ada, name="posters", scopes=["read"])
    as_ada.post(change_of(key), {"name": "posters", "scopes": ["generate"]})
    assert ApiKey.objects.get().scopes == ["read"]


# Revoking


def test_revoking_asks_first(as_ada: Client, ada: User, workspace: Workspace) -> None:
    key, secret = keys.issue(workspace=workspace, by=ada, name="posters")
    assert "Revoke “posters”?" in text(as_ada.get(revoke_of(key)))
    assert keys.find(secret) == key
    response = as_ada.post(revoke_of(key), follow=True)
    assert "“posters” is revoked." in text(response)
    assert keys.find(secret) is None
    for verb in (as_ada.get, as_ada.post):
        assert verb(revoke_of(key)).status_code == 302
    assert as_ada.get(change_of(key)).status_code == 404


# Who may


def test_outsiders_find_nothing(client: Client, mallory: User, key: ApiKey) -> None:
    client.force_login(mallory)
    for address in (change_of(key), revoke_of(key)):
        for verb in (client.get, client.post):
            assert verb(address).status_code == 404
    assert ApiKey.objects.get().revoked_at is None


def test_members_and_viewers_find_only_their_own(
    client: Client, ben: User, vera: User, key: ApiKey
) -> None:
    for user in (ben, vera):
        visit(client, user, key.workspace)
        for address in (change_of(key), revoke_of(key)):
            for verb in (client.get, client.post):
                assert verb(address).status_code == 404
    assert ApiKey.objects.get().revoked_at is None


def test_nobody_is_asked_to_sign_in(client: Client, key: ApiKey) -> None:
    for address in (LIST, NEW, change_of(key), revoke_of(key)):
        response = client.get(address)
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_login"))
    for address in (NEW, change_of(key), revoke_of(key)):
        assert client.post(address, asked()).status_code == 302
    assert ApiKey.objects.get().revoked_at is None


def test_a_form_of_another_site_does_nothing(ada: User, key: ApiKey) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    for address in (NEW, change_of(key), revoke_of(key)):
        assert client.post(address, asked()).status_code == 403
    assert ApiKey.objects.get().revoked_at is None


def test_wrong_methods(as_ada: Client, key: ApiKey) -> None:
    assert as_ada.post(LIST).status_code == 405
    for address in (LIST, NEW, change_of(key), revoke_of(key)):
        for verb in (as_ada.put, as_ada.delete):
            assert verb(address).status_code == 405
        assert as_ada.head(address).status_code == 200


def test_what_is_not_there_is_not_found(as_ada: Client) -> None:
    for view in ("accounts:key_change", "accounts:key_revoke"):
        assert as_ada.get(reverse(view, args=[NOBODY])).status_code == 404


def test_a_key_opens_no_page(client: Client, ada: User, workspace: Workspace) -> None:
    _, secret = keys.issue(workspace=workspace, by=ada, name="posters")
    response = client.get(LIST, headers={"Authorization": f"Bearer {secret}"})
    assert response.status_code == 302
