"""Money in, through Stripe Checkout.

What Stripe says is the only truth about a payment: its amount, and whether it was paid, refunded
or disputed. A webhook, the payer who comes back, and the sweep all do the same thing: fetch it
again, and bring our rows and the ledger to it (`settle`). So their order does not matter, and
doing it ten times does it once.

    PaymentError     a sentence for the user
    └── Away         Stripe cannot be reached, or answers nonsense
"""

from django.conf import settings

from accounts.payments.errors import Away, PaymentError
from accounts.payments.opening import open_checkout
from accounts.payments.settling import settle

__all__ = ["Away", "PaymentError", "are_on", "open_checkout", "settle"]


def are_on() -> bool:
    """Whether the operator has given keys of Stripe."""
    return bool(settings.STRIPE_SECRET_KEY)
