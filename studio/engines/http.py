"""HTTP as an engine needs it: total deadlines, capped bodies, results from public hosts only.

    with deadline(20.0), send(transport, request) as response:
        body = read_capped(response, max_bytes=1_000_000)

httpx itself bounds each read and write, so a peer that sends one byte a second holds a caller
for ever; it follows redirects to any address; and it inflates without a limit. Here one layer,
httpcore's network backend, gives every connect, handshake, read and write no more than what is
left of the calling thread's deadline, and connects only to an address that it has checked.

Requests go to the transport without an `httpx.Client`: a client would log the signed url of
every result, keep cookies between users' calls, and read credentials out of urls.

Raised: `Busy` when nothing was sent, `Trouble` when something was and the outcome is unknown.
"""

import email.utils
import encodings.idna  # noqa: F401 - socket and ssl import it at first use, which may be after a fork
import queue
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import httpcore
import httpx

from studio.engines.addresses import AddressRule
from studio.engines.contract import Busy, Trouble

UNREACHABLE = "The image service cannot be reached."
TOO_SLOW = "The image service took too long to answer."
BROKE_OFF = "The connection to the image service broke off."
UNREADABLE = "The image service sent an answer that cannot be read."
TOO_LARGE = "The image service sent a larger answer than Easel accepts."
NOT_FETCHED = "The finished image could not be fetched from the image service."

MAX_REDIRECTS = 3
KEEPALIVE_SECONDS = 4.0  # under the 5 s after which uvicorn, and so vLLM and SGLang, hang up
WRITE_PIECE_BYTES = 64 * 1024
READ_BYTES = 512 * 1024

_ends_at: ContextVar[float] = ContextVar("ends_at")


# Deadlines


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


# Connections


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


# Calls


@contextmanager
def send(transport: TimedTransport, request: httpx.Request) -> Iterator[httpx.Response]:
    """The answer with its body unread. Redirects are not followed.

    A connection that breaks while the body is read is translated here too.
    """
    try:
        response = transport.handle_request(request)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise Busy(UNREACHABLE, detail=f"not sent: {error}") from error
    except httpx.TransportError as error:
        raise _broken(error) from error
    try:
        yield response
    except httpx.TransportError as error:
        raise _broken(error) from error
    finally:
        response.close()


def _broken(error: httpx.TransportError) -> Trouble:
    sentence = TOO_SLOW if isinstance(error, httpx.TimeoutException) else BROKE_OFF
    return Trouble(sentence, detail=f"{type(error).__name__}: {error}")


def read_capped(response: httpx.Response, max_bytes: int) -> bytes:
    """The whole body, decompressed; `Trouble` as soon as it exceeds `max_bytes`."""
    body = bytearray()
    for piece in _inflated(response, max_bytes):
        body += piece
        if len(body) > max_bytes:
            raise Trouble(TOO_LARGE, detail=f"body over {max_bytes} bytes")
    return bytes(body)


def read_start(response: httpx.Response, max_bytes: int) -> bytes:
    """As much of the body as arrives, at most `max_bytes`: for errors, whose status is known."""
    body = bytearray()
    try:
        for piece in _inflated(response, max_bytes):
            body += piece
            if len(body) >= max_bytes:
                break
    except (httpx.TransportError, Trouble):
        pass
    return bytes(body[:max_bytes])


def _inflated(response: httpx.Response, max_bytes: int) -> Iterator[bytes]:
    """The body's pieces, none longer than `max_bytes` + 1 (or one read, if not compressed).

    httpx would turn 64 kB of gzip into 64 MB at once, and nested encodings into far more.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        yield from response.iter_raw()
        return
    if encoding != "gzip":
        raise Trouble(UNREADABLE, detail=f"content-encoding {encoding[:40]!r}")
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        for piece in response.iter_raw():
            yield inflater.decompress(piece, max_bytes + 1)
    except zlib.error as error:
        raise Trouble(UNREADABLE, detail=f"gzip: {error}") from error
    if not inflater.eof:
        raise Trouble(UNREADABLE, detail="gzip: ends early")


def fetch(
    transport: TimedTransport, url: httpx.URL, *, max_bytes: int, headers: dict[str, str]
) -> bytes:
    """The file behind a result's url, following at most `MAX_REDIRECTS`.

    `transport` decides which addresses are connected to, on every hop. Give no credentials in
    `headers`. Every failure is `Trouble`: the image has been made, and perhaps billed.
    """
    for _ in range(1 + MAX_REDIRECTS):
        if url.scheme not in ("http", "https") or not url.raw_host:
            raise Trouble(NOT_FETCHED, detail=f"result url of scheme {url.scheme[:20]!r}")
        try:
            with send(transport, httpx.Request("GET", url, headers=headers)) as response:
                if response.status_code == 200:
                    return read_capped(response, max_bytes)
                url = _next_url(url, response)
        except Busy as error:
            raise Trouble(NOT_FETCHED, detail=f"result url: {error}") from error
    raise Trouble(NOT_FETCHED, detail="result url: too many redirects")


def _next_url(url: httpx.URL, response: httpx.Response) -> httpx.URL:
    if not response.has_redirect_location:
        raise Trouble(NOT_FETCHED, detail=f"result url: status {response.status_code}")
    return join(url, response.headers["location"])


def join(base: httpx.URL, reference: str) -> httpx.URL:
    """`reference`, absolute or relative to `base`, as another server wrote it."""
    try:
        return base.join(reference)
    except (httpx.InvalidURL, ValueError) as error:
        raise Trouble(NOT_FETCHED, detail="result url: malformed") from error


# Headers


def seconds_of_retry_after(value: str | None, *, at: datetime) -> float | None:
    """`Retry-After` as seconds from `at`; None for nothing or nonsense."""
    value = (value or "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - at).total_seconds())


def printable_header(value: str | None) -> str:
    """A header of another server made fit for a log and a column: visible ASCII, 128 at most."""
    return re.sub(r"[^\x21-\x7e]", "", value or "")[:128]
