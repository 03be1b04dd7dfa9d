"""One request to one webhook: bounded in time, to a checked address, without redirects."""

import time
from dataclasses import dataclass
from datetime import datetime

import httpx

from studio.engines.http import read_start, seconds_of_retry_after
from studio.engines.transport import TimedTransport, deadline
from studio.models import Delivery
from studio.webhooks import addresses, signing

DEADLINE_SECONDS = 10.0
ANSWER_BYTES = 300
GONE = 410


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`error` is a sentence, and empty if the webhook took the event."""

    error: str
    duration_ms: int
    status: int | None = None
    text: str = ""
    retry_after_seconds: float | None = None


def transport() -> TimedTransport:
    """To be shared by the threads of one process."""
    return TimedTransport(allows=addresses.allows)


def post(over: TimedTransport, delivery: Delivery, *, at: datetime) -> Answer:
    begun = time.monotonic()
    status, text, error, wait = None, "", "", None
    try:
        with deadline(DEADLINE_SECONDS):
            response = over.handle_request(_request(delivery, at))
            try:
                status = response.status_code
                wait = seconds_of_retry_after(response.headers.get("retry-after"), at=at)
                if not response.is_success:
                    error, text = _refusal(status), _printable(read_start(response, ANSWER_BYTES))
            finally:
                response.close()
    except httpx.TransportError as trouble:
        error = _words(trouble)
    return Answer(
        status=status,
        text=text,
        error=error,
        retry_after_seconds=wait,
        duration_ms=round((time.monotonic() - begun) * 1000),
    )


def _request(delivery: Delivery, at: datetime) -> httpx.Request:
    signed = signing.headers(
        delivery.webhook, event_id=delivery.event_id, body=delivery.body, at=at
    )
    about = {
        "content-type": "application/json",
        "accept-encoding": "identity",
        "user-agent": "Easel-Webhooks/1",
    }
    return httpx.Request(
        "POST", delivery.webhook.url, headers=about | signed, content=delivery.body.encode()
    )


def _refusal(status: int) -> str:
    if 300 <= status < 400:
        return f"It answered {status}, and redirects are not followed."
    return f"It answered {status}."


def _words(trouble: httpx.TransportError) -> str:
    if isinstance(trouble, (httpx.ConnectError, httpx.ConnectTimeout)):
        return f"It could not be reached: {trouble}."[:300]
    if isinstance(trouble, httpx.TimeoutException):
        return f"It took longer than {DEADLINE_SECONDS:.0f} seconds to answer."
    return "The connection broke off before it had answered."


def _printable(start: bytes) -> str:
    text = start.decode(errors="replace")
    return "".join(each if each.isprintable() else " " for each in text)[:ANSWER_BYTES].strip()
