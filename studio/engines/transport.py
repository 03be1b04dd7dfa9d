"""Connections whose every step ends with the calling thread's deadline.

httpx itself bounds each read and write, so a peer that sends one byte a second holds a caller
for ever; and it follows redirects to any address. Here one layer, httpcore's network backend,
gives every connect, handshake, read and write no more than what is left of the deadline, and
connects only to an address that it has checked.
"""

import encodings.idna  # noqa: F401 - socket and ssl import it at first use, which may be after a fork
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

from studio.engines.addresses import AddressRule

KEEPALIVE_SECONDS = 4.0  # under the 5 s after which uvicorn, and so vLLM and SGLang, hang up
WRITE_PIECE_BYTES = 64 * 1024
READ_BYTES = 512 * 1024

_ends_at: ContextVar[float] = ContextVar("ends_at")


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Whatever this thread does over a `TimedTransport` in the block ends within `seconds`.

    Needed around every call: without one the transport raises LookupError.
    """
    token = _ends_at.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(token)


def _seconds_left(expired: type[httpcore.TimeoutException]) -> float:
    left = _ends_at.get() - time.monotonic()
    if left <= 0:
        raise expired("the deadline has passed")
    return left


class TimedTransport(httpx.HTTPTransport):
    """Keeps every call within the thread's `deadline`, and connects where `allows` says.

    Safe to share between threads. Opens no connection before the first call, so it may be
    built before a fork. Environment proxies are not used.
    """

    def __init__(
        self, *, allows: AddressRule | None = None, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        ssl_context = ssl_context or httpx.create_ssl_context(trust_env=False)
        super().__init__(verify=ssl_context, trust_env=False)
        # httpx offers no argument for the backend.
        self._pool = _Pools(
            ssl_context=ssl_context,
            keepalive_expiry=KEEPALIVE_SECONDS,
            network_backend=_TimedBackend(allows or (lambda _host, _address: True)),
        )


class _Pools(httpcore.ConnectionPool):
    """A pool for each call under way, the one first that was used last.

    Before and after every call a pool looks through all of its connections, under a lock: with
    65 calls under way that was a third of what a call costs here.
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._idle: list[httpcore.ConnectionPool] = []

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        try:
            pool = self._idle.pop()
        except IndexError:
            pool = httpcore.ConnectionPool(**self._options)
        try:
            response = pool.handle_request(request)
        except BaseException:
            self._idle.append(pool)
            raise
        response.stream = _Body(response.stream, lambda: self._idle.append(pool))
        return response

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()


class _Body:
    """Of an answer; says when it is done with."""

    def __init__(self, pieces: Any, ended: Callable[[], None]) -> None:
        self._pieces = pieces
        self._ended: Callable[[], None] | None = ended

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces

    def close(self) -> None:
        ended, self._ended = self._ended, None
        if ended:
            self._pieces.close()
            ended()


class _TimedBackend(httpcore.SyncBackend):
    def __init__(self, allows: AddressRule) -> None:
        self._allows = allows

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline rules
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to an address that was checked, not to a name that may resolve anew."""
        failure: Exception = httpcore.ConnectError(f"no address of {host} may be connected to")
        addresses = [a for a in resolve(host, port) if self._allows(host, a)]
        for still_to_try, address in zip(
            range(len(addresses), 0, -1), addresses, strict=True
        ):  # a silent address leaves time for the next
            share = _seconds_left(httpcore.ConnectTimeout) / still_to_try
            try:
                stream = super().connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream)
        raise failure


class _TimedStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """More than is asked for, if it is there: a picture would come in a hundred pieces."""
        most_bytes = max(max_bytes, READ_BYTES)
        return self._inner.read(most_bytes, _seconds_left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """In pieces, because the inner stream grants its timeout anew after each partial send."""
        for start in range(0, len(buffer), WRITE_PIECE_BYTES):
            piece = buffer[start : start + WRITE_PIECE_BYTES]
            self._inner.write(piece, _seconds_left(httpcore.WriteTimeout))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        try:
            left = _seconds_left(httpcore.ConnectTimeout)
            return _TimedStream(self._inner.start_tls(ssl_context, server_hostname, left))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


def resolve(host: str, port: int) -> list[str]:
    """The IP addresses of `host`; in a thread of its own, as getaddrinfo knows no timeout.

    Within the calling thread's `deadline`. Raises httpcore.ConnectError and ConnectTimeout.
    """
    answers: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    left = _seconds_left(httpcore.ConnectTimeout)
    threading.Thread(target=ask, name="easel-resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=left)
    except queue.Empty as error:
        raise httpcore.ConnectTimeout(f"looking up {host} took too long") from error
    if isinstance(answer, Exception):
        raise httpcore.ConnectError(str(answer)) from answer
    return answer
