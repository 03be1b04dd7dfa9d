"""What engines do over the transport: read so much, fetch from public hosts, read headers."""

import gzip
import os
import socket
import tracemalloc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from studio.engines.addresses import is_public, public_or
from studio.engines.contract import Trouble
from studio.engines.http import (
    fetch,
    printable_header,
    read_capped,
    read_start,
    seconds_of_retry_after,
)
from studio.engines.transport import TimedTransport, deadline
from tests.engines.makers import closed_port, file_of, resolves_to
from tests.engines.strict_faults import MEGABYTE, _gzip_pieces
from tests.engines.strict_stepfun import StrictStepfun

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@contextmanager
def guarded(trusted: str = "elsewhere.example") -> Iterator[TimedTransport]:
    with closing(TimedTransport(allows=public_or(trusted))) as built:
        yield built


def fetched(transport: TimedTransport, url: str, *, seconds: float = 5.0) -> bytes:
    with deadline(seconds):
        return fetch(transport, httpx.URL(url), max_bytes=MEGABYTE, headers={})


def canned(body: bytes, **headers: str) -> httpx.Response:
    return httpx.Response(200, headers=headers, stream=httpx.ByteStream(body))


# Size


def test_a_body_of_just_the_cap_is_read():
    assert read_capped(canned(b"x" * 1000), 1000) == b"x" * 1000


def test_a_body_over_the_cap_is_trouble():
    with pytest.raises(Trouble, match="over 1000 bytes"):
        read_capped(canned(b"x" * 1001), 1000)


def test_gzip_is_read():
    body = gzip.compress(b"x" * 1000)
    assert read_capped(canned(body, **{"Content-Encoding": "gzip"}), 1000) == b"x" * 1000


def test_the_cap_counts_what_gzip_inflates_to():
    body = gzip.compress(b"x" * 1001)
    with pytest.raises(Trouble, match="over 1000 bytes"):
        read_capped(canned(body, **{"Content-Encoding": "gzip"}), 1000)


def test_a_gzip_bomb_never_gets_into_memory():
    bomb = b"".join(_gzip_pieces(1024))
    tracemalloc.start()
    try:
        with pytest.raises(Trouble, match="over 1048576 bytes"):
            read_capped(canned(bomb, **{"Content-Encoding": "gzip"}), MEGABYTE)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 8 * MEGABYTE


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(os.urandom(1000))[:-20]),
        ("gzip", b"no gzip"),
        ("gzip", b""),
        ("br", b"x"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"x", mtime=0), mtime=0)),
    ],
)
def test_broken_and_unasked_encodings_are_trouble(encoding: str, body: bytes):
    with pytest.raises(Trouble, match=r"gzip: |content-encoding"):
        read_capped(canned(body, **{"Content-Encoding": encoding}), 10_000)


def test_an_error_body_is_read_as_far_as_it_comes():
    cut = gzip.compress(b"reason " * 100)[:-12]
    assert read_start(canned(b"x" * 1000), 10) == b"x" * 10
    assert read_start(canned(cut, **{"Content-Encoding": "gzip"}), 6) == b"reason"
    assert read_start(canned(b"x", **{"Content-Encoding": "br"}), 10) == b""


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        *["0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.9.9.9", "169.254.169.254"],  # noqa: S104
        *["172.16.0.1", "192.0.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1", "203.0.113.1"],
        *["224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1"],
        *["::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1"],
        *["2001:db8::1", "2002:7f00:1::", "2002:a00:1::", "fc00::1", "fd00:ec2::254", "fe80::1"],
        *["fe80::1%eth0", "fec0::1", "ff02::1"],
    ],
)
def test_not_public(address: str):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public(address: str):
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "[::1]"],
)
def test_private_hosts_are_not_fetched_from(strict: StrictStepfun, host: str):
    strict.files["name"] = b"secret"
    with guarded() as transport, pytest.raises(Trouble, match="result url: not sent"):
        fetched(transport, f"http://{host}:{strict.port}/files/name")
    assert not strict.file_requests


def test_the_trusted_host_is_fetched_from_whatever_its_address(strict: StrictStepfun):
    strict.files["name"] = b"bytes"
    with guarded("127.0.0.1") as transport:
        assert fetched(transport, file_of(strict, "name")) == b"bytes"


def test_a_redirect_to_a_private_address_is_not_followed(strict: StrictStepfun):
    """The file is really there: a transport without the rule gets it."""
    strict.files["name"] = b"secret"
    url = f"http://127.0.0.1:{strict.port}/private/name"
    with guarded("127.0.0.1") as transport, pytest.raises(Trouble, match="no address of localhost"):
        fetched(transport, url)
    with closing(TimedTransport()) as unguarded:
        assert fetched(unguarded, url) == b"secret"


def test_a_name_that_resolves_to_a_private_address_is_not_fetched_from(
    strict: StrictStepfun, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(socket, "getaddrinfo", resolves_to("127.0.0.1"))
    with guarded() as transport, pytest.raises(Trouble, match="no address of images"):
        fetched(transport, f"http://images.example:{strict.port}/files/name")
    assert not strict.file_requests


def test_a_name_that_resolves_anew_is_connected_to_where_it_was_checked(
    monkeypatch: pytest.MonkeyPatch,
):
    connected_to = []

    def create_connection(address: tuple[str, int], *_args: object, **_kwargs: object) -> None:
        connected_to.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolves_to("8.8.8.8", "127.0.0.1"))
    monkeypatch.setattr(socket, "create_connection", create_connection)
    with guarded() as transport, pytest.raises(Trouble):
        fetched(transport, "http://rebinding.example/files/name")
    assert connected_to == ["8.8.8.8"]


# Fetching


def test_three_redirects_are_followed_and_a_fourth_is_not(strict: StrictStepfun):
    strict.files["name"] = b"bytes"
    with guarded("127.0.0.1") as transport:
        assert fetched(transport, f"http://127.0.0.1:{strict.port}/hop/3/name") == b"bytes"
        with pytest.raises(Trouble, match="too many redirects"):
            fetched(transport, f"http://127.0.0.1:{strict.port}/hop/4/name")


@pytest.mark.parametrize("url", ["ftp://a.example/x", "file:///etc/passwd", "data:,x", "/x", ""])
def test_only_http_is_fetched(url: str):
    with guarded() as transport, pytest.raises(Trouble, match="scheme"):
        fetched(transport, url)


def test_a_missing_file_is_trouble(strict: StrictStepfun):
    with guarded("127.0.0.1") as transport, pytest.raises(Trouble, match="status 404"):
        fetched(transport, file_of(strict, "never-was"))


def test_an_unreachable_file_is_trouble_because_the_image_was_made():
    with (
        closed_port() as port,
        guarded("127.0.0.1") as transport,
        pytest.raises(Trouble, match="not sent"),
    ):
        fetched(transport, f"http://127.0.0.1:{port}/files/name")


# Headers


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2", 2.0),
        (" 2 ", 2.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("99999", 99999.0),
        ("Fri, 01 May 2026 12:00:30 GMT", 30.0),
        ("Friday, 01-May-26 12:00:30 GMT", 30.0),
        ("Fri, 01 May 2026 12:00:30 -0000", 30.0),
        ("Fri, 01 May 2026 11:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1e9", None),
        ("٣", None),
        ("9" * 5000, None),
        ("Fri, 99 May 2026 12:00:30 GMT", None),
        ("Fri, 01 May 99999999999 12:00:30 GMT", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None):
    assert seconds_of_retry_after(value, at=NOON) == seconds


def test_retry_after_a_date_counts_from_the_given_moment():
    value = "Fri, 01 May 2026 12:00:30 GMT"
    assert seconds_of_retry_after(value, at=NOON + timedelta(seconds=10)) == 20.0


def test_headers_of_others_are_made_printable():
    assert printable_header("ab c\x1b[31m\r\nd" + "e" * 200) == ("abc[31md" + "e" * 200)[:128]
    assert printable_header(None) == ""
