"""What the transport promises, whatever goes over it: an end in time, checked addresses."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import httpx
import pytest

from studio.engines.contract import Busy, Trouble
from studio.engines.http import read_capped, send
from studio.engines.transport import TimedTransport, deadline
from tests.engines.makers import closed_port, file_of, reset, resolves_to, silent_port
from tests.engines.strict_faults import MEGABYTE
from tests.engines.strict_stepfun import StrictStepfun


@pytest.fixture
def transport() -> Iterator[TimedTransport]:
    with closing(TimedTransport()) as built:
        yield built


def get(
    transport: TimedTransport, url: str, *, seconds: float = 5.0, body: bytes | None = None
) -> bytes:
    with deadline(seconds), send(transport, httpx.Request("GET", url, content=body)) as response:
        return read_capped(response, 1000)


@contextmanager
def took(at_least: float, at_most: float) -> Iterator[None]:
    started = time.monotonic()
    yield
    assert at_least <= time.monotonic() - started <= at_most


# Deadlines


def test_a_call_without_a_deadline_is_a_mistake(transport: TimedTransport, strict: StrictStepfun):
    with pytest.raises(LookupError), send(transport, httpx.Request("GET", strict.base_url)):
        pass


def test_hang_before_headers_ends_at_the_deadline(transport: TimedTransport):
    with silent_port() as port, took(0.4, 1.0), pytest.raises(Trouble, match="ReadTimeout"):
        get(transport, f"http://127.0.0.1:{port}/", seconds=0.4)


def test_one_byte_a_second_ends_at_the_deadline(transport: TimedTransport, strict: StrictStepfun):
    strict.files["drops"] = bytes(100)
    url = f"http://127.0.0.1:{strict.port}/slow/drops"
    with took(1.5, 2.1), pytest.raises(Trouble, match="ReadTimeout"):
        get(transport, url, seconds=1.5)


def test_a_peer_that_reads_nothing_ends_at_the_deadline(transport: TimedTransport):
    with silent_port() as port, took(0.4, 1.0), pytest.raises(Trouble, match="WriteTimeout"):
        get(transport, f"http://127.0.0.1:{port}/", seconds=0.4, body=bytes(32 * MEGABYTE))


def test_a_silent_tls_handshake_ends_at_the_deadline_and_nothing_was_sent(
    transport: TimedTransport,
):
    with silent_port() as port, took(0.4, 1.0), pytest.raises(Busy, match="not sent"):
        get(transport, f"https://127.0.0.1:{port}/", seconds=0.4)


def test_a_slow_lookup_ends_at_the_deadline_and_nothing_was_sent(
    transport: TimedTransport, monkeypatch: pytest.MonkeyPatch
):
    answered = threading.Event()

    def getaddrinfo(*_args: object, **_kwargs: object) -> None:
        answered.wait(10)
        raise socket.gaierror("too late")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with took(0.3, 0.9), pytest.raises(Busy, match="looking up slow"):
        get(transport, "http://slow.example/", seconds=0.3)
    answered.set()


def test_deadlines_of_threads_are_their_own(transport: TimedTransport, strict: StrictStepfun):
    strict.files["name"] = b"bytes"
    with deadline(0.001):
        other = threading.Thread(target=get, args=(transport, file_of(strict, "name")))
        other.start()
        other.join()
    assert strict.counts["files"] == 1


def test_no_time_left_sends_nothing(transport: TimedTransport, strict: StrictStepfun):
    with pytest.raises(Busy, match="not sent"):
        get(transport, file_of(strict, "name"), seconds=0)
    assert not strict.file_requests


# Never sent, or sent and unknown


def test_connection_refused_is_busy(transport: TimedTransport):
    with closed_port() as port, pytest.raises(Busy, match="not sent"):
        get(transport, f"http://127.0.0.1:{port}/")


def test_unknown_host_is_busy(transport: TimedTransport):
    with pytest.raises(Busy, match="not sent"):
        get(transport, "http://nowhere.invalid/")


def test_impossible_host_name_is_busy(transport: TimedTransport):
    with pytest.raises(Busy, match="not sent"):
        get(transport, f"http://{'a' * 64}.example/")


def test_plain_text_where_tls_should_be_is_busy(transport: TimedTransport, strict: StrictStepfun):
    with pytest.raises(Busy, match="not sent"):
        get(transport, f"https://127.0.0.1:{strict.port}/")
    assert not strict.file_requests


@pytest.mark.parametrize("ending", [reset, socket.socket.close], ids=["reset", "close"])
def test_hanging_up_after_the_request_is_trouble(transport: TimedTransport, ending):
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def hang_up() -> None:
            connection, _ = listener.accept()
            connection.recv(65536)
            ending(connection)

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(Trouble, match=r"RemoteProtocolError|ReadError"):
            get(transport, f"http://127.0.0.1:{listener.getsockname()[1]}/")
        thread.join()


def test_the_next_address_is_tried_when_one_refuses(
    transport: TimedTransport, strict: StrictStepfun, monkeypatch: pytest.MonkeyPatch
):
    strict.files["name"] = b"bytes"
    two = [resolves_to(address)("", strict.port)[0] for address in ("::1", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_a, **_k: _literal_or(host, two))
    assert get(transport, f"http://two.example:{strict.port}/files/name") == b"bytes"


# Addresses


def test_of_several_addresses_only_the_allowed_are_connected_to(
    strict: StrictStepfun, monkeypatch: pytest.MonkeyPatch
):
    asked: list[str] = []

    def rule(_host: str, address: str) -> bool:
        asked.append(address)
        return address == "127.0.0.1"

    two = [resolves_to(address)("", strict.port)[0] for address in ("127.0.0.2", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_a, **_k: _literal_or(host, two))
    strict.files["name"] = b"bytes"
    with closing(TimedTransport(allows=rule)) as picky:
        assert get(picky, f"http://two.example:{strict.port}/files/name") == b"bytes"
    assert asked == ["127.0.0.2", "127.0.0.1"]


# Connections


def test_environment_proxies_and_netrc_are_not_used(
    transport: TimedTransport, strict: StrictStepfun, monkeypatch: pytest.MonkeyPatch
):
    strict.files["name"] = b"bytes"
    with closed_port() as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{port}")
        assert get(transport, file_of(strict, "name")) == b"bytes"


def test_a_connection_is_reused(transport: TimedTransport, strict: StrictStepfun):
    strict.files["name"] = b"bytes"
    connections = []
    for _ in range(3):
        request = httpx.Request("GET", file_of(strict, "name"))
        with deadline(5), send(transport, request) as response:
            read_capped(response, 1000)
            connections.append(_client(response))
    assert len(set(connections)) == 1


def test_calls_under_way_have_connections_of_their_own_and_leave_them_to_the_next(
    transport: TimedTransport, strict: StrictStepfun
):
    strict.files["name"] = b"bytes"
    request = httpx.Request("GET", file_of(strict, "name"))
    with deadline(5):
        with send(transport, request) as first, send(transport, request) as second:
            ours = {_client(first), _client(second)}
            assert len(ours) == 2
            for response in (first, second):
                read_capped(response, 1000)
        for _ in range(2):
            with send(transport, request) as response:
                read_capped(response, 1000)
                assert _client(response) in ours


def test_a_call_that_fails_leaves_its_pool_to_the_next(transport: TimedTransport) -> None:
    with closed_port() as port:
        for _ in range(3):
            with pytest.raises(Busy):
                get(transport, f"http://127.0.0.1:{port}/")
    assert len(transport._pool._idle) == 1


def _client(response: httpx.Response) -> object:
    return response.extensions["network_stream"].get_extra_info("client_addr")


_getaddrinfo = socket.getaddrinfo


def _literal_or(host: str, entries: list) -> list:
    """`create_connection` looks up the literal address that it is given, too."""
    return entries if host.endswith(".example") else _getaddrinfo(host, entries[0][4][1], type=1)
