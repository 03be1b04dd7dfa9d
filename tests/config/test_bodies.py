"""How many bytes of bodies lie in one process at once, whoever sends them."""

import io
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from config import bodies
from config.bodies import MAX_BODY_BYTES, Claim, Room, measured
from studio import jobs
from studio.models import Job
from tests.api.conftest import program

MEGABYTE = 1024 * 1024


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    """Ten megabytes, which are all free again when a test ends."""
    room = Room(10 * MEGABYTE)
    monkeypatch.setattr(bodies, "room", room)
    yield room
    assert room.free_bytes == 10 * MEGABYTE


def test_what_is_claimed_is_given_back_once(room: Room) -> None:
    one, two = Claim(), Claim()
    assert one.grow(6 * MEGABYTE)
    assert one.grow(2 * MEGABYTE)
    assert not two.grow(5 * MEGABYTE)
    assert two.is_denied
    assert room.free_bytes == 4 * MEGABYTE
    for _ in range(2):
        one.drop()
        two.drop()
    assert two.grow(10 * MEGABYTE)
    two.drop()


def test_one_body_too_many(client: Client, room: Room) -> None:
    body = bytes(6 * MEGABYTE)
    assert client.post("/jobs/", body, content_type="text/plain").status_code == 302
    other = Claim()
    assert other.grow(5 * MEGABYTE)
    response = client.post("/jobs/", body, content_type="text/plain")
    assert (response.status_code, response["Retry-After"]) == (429, "2")
    assert "Many photos are arriving" in response.content.decode()
    assert client.get("/accounts/login/").status_code == 200
    error = client.post("/v1/images/edits", body, content_type="application/json")
    assert (error.status_code, error["Retry-After"]) == (429, "2")
    assert error.json()["error"]["message"] == "Many photos are arriving."
    assert "x-should-retry" not in error
    other.drop()


@pytest.mark.django_db
def test_a_small_body_finds_room_among_photos(client: Client, room: Room) -> None:
    photos = Claim()
    assert photos.grow(10 * MEGABYTE)
    answer = client.post("/accounts/login/", {"login": "ada@example.com", "password": "wrong"})
    assert answer.status_code == 200
    photos.drop()


def test_who_waits_for_images_makes_room(
    ada: User, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    free_bytes: list[int] = []

    def look(ids: Any, _seconds: float) -> list[Job]:
        free_bytes.append(room.free_bytes)
        return list(Job.objects.filter(pk__in=ids).with_pictures())

    monkeypatch.setattr(jobs, "wait", look)
    program(ada).generate(user="x" * MEGABYTE)
    assert free_bytes == [10 * MEGABYTE]


class Pieces:
    """A body as the web server hands it on, in whatever pieces it came."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int) -> bytes:
        size = min(size, self.left, 700_000)
        self.left -= size
        return bytes(size)


def call(size: int) -> tuple[int, int, bool]:
    """The length that the application is told, that of what it reads, and what is said of room."""
    found: list[tuple[int, int, bool]] = []

    def application(environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
        length = int(environ["CONTENT_LENGTH"])
        found.append((length, len(environ["wsgi.input"].read()), environ[bodies.CLAIM].is_denied))
        return []

    environ = {"HTTP_TRANSFER_ENCODING": "Chunked", "wsgi.input": Pieces(size)}
    measured(application)(environ, None)
    return found[0]


def test_chunks_are_measured(room: Room) -> None:
    for size in (0, 1, 3 * MEGABYTE):
        assert call(size) == (size, size, False)


def test_chunks_end_where_the_room_does(room: Room) -> None:
    length, read, is_denied = call(20 * MEGABYTE)
    assert length == read <= 10 * MEGABYTE
    assert is_denied


def test_chunks_end_where_they_are_too_many() -> None:
    length, _, is_denied = call(40 * MEGABYTE)
    assert MAX_BODY_BYTES < length <= MAX_BODY_BYTES + MEGABYTE
    assert not is_denied


def test_a_length_is_left_alone(room: Room) -> None:
    def application(environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
        assert environ["wsgi.input"].read() == b"body"
        return []

    measured(application)({"CONTENT_LENGTH": "4", "wsgi.input": io.BytesIO(b"body")}, None)
