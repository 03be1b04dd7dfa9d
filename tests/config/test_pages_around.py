"""What stands around every page: health, errors, limits, headers."""

import re
from datetime import timedelta
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
from config.bodies import MAX_BODY_BYTES
from studio import offers
from studio.models import Worker


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
    monkeypatch.setattr(FileSystemStorage, "exists", fail)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"database": True, "storage": False, "worker": True}


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

    monkeypatch.setattr("studio.views.render", fail)
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


# The body's size


def test_a_body_that_is_too_large(client: Client) -> None:
    response = client.post(
        "/jobs/", bytes(MAX_BODY_BYTES + 1), content_type="application/octet-stream"
    )
    assert response.status_code == 413
    assert "at most 20 MB" in response.content.decode()
    assert response["Connection"] == "close"


@pytest.mark.parametrize("length", ["-1", "many", "1e9", "9" * 400])
def test_a_length_that_is_none(client: Client, length: str) -> None:
    assert client.post("/jobs/", {}, CONTENT_LENGTH=length).status_code == 413


def test_the_largest_photo_passes(as_ada: Client) -> None:
    """20 MB of photo and the form around it get as far as the photo's own check."""
    data = b"\x89PNG" + bytes(20 * 1024 * 1024 - 4)
    fields = {"prompt": "a lake", "photo": SimpleUploadedFile("photo.png", data)}
    assert as_ada.post(reverse("studio:job_create"), fields).status_code == 422


def test_a_form_with_a_megabyte_of_words(as_ada: Client) -> None:
    response = as_ada.post(reverse("studio:job_create"), {"prompt": "x" * 2_000_000})
    assert response.status_code == 400
    assert "This request cannot be read" in response.content.decode()


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
        assert "src=" in tag or "nonce=" in tag
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
