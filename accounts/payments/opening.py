from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import ids, letters, workspaces
from accounts.models import Payment, User, Workspace
from accounts.once import MadeAlready
from accounts.payments import client
from accounts.payments.client import Found
from accounts.payments.errors import Away, PaymentError

LEAST_CENTS, MOST_CENTS = 100, 50_000
_MOST_OPEN = 20
_OVER = (Payment.State.EXPIRED, Payment.State.FAILED)


def open_checkout(*, workspace: Workspace, by: User, amount_cents: int, new_id: UUID) -> str:
    """The address of Stripe's page, on which it is paid.

    The row is there before Stripe is asked, so nothing can be paid that nobody knows of. The same
    `new_id` again is the same Checkout, until it has an end. Raises NotAllowed, PaymentError, and
    MadeAlready once it was paid.
    """
    workspaces.check_may_pay(by, workspace)
    payment = _begun(workspace, by, amount_cents, new_id)
    found = client.find(payment.session_id) if payment.session_id else _opened(payment, by)
    if found and found.status == "complete":
        raise MadeAlready
    if not (found and found.url):
        raise Away
    return found.url


def _begun(workspace: Workspace, by: User, amount_cents: int, new_id: UUID) -> Payment:
    """The row of this form. For another amount, or after its end, it is another payment."""
    fields = {"workspace": workspace, "created_by": by, "amount_cents": amount_cents}
    for pk in (new_id, ids.new()):
        earlier = Payment.objects.filter(pk=pk, **fields).exclude(state__in=_OVER).first()
        if earlier:
            return earlier
        _check_room(workspace)
        with suppress(IntegrityError), transaction.atomic():
            return Payment.objects.create(pk=pk, **fields)
        if earlier := Payment.objects.filter(pk=pk, **fields).exclude(state__in=_OVER).first():
            return earlier  # it was sent twice at once
    raise PaymentError("Load the page again.")


def _check_room(workspace: Workspace) -> None:
    begun = Payment.objects.in_workspace(workspace).unsettled()
    if begun.filter(created_at__gt=timezone.now() - timedelta(hours=1)).count() >= _MOST_OPEN:
        raise PaymentError("Many payments were begun here. Try again in an hour.")


def _opened(payment: Payment, by: User) -> Found:
    found = client.open_session(
        payment,
        email=by.email,
        back_to=letters.at_site(reverse("accounts:credit_page")),
        done_at=letters.at_site(reverse("accounts:payment_page", args=[payment.pk])),
    )
    Payment.objects.filter(pk=payment.pk, session_id=None).update(session_id=found.session_id)
    return found
