"""The account area's navigation: one list of its pages, with those that upper rooms add."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts import registry
from accounts.registry import AccountPage

pytestmark = pytest.mark.django_db
PAGES = ("accounts:key_list", "accounts:privacy", "mfa_index", "account_email")
REFERENCE = 'href="/v1/docs"'


@pytest.mark.parametrize("view", PAGES)
def test_every_page_leads_to_all_and_says_where_one_is(as_ada: Client, view: str) -> None:
    page = as_ada.get(reverse(view)).content.decode()
    area = page.partition('aria-label="Account pages"')[2].partition("</nav>")[0]
    for each in PAGES:
        assert f'href="{reverse(each)}"' in area
    assert area.count('aria-current="page"') == 1
    assert f'href="{reverse(view)}"\n' in area.partition("aria-current")[0].rpartition("<a ")[2]


def test_an_upper_room_adds_a_page(as_ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    added = AccountPage(label="Deliveries", view="gallery:image_list")
    monkeypatch.setattr(registry, "account_pages", [*registry.account_pages, added])
    assert as_ada.get(reverse("mfa_index")).content.decode().count("Deliveries") == 2


def test_who_is_signed_in_finds_the_reference_from_any_page(as_ada: Client) -> None:
    for address in ("/", "/gallery/", reverse("mfa_index")):
        assert REFERENCE in as_ada.get(address).content.decode()


def test_who_is_not_signed_in_sees_no_account_pages(client: Client) -> None:
    for address in ("/", reverse("account_login")):
        page = client.get(address).content.decode()
        assert REFERENCE not in page
        assert "Account pages" not in page


def test_the_reference_leads_to_the_keys(client: Client) -> None:
    assert f'href="{reverse("accounts:key_list")}"' in client.get("/v1/docs").content.decode()


@pytest.mark.parametrize(
    ("view", "label"),
    [
        ("accounts:key_create", "API keys"),
        ("account_change_password", "Security"),
        ("usersessions_list", "Security"),
    ],
)
def test_a_page_below_one_says_which(as_ada: Client, view: str, label: str) -> None:
    assert f'aria-current="true">{label}</a>' in as_ada.get(reverse(view)).content.decode()
