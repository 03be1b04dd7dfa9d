"""Events that Stripe sends: who sent them is looked at, and what they are about is fetched.

NotStripes   the signature, its time or the account is wrong
"""

import hmac
import json
import time
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.conf import settings

from accounts.models import Payment, StripeEvent
from accounts.payments import client
from accounts.payments.client import Told
from accounts.payments.settling import note, settle

TOLERANCE_SECONDS = 300
MAX_BYTES = 512 * 1024
KEPT_DAYS = 60
TYPES = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)


class NotStripes(Exception):
    pass


def hear(*, body: bytes, signature: str) -> None:
    """Deals with one delivery. Raises NotStripes, and Away: then Stripe sends it again."""
    check_signature(body, signature)
    try:
        event = json.loads(body)
        is_ours = event["livemode"] == client.is_live() and not event.get("account")
        told = client.told(event)
    except (LookupError, TypeError, ValueError) as error:
        raise NotStripes("no event") from error
    if not is_ours:
        raise NotStripes("of another account or mode")
    if told.type in TYPES:
        deal_with(told)


def deal_with(told: Told) -> None:
    """Does nothing for one that was dealt with before. Raises Away."""
    if StripeEvent.objects.filter(pk=told.event_id).exists():
        return
    payment = _payment_of(told)
    if payment:
        settle(payment.pk, event=told)
    else:
        note(told)  # of other business that the same account does


def _payment_of(told: Told) -> Payment | None:
    """Of ours; by the session, or by what a refund or dispute is about."""
    is_session = told.object == "checkout.session"
    name = told.object_id if is_session else told.intent_id
    column = "session_id" if is_session else "intent_id"
    known = Payment.objects.filter(**{column: name}).first() if name else None
    if known or not name:
        return known
    found = client.find(name) if is_session else client.session_of(name)
    return _adopted(found) if found else None


def _adopted(found: client.Found) -> Payment | None:
    """The payment that a session names; it learns here of one whose answer it never had."""
    with suppress(ValueError):
        waiting = Payment.objects.filter(pk=UUID(found.payment), session_id=None)
        waiting.update(session_id=found.session_id)
    return Payment.objects.filter(session_id=found.session_id).first()


def check_signature(body: bytes, signature: str) -> None:
    """Of the raw body, made within the last 300 s by who knows the secret. Raises NotStripes."""
    parts = [part.partition("=")[::2] for part in signature.split(",")]
    times = [value for name, value in parts if name == "t"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit()):
        raise NotStripes("no signature")
    signed = f"{times[0]}.".encode() + body
    expected = hmac.new(settings.STRIPE_WEBHOOK_SECRET.encode(), signed, sha256).hexdigest()
    given = [value for name, value in parts if name == "v1"]
    if not any(hmac.compare_digest(expected.encode(), each.encode()) for each in given):
        raise NotStripes("another signature")
    if abs(time.time() - int(times[0])) > TOLERANCE_SECONDS:
        raise NotStripes("an old signature")


def forget(*, before: datetime) -> None:
    """Events so old that neither Stripe's list nor a delivery has them any more."""
    StripeEvent.objects.filter(created_at__lt=before).delete()
