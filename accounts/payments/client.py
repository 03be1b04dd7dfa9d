"""Asks Stripe, and gives what was found as our own nouns.

Only fields that are used are read, and each is looked at as something from outside. The library
is loaded when it is first asked: it takes 35 MB, which an installation without payments is spared.
It names the version of the API that it was made for in every call, so the locks pin both.
"""

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from accounts.models import Payment, Reversal
from accounts.money import MICROS_PER_CENT
from accounts.payments.errors import Away

log = logging.getLogger("easel.payments")
CURRENCY = "usd"
_TIMEOUT_SECONDS = 10
_TRIES_MORE = 1


@dataclass(frozen=True, kw_only=True)
class Going:
    """A refund or dispute as Stripe has it now."""

    kind: Reversal.Kind
    object_id: str
    amount_micros: int
    currency: str
    status: str
    created_at: datetime
    answer_by: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Found:
    """A Checkout as Stripe has it now, with what became of its money."""

    session_id: str
    status: str
    payment_status: str
    payment: str
    workspace: str
    currency: str
    amount_micros: int
    is_live: bool
    url: str
    intent_id: str = ""
    intent_status: str = ""
    received_micros: int = 0
    received_currency: str = ""
    received_at: datetime | None = None
    paid_with: str = ""
    going: tuple[Going, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Told:
    """What an event is about; nothing else of it is believed."""

    event_id: str
    type: str
    object: str
    object_id: str
    intent_id: str


def open_session(payment: Payment, *, email: str, back_to: str, done_at: str) -> Found:
    """The same payment again is the same session. Raises Away."""
    about = {"payment": str(payment.pk), "workspace": str(payment.workspace_id)}
    line = {
        "quantity": 1,
        "price_data": {
            "currency": CURRENCY,
            "unit_amount": payment.amount_cents,
            "product_data": {"name": "Easel credit"},
        },
    }
    params: dict[str, Any] = {
        "mode": "payment",
        "submit_type": "pay",
        "line_items": [line],
        "client_reference_id": str(payment.pk),
        "customer_email": email,
        "metadata": about,
        "payment_intent_data": {"metadata": about, "description": "Easel credit"},
        "adaptive_pricing": {"enabled": False},
        "success_url": done_at,
        "cancel_url": back_to,
    }
    options: dict[str, Any] = {"idempotency_key": f"easel-{payment.pk}"}
    with _asked() as stripe:
        return _session(stripe.checkout.sessions.create(params, options).to_dict())


def find(session_id: str) -> Found | None:
    """None if there is no such session. Raises Away."""
    with _asked() as stripe:
        sessions = stripe.checkout.sessions
        try:
            session = sessions.retrieve(session_id, {"expand": ["payment_intent.latest_charge"]})
        except _missing() as error:
            if error.http_status != 404:
                raise
            return None
        found = _session(session.to_dict())
        return replace(found, going=_all_going(stripe, found)) if found.intent_id else found


def session_of(intent_id: str) -> Found | None:
    """The Checkout that made this payment intent, if one did. Raises Away."""
    with _asked() as stripe:
        found = stripe.checkout.sessions.list({"payment_intent": intent_id, "limit": 1}).data
        return _session(found[0].to_dict()) if found else None


def events(types: Iterable[str], *, since: datetime) -> Iterator[Told]:
    """Of Stripe's own list, which goes back 30 days; the newest first. Raises Away."""
    created = {"gte": int(since.timestamp())}
    with _asked() as stripe:
        listed = stripe.events.list({"types": list(types), "created": created, "limit": 100})
        for event in listed.auto_paging_iter():
            yield told(event.to_dict())


def told(event: Any) -> Told:
    """Raises LookupError, TypeError or ValueError if it is no event."""
    about = event["data"]["object"]
    return Told(
        event_id=_text(event["id"]),
        type=_text(event["type"]),
        object=_text(about["object"]),
        object_id=_text(about.get("id") or ""),
        intent_id=_id(about.get("payment_intent")),
    )


def is_live() -> bool:
    """Whether the key moves real money."""
    return "_live_" in settings.STRIPE_SECRET_KEY


def _session(session: Any) -> Found:
    intent = session.get("payment_intent")
    found = {
        "session_id": _text(session["id"]),
        "status": _text(session["status"]),
        "payment_status": _text(session["payment_status"]),
        "payment": session.get("client_reference_id") or "",
        "workspace": (session.get("metadata") or {}).get("workspace", ""),
        "currency": session["currency"] or "",
        "amount_micros": (session["amount_total"] or 0) * MICROS_PER_CENT,
        "is_live": bool(session["livemode"]),
        "url": _address(session.get("url") or ""),
        "intent_id": _id(intent),
    }
    if isinstance(intent, str) or not intent:
        return Found(**found)
    charge = intent.get("latest_charge") or {}
    return Found(
        **found,
        intent_status=_text(intent["status"]),
        received_micros=intent["amount_received"] * MICROS_PER_CENT,
        received_currency=_text(intent["currency"]),
        received_at=_moment((charge or intent)["created"]),
        paid_with=_said(charge.get("payment_method_details") or {}),
    )


def _all_going(stripe: Any, found: Found) -> tuple[Going, ...]:
    """The oldest first."""
    query = {"payment_intent": found.intent_id, "limit": 100}
    lists = {Reversal.Kind.REFUND: stripe.refunds, Reversal.Kind.DISPUTE: stripe.disputes}
    going = [
        _going(kind, each.to_dict())
        for kind, listed in lists.items()
        for each in listed.list(query).auto_paging_iter()
    ]
    return tuple(sorted(going, key=lambda each: (each.created_at, each.object_id)))


def _going(kind: Reversal.Kind, each: Any) -> Going:
    due = (each.get("evidence_details") or {}).get("due_by")
    return Going(
        kind=kind,
        object_id=_text(each["id"]),
        amount_micros=each["amount"] * MICROS_PER_CENT,
        currency=_text(each["currency"]),
        status=_text(each["status"]),
        created_at=_moment(each["created"]),
        answer_by=_moment(due) if due else None,
    )


def _said(method: Any) -> str:
    """How it was paid, as a person says it."""
    kind = str(method.get("type") or "").replace("_", " ")
    card = method.get("card")
    words = f"{card.get('brand')} ending in {card.get('last4')}" if card else kind
    return words[:1].upper() + words[1:60]


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _id(value: Any) -> str:
    """Of what may be expanded or not."""
    return _text(value if isinstance(value, str) or not value else value["id"])


def _text(value: Any) -> str:
    if not isinstance(value, str | None) or len(value or "") > 255:
        raise ValueError("Stripe's answer has no such text")
    return value or ""


def _address(url: str) -> str:
    """To which the payer is sent: encrypted, unless all of it is tried on one machine."""
    if url and urlsplit(url).scheme not in ("https", urlsplit(settings.STRIPE_API_BASE).scheme):
        raise ValueError("Stripe's answer leads nowhere")
    return url


def _missing() -> Any:
    import stripe  # noqa: PLC0415

    return stripe.InvalidRequestError


@contextmanager
def _asked() -> Iterator[Any]:
    """Stripe's services. Raises Away.

    Stripe's message may name what people entered, so the kind alone is logged.
    """
    import stripe  # noqa: PLC0415

    try:
        yield _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, os.getpid()).v1
    except stripe.StripeError as error:
        status, kind = error.http_status, type(error).__name__
        log.error("stripe: %s status=%s code=%s", kind, status, error.code)
        raise Away from error
    except (LookupError, TypeError, ValueError) as error:
        log.error("stripe: an answer that is not understood: %s", type(error).__name__)
        raise Away from error


@lru_cache(maxsize=2)
def _client(key: str, base: str, _pid: int) -> Any:
    """One for each process, since it keeps connections."""
    import stripe  # noqa: PLC0415

    stripe.enable_telemetry = False
    return stripe.StripeClient(
        key,
        base_addresses={"api": base},
        http_client=stripe.RequestsClient(timeout=_TIMEOUT_SECONDS),
        max_network_retries=_TRIES_MORE,
    )
