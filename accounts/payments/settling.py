"""Brings our rows and the ledger to what Stripe says of one payment."""

import logging
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.core.mail import mail_admins
from django.db import transaction
from django.utils import timezone

from accounts import receivables
from accounts.models import Payment, Reversal, StripeEvent
from accounts.payments import client
from accounts.payments.client import CURRENCY, Found, Going, Told
from accounts.payments.errors import Away

log = logging.getLogger("easel.payments")
_TRIES = 50

# Whether Stripe has taken the money out of the operator's account, by a refund's or dispute's
# status. A dispute that only asks (`warning_...`) has taken none.
_IS_TAKEN = {
    Reversal.Kind.REFUND: {
        "pending": True,
        "requires_action": True,
        "succeeded": True,
        "failed": False,
        "canceled": False,
    },
    Reversal.Kind.DISPUTE: {
        "needs_response": True,
        "under_review": True,
        "lost": True,
        "won": False,
        "prevented": False,
        "warning_needs_response": False,
        "warning_under_review": False,
        "warning_closed": False,
    },
}
_MEMOS = {
    Reversal.Kind.REFUND: ("Refund", "A refund that did not arrive"),
    Reversal.Kind.DISPUTE: ("Disputed payment", "Dispute decided in your favour"),
}


def settle(payment_id: UUID, *, event: Told | None = None) -> Payment:
    """Fetches the payment from Stripe and applies what changed. Raises Away.

    No lock is held while Stripe is asked. Who finds the row changed meanwhile asks again, so that
    no old answer is applied after a newer one.
    """
    for _ in range(_TRIES):
        seen = Payment.objects.get(pk=payment_id)
        found = client.find(seen.session_id) if seen.session_id else None
        payment = _apply(seen, found, event)
        if payment:
            return payment
    raise Away


def _apply(seen: Payment, found: Found | None, event: Told | None) -> Payment | None:
    """None if it is not any more what was seen before Stripe was asked."""
    letters: list[str] = []
    with transaction.atomic(durable=True):
        payment = Payment.objects.select_for_update().select_related("workspace").get(pk=seen.pk)
        if payment.version != seen.version:
            return None
        if found and _has_changed(payment, found, letters.append):
            payment.version += 1
        payment.checked_at = timezone.now()
        payment.save()
        if event:
            note(event)
    for letter in letters:
        log.warning("payment=%s %s", payment.pk, letter)
        mail_admins("A payment needs you", f"{letter}\n", fail_silently=True)
    return payment


def note(event: Told) -> None:
    """That it was dealt with. May be repeated."""
    StripeEvent.objects.get_or_create(pk=event.event_id, defaults={"type": event.type})


def _has_changed(payment: Payment, found: Found, tell: Callable[[str], None]) -> bool:
    before = (payment.state, payment.problem, payment.intent_id)
    if payment.state != Payment.State.PAID:
        _take_in(payment, found, tell)
    has_moved = payment.state == Payment.State.PAID and _reverse(payment, found, tell)
    return has_moved or before != (payment.state, payment.problem, payment.intent_id)


def _take_in(payment: Payment, found: Found, tell: Callable[[str], None]) -> None:
    """Money that came. What does not fit is not credited, and the operator is told once."""
    payment.state = _state(found)
    payment.intent_id = found.intent_id or None
    if payment.state != Payment.State.PAID:
        return
    problem = _mismatch(payment, found)
    if problem:
        if problem != payment.problem:
            tell(f"Payment {payment.number} is not credited: {problem} See {found.session_id}.")
        payment.state, payment.problem = Payment.State.REFUSED, problem
        return
    payment.problem = ""
    payment.paid_micros = found.received_micros
    payment.paid_at = found.received_at or timezone.now()
    payment.paid_with = found.paid_with
    receivables.receive(
        to=payment.workspace,
        amount_micros=payment.paid_micros,
        reference=payment.reference,
        memo=f"Top-up {payment.number}",
        by=payment.created_by,
    )


def _state(found: Found) -> Payment.State:
    if found.payment_status == "paid":
        return Payment.State.PAID
    if found.status == "expired":
        return Payment.State.EXPIRED
    if found.status != "complete":
        return Payment.State.OPEN
    is_over = found.intent_status in ("requires_payment_method", "canceled")
    return Payment.State.FAILED if is_over else Payment.State.PROCESSING


def _mismatch(payment: Payment, found: Found) -> str:
    """Why what was paid is not what was asked for; empty if it is."""
    if found.payment != str(payment.pk) or found.workspace != str(payment.workspace_id):
        return "it names another payment or workspace."
    if found.is_live != client.is_live():
        return "it is of another mode (test or live) than the key."
    if {found.currency, found.received_currency} != {CURRENCY}:
        return "it is in another currency."
    if not found.received_micros == found.amount_micros == payment.amount_micros:
        return "its amount is another one than was asked for."
    return ""


def _reverse(payment: Payment, found: Found, tell: Callable[[str], None]) -> bool:
    """Takes back for each refund and dispute what it took, and gives back what came back.

    All of them together take no more than was paid: who was refunded and disputes as well owes
    it once. Returns whether anything changed.
    """
    known = {each.object_id: each for each in payment.reversals.all()}
    left_micros, has_changed = payment.paid_micros, False
    for going in found.going:
        reversal = known.get(going.object_id) or Reversal(
            payment=payment, kind=going.kind, object_id=going.object_id, created_at=going.created_at
        )
        wanted_micros = min(_wanted(reversal, going), left_micros)
        left_micros -= wanted_micros
        if reversal.status != going.status:
            _tell_of(payment, going, tell)
        has_changed |= _bring(payment, reversal, going, wanted_micros)
    return has_changed


def _wanted(reversal: Reversal, going: Going) -> int:
    """A status that is not known changes nothing."""
    if going.currency != CURRENCY:
        return 0
    is_taken = _IS_TAKEN[going.kind].get(going.status)
    if is_taken is None:
        return reversal.taken_micros
    return going.amount_micros if is_taken else 0


def _bring(payment: Payment, reversal: Reversal, going: Going, wanted_micros: int) -> bool:
    """Writes the row, and moves the difference to what was taken before."""
    is_new = reversal.pk is None
    same = (reversal.status, reversal.amount_micros) == (going.status, going.amount_micros)
    more_micros = wanted_micros - reversal.taken_micros
    if not is_new and same and not more_micros:
        return False
    reversal.status, reversal.amount_micros = going.status, going.amount_micros
    reversal.taken_micros = wanted_micros
    reversal.changed_at = timezone.now()
    taken, given = (f"{memo}, {payment.number}" for memo in _MEMOS[going.kind])
    if more_micros:
        reversal.moves += 1
    reference = reversal.reference(reversal.moves)
    if more_micros > 0:
        receivables.take_back(
            workspace=payment.workspace, amount_micros=more_micros, reference=reference, memo=taken
        )
    elif more_micros < 0:
        receivables.receive(
            to=payment.workspace, amount_micros=-more_micros, reference=reference, memo=given
        )
    reversal.save()
    return True


def _tell_of(payment: Payment, going: Going, tell: Callable[[str], None]) -> None:
    """The operator: of a dispute that wants an answer, and of what this code does not know."""
    named = f"{going.object_id} of payment {payment.number}"
    if going.currency != CURRENCY:
        tell(f"The {going.kind} {named} is in another currency and changes no credit.")
    elif going.status not in _IS_TAKEN[going.kind]:
        tell(f"The {going.kind} {named} has a status that is not known: {going.status[:40]}.")
    elif going.status in ("needs_response", "warning_needs_response"):
        tell(f"The payer disputes {named}. {_answer(going.answer_by)}")


def _answer(by: datetime | None) -> str:
    until = f"by {by:%Y-%m-%d %H:%M} UTC" if by else "in time"
    return f"Answer at Stripe {until}; docs/operations.md says how."
