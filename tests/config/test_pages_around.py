"""What stands around every page: health, errors, limits, headers."""

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from config import health
from config.bodies import MAX_BODY_BYTES
from config.probe import Probe
from gallery import images
from studio import offers
from studio.models import Worker


@pytest.fixture(autouse=True)
def _no_earlier_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_storage", Probe(images.is_storage_up))


def beat(**ago: int) -> None:
    Worker.objects.create(identity="w", concurrency=1, beat_at=timezone.now() - timedelta(**ago))


# Health


def test_healthz_asks_nothing(client: Client) -> None:
    """No database: pytest would refuse it here. No host: probes come by address."""
    response = client.get("/healthz", headers={"host": "10.0.0.7:8000"})
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_readyz_without_a_worker(client: Client, db: None) -> None:
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"database": True, "storage": True, "worker": False}


def test_readyz_with_a_worker(client: Client, db: None) -> None:
    beat(seconds=5)
    response = client.get("/readyz")
    assert response.status_code == 200
    assert set(response.json().values()) == {True}


def test_readyz_with_a_worker_that_is_silent(client: Client, db: None) -> None:
    beat(seconds=60)
    assert client.get("/readyz").json()["worker"] is False


def test_readyz_while_the_storage_fails(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError("down")

    beat(seconds=5)
    monkeypatch.setattr(FileSystemStorage, "save", fail)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"database": True, "storage": False, "worker": True}


def test_readyz_while_the_folder_of_pictures_is_a_file(
    client: Client, db: None, tmp_path: Path
) -> None:
    (tmp_path / "media").write_text("")
    assert client.get("/readyz").json()["storage"] is False


def test_readyz_leaves_nothing_behind(client: Client, db: None, tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "ready").write_text("left by a prober that was killed")
    assert client.get("/readyz").json()["storage"] is True
    assert list((tmp_path / "media").iterdir()) == []


def test_readyz_while_the_database_fails(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise DatabaseError("down")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", fail)
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"database": False, "storage": True, "worker": False}


# Errors


def test_a_page_that_is_not_there(client: Client, db: None) -> None:
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


def test_an_error_here_is_told_without_the_database(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without `db`, pytest refuses every query: the page of a failing database is drawn."""

    def fail(*_: Any) -> None:
        raise DatabaseError("connection refused at 10.0.0.9")

    monkeypatch.setattr("studio.views.page.render", fail)
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    assert "Something went wrong here" in response.content.decode()
    assert "10.0.0.9" not in response.content.decode()


def test_an_error_shows_no_prompt_and_no_setting(
    as_ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("a very secret prompt")

    monkeypatch.setattr(offers, "all_on", fail)
    as_ada.raise_request_exception = False
    page = as_ada.post(reverse("studio:job_create"), {"prompt": "a very secret prompt"})
    assert page.status_code == 500
    assert "secret" not in page.content.decode()


def test_a_host_that_is_not_ours(client: Client) -> None:
    response = client.get("/", headers={"host": "evil.example.com"})
    assert response.status_code == 400
    assert "evil" not in response.content.decode()
    assert "default-src 'none'" in response["Content-Security-Policy"]


# The body's size


def test_a_body_that_is_too_large(client: Client) -> None:
    response = client.post(
        "/jobs/", bytes(MAX_BODY_BYTES + 1), content_type="application/octet-stream"
    )
    assert response.status_code == 413
    assert "at most 20 MB" in response.content.decode()
    assert response["Connection"] == "close"
    assert "default-src 'none'" in response["Content-Security-Policy"]


@pytest.mark.parametrize("length", ["-1", "many", "1e9", "9" * 400])
def test_a_length_that_is_none(client: Client, length: str) -> None:
    assert client.post("/jobs/", {}, CONTENT_LENGTH=length).status_code == 413


def test_the_largest_photo_passes(as_ada: Client) -> None:
    """20 MB of photo and the form around it get as far as the photo's own check."""
    data = b"\x89PNG" + bytes(20 * 1024 * 1024 - 4)
    fields = {"prompt": "a lake", "photo": SimpleUploadedFile("photo.png", data)}
    assert as_ada.post(reverse("studio:job_create"), fields).status_code == 422


def test_a_form_with_a_megabyte_of_words(as_ada: Client) -> None:
    """Photos may come as text, so the form is read, and the prompt refused for its length."""
    response = as_ada.post(reverse("studio:job_create"), {"prompt": "x" * 2_000_000})
    assert response.status_code == 422


def test_a_form_with_a_thousand_fields_more(as_ada: Client) -> None:
    fields = {f"field{number}": "" for number in range(1_001)}
    response = as_ada.post(reverse("studio:job_create"), fields)
    assert response.status_code == 400
    assert "This request cannot be read" in response.content.decode()
    assert "default-src 'none'" in response["Content-Security-Policy"]


# Headers


@pytest.mark.parametrize("address", ["/", "/gallery/", "/nowhere/", "/accounts/login/"])
def test_pages_run_only_our_own_code(client: Client, ada: User, address: str) -> None:
    if "login" not in address:
        client.force_login(ada)
    response = client.get(address)
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    page = response.content.decode()
    for tag in re.findall(r"<script\b[^>]*>", page):
        is_data = 'type="application/json"' in tag
        assert "src=" in tag or "nonce=" in tag or is_data
    assert not re.search(r"\son[a-z]+=[\"']", page)
    assert not re.search(r"<[^>]+\sstyle=", page)
    assert "<style" not in page


def test_the_nonce_is_another_every_time(as_ada: Client) -> None:
    nonces = []
    for _ in range(2):
        response = as_ada.get("/")
        found = re.search(r"'nonce-([^']+)'", response["Content-Security-Policy"])
        if found:
            assert f'nonce="{found[1]}"' in response.content.decode()
            nonces.append(found[1])
    assert len(nonces) == len(set(nonces))


def test_every_page_has_the_usual_headers(as_ada: Client) -> None:
    response = as_ada.get("/")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"


def test_cookies_are_kept_from_scripts_and_other_sites(client: Client, ada: User) -> None:
    client.post(reverse("account_login"), {"login": ada.email, "password": "correct horse"})
    cookie = client.cookies[django_settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def of_settings(tmp_path: Path, **variables: str) -> dict[str, Any]:
    """The settings that these variables make, in a process of their own."""
    names = ("SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "EMAIL_TIMEOUT")
    code = (
        "import json; from config import settings as made;"
        f"print(json.dumps({{name: getattr(made, name) for name in {names}}}))"
    )
    known = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=django_settings.BASE_DIR,
        env=known | {"DATA_DIR": str(tmp_path)} | variables,
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_hsts_speaks_for_this_host_alone(tmp_path: Path) -> None:
    made = of_settings(tmp_path, SITE_URL="https://easel.example.com")
    assert made["SECURE_HSTS_SECONDS"] == 31_536_000
    assert made["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is False
    assert made["EMAIL_TIMEOUT"] == 10
    made = of_settings(tmp_path, SITE_URL="https://easel.example.com", HSTS_SUBDOMAINS="true")
    assert made["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is True


def test_http_has_no_hsts(tmp_path: Path) -> None:
    assert of_settings(tmp_path, SITE_URL="http://localhost")["SECURE_HSTS_SECONDS"] == 0
