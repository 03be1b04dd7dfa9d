"""HTTP as an engine needs it: total deadlines, capped bodies, results from public hosts only.

    with deadline(20.0), send(transport, request) as response:
        body = read_capped(response, max_bytes=1_000_000)

httpx inflates without a limit; here what is read is capped as it comes. Deadlines and addresses
are the transport's.

Requests go to the transport without an `httpx.Client`: a client would log the signed url of
every result, keep cookies between users' calls, and read credentials out of urls.

Raised: `Busy` when nothing was sent, `Trouble` when something was and the outcome is unknown.
"""

import email.utils
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx

from studio.engines.contract import Busy, Trouble
from studio.engines.transport import TimedTransport

UNREACHABLE = "The image service cannot be reached."
TOO_SLOW = "The image service took too long to answer."
BROKE_OFF = "The connection to the image service broke off."
UNREADABLE = "The image service sent an answer that cannot be read."
TOO_LARGE = "The image service sent a larger answer than Easel accepts."
NOT_FETCHED = "The finished image could not be fetched from the image service."

MAX_REDIRECTS = 3


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
    pieces, size = [], 0
    for piece in _inflated(response, max_bytes):
        pieces.append(piece)
        size += len(piece)
        if size > max_bytes:
            raise Trouble(TOO_LARGE, detail=f"body over {max_bytes} bytes")
    return b"".join(pieces)


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
