"""Ada pays, and Stripe tells of it."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts import ids, ledger, payments
from accounts.models import Payment, User, Workspace
from tests.stripe.strict import StrictStripe, sign

WELCOME, TEN = 150_000, 10_000_000


class TopUp:
    def __init__(self, stripe: StrictStripe, by: User, workspace: Workspace) -> None:
        self.stripe, self.by, self.workspace = stripe, by, workspace

    def begin(self, cents: int = 1_000) -> Payment:
        """At Stripe's page, and not paid."""
        new_id = ids.new()
        payments.open_checkout(
            workspace=self.workspace, by=self.by, amount_cents=cents, new_id=new_id
        )
        return Payment.objects.get(pk=new_id)

    def pay(self, cents: int = 1_000, **charge: Any) -> tuple[Payment, dict[str, Any]]:
        """Paid, and not told."""
        payment = self.begin(cents)
        return payment, self.stripe.pay(str(payment.session_id), **charge)

    def paid(self, cents: int = 1_000) -> Payment:
        """Paid, and told."""
        payment, event = self.pay(cents)
        assert tell(event).status_code == 200
        payment.refresh_from_db()
        return payment

    @property
    def available_micros(self) -> int:
        return ledger.credit_of(self.workspace).available_micros

    @property
    def owed_micros(self) -> int:
        return ledger.owed_by(self.workspace).posted_micros


def tell(event: dict[str, Any], signature: str = "") -> HttpResponse:
    return post(json.dumps(event).encode(), signature)


def post(body: bytes, signature: str = "") -> HttpResponse:
    return Client().post(
        reverse("accounts:stripe_webhook"),
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signature or sign(body)},
    )
