"""What a picture's bytes cost to ask for, and that this opens them to nobody else."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, User, Workspace
from gallery.models import Image
from tests.gallery.test_gallery_pages import fetch, file_of
from tests.gallery.test_images import upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def image(ada: User, workspace: Workspace) -> Image:
    return upload(ada, workspace)


@pytest.fixture
def as_ben(ben: User, image: Image) -> Client:
    """Who has been let in, and is let in again."""
    client = Client()
    client.force_login(ben)
    assert fetch(client, file_of(image)).status_code == 200
    return client


def test_session_person_and_picture_are_one_question(
    as_ben: Client, image: Image, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        etag = fetch(as_ben, file_of(image, "small"))["ETag"]
    with django_assert_num_queries(1):
        known = fetch(as_ben, file_of(image, "small"), headers={"If-None-Match": etag})
    assert known.status_code == 304


@pytest.mark.parametrize("table", ["membership", "account", "password", "session", "trash"])
def test_what_ended_ends_at_the_next_request(
    as_ben: Client, ben: User, image: Image, workspace: Workspace, table: str
) -> None:
    etag = fetch(as_ben, file_of(image))["ETag"]
    if table == "membership":
        Membership.objects.filter(user=ben, workspace=workspace).delete()
    if table == "account":
        User.objects.filter(pk=ben.pk).update(is_active=False)
    if table == "password":
        ben.set_password("another horse")
        ben.save()
    if table == "session":
        Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    if table == "trash":
        Image.objects.update(deleted_at=timezone.now())
    response = fetch(as_ben, file_of(image), headers={"If-None-Match": etag})
    assert response.status_code == (404 if table in {"membership", "trash"} else 302)
    assert "ETag" not in response


def test_anothers_note_opens_nothing(
    as_ben: Client, image: Image, ada: User, mallory: User
) -> None:
    """A session is whose it says to be, though it were noted to be of somebody else."""
    as_mallory = Client()
    as_mallory.force_login(mallory)
    assert fetch(as_mallory, file_of(image)).status_code == 404
    UserSession.objects.filter(user=mallory).update(user=ada)
    assert fetch(as_mallory, file_of(image)).status_code == 404
    assert fetch(as_ben, file_of(image)).status_code == 200


def test_signed_out_is_out(as_ben: Client, image: Image) -> None:
    kept = as_ben.cookies["easel_session"].value
    as_ben.logout()
    for client in (as_ben, Client()):
        client.cookies["easel_session"] = kept
        assert fetch(client, file_of(image)).status_code == 302
