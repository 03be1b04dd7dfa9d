"""What people agree to: read by everybody, accepted at sign-up, asked for again when it changes."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from accounts import terms
from accounts.models import Acceptance, User
from tests.conftest import person

pytestmark = pytest.mark.django_db
ACCEPT = reverse("accounts:terms_accept")


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    """The operator's own."""
    for name in terms.NAMES:
        write(tmp_path, name)
    settings.TERMS_DIR = tmp_path
    return tmp_path


def write(folder: Path, name: str, version: int = 1, text: str = "# Ours\n\nWords.") -> None:
    (folder / f"{name}.md").write_text(f"version: {version}\ndate: 2026-11-27\n\n{text}\n")
    terms._read.cache_clear()


@pytest.mark.parametrize("name", terms.NAMES)
def test_ours_are_there_for_everybody(client: Client, name: str) -> None:
    page = client.get(reverse("texts:page", args=[name])).content.decode()
    assert "Version 1, 27 November 2026" in page
    assert re.search(r"<h1>\s*\S", page)


def test_the_operators_text_is_shown_and_nothing_in_it_is_markup(
    client: Client, folder: Path
) -> None:
    text = (
        "# A & B\n\n## Part\n\n- one\n- [two](https://example.com/)\n\n<script>x</script> [no](j:x)"
    )
    write(folder, "terms", 7, text)
    page = client.get("/terms/").content.decode()
    assert "Version 7" in page
    assert "A &amp; B" in page
    assert '<a href="https://example.com/">two</a>' in page
    assert "&lt;script&gt;x" in page
    assert "[no](j:x)" in page


def test_signing_up_accepts_what_the_page_names(client: Client, folder: Path) -> None:
    write(folder, "terms", 3)
    page = client.get(reverse("account_signup")).content.decode()
    assert all(reverse("texts:page", args=[name]) in page for name in terms.NAMES)
    fields = {"email": "new@example.com", "password1": "a horse, correctly stapled"}
    assert client.post(reverse("account_signup"), fields).status_code == 302
    user = User.objects.get()
    assert user.agreed == "3.1.1"
    accepted = dict(Acceptance.objects.filter(user=user).values_list("text", "version"))
    assert accepted == {"terms": 3, "acceptable-use": 1, "privacy": 1}
    assert client.get("/").status_code == 200


def test_a_risen_version_is_asked_for_once_and_leads_back(client: Client, folder: Path) -> None:
    client.force_login(person("Ada"))
    assert client.get("/gallery/?kind=upload").status_code == 200
    write(folder, "acceptable-use", 2)
    asked = client.get("/gallery/?kind=upload")
    assert asked["Location"].startswith(ACCEPT)
    page = client.get(asked["Location"]).content.decode()
    assert "has changed since" in page
    assert "version 2" in page
    ways = re.findall(r'name="next"\s+value="([^"]+)"', page)
    back = client.post(ACCEPT, {"next": ways[-1]})
    assert back["Location"] == "/gallery/?kind=upload"
    assert client.get("/gallery/").status_code == 200
    assert Acceptance.objects.filter(text="acceptable-use").count() == 2


def test_a_lower_version_asks_nobody(client: Client, folder: Path) -> None:
    write(folder, "terms", 4)
    client.force_login(person("Ada"))
    write(folder, "terms", 3)
    assert client.get("/gallery/").status_code == 200


def test_until_then_nothing_is_made_and_everything_can_be_taken(
    client: Client, folder: Path
) -> None:
    client.force_login(person("Ada"))
    write(folder, "terms", 2)
    address = reverse("studio:job_create")
    assert client.post(address, {"prompt": "a lake"})["Location"].startswith(ACCEPT)
    answer = client.post(address, {"prompt": "a lake"}, headers={"HX-Request": "true"})
    assert answer["HX-Redirect"].startswith(ACCEPT)
    for open_page in ("accounts:privacy", "account_email", "mfa_index"):
        assert client.get(reverse(open_page)).status_code == 200
    assert client.get(reverse("accounts:account_delete"))["Location"].startswith(
        reverse("account_reauthenticate")
    )


def test_who_came_by_a_command_is_asked_at_first(client: Client) -> None:
    client.force_login(User.objects.create_user("new@example.com", "correct horse"))
    page = client.get("/", follow=True).content.decode()
    assert "Please read what this site is offered on" in page


def test_staff_are_not_asked(client: Client) -> None:
    client.force_login(User.objects.create_superuser("operator@example.com", "correct horse"))
    assert client.get("/gallery/").status_code == 200


def test_no_address_but_ours_is_led_to(as_ada: Client) -> None:
    for way in ("https://evil.example/", "//evil.example/", "javascript:x"):
        assert as_ada.post(ACCEPT, {"next": way})["Location"] == "/"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "lacks terms.md"),
        ("# Terms\n", "does not begin with version"),
        ("version: 0\ndate: 2026-11-27\n\n# T\n", "does not begin with version"),
        ("version: 1\ndate: 2026-13-27\n\n# T\n", "with a date that is none"),
        ("version: 1\ndate: 2026-11-27\n\nWords.\n", "does not begin with # and a title"),
    ],
)
def test_a_wrong_file_stops_the_start(tmp_path: Path, text: str | None, words: str) -> None:
    for name in terms.NAMES:
        write(tmp_path, name)
    (tmp_path / "terms.md").unlink()
    if text is not None:
        (tmp_path / "terms.md").write_text(text)
    with pytest.raises(terms.TextError, match=words):
        terms._read(tmp_path)


def test_the_start_names_the_variable(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=django_settings.BASE_DIR,
        env={"DATA_DIR": str(tmp_path), "TERMS_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "easel: the variable TERMS_DIR lacks terms.md" in done.stderr
