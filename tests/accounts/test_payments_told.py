"""What an operator finds: the command for a dispute, and the audit."""

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from accounts import ledger
from accounts.models import Payment, Reversal
from accounts.payments import audit
from studio import audit as whole
from tests.accounts.top_ups import TopUp, tell

pytestmark = pytest.mark.django_db(transaction=True)


def said(number: str) -> str:
    out = io.StringIO()
    call_command("payment", number, stdout=out)
    return out.getvalue()


def test_the_command_tells_what_a_dispute_asks(top_up: TopUp) -> None:
    payment = top_up.paid()
    ledger.hold(workspace=top_up.workspace, amount_micros=3_000, reference="job:1")
    ledger.post(reference="job:1")
    tell(top_up.stripe.dispute(str(payment.intent_id), 1_000))
    told = said(payment.number)
    for words in (
        f"{payment.number}, paid, $10.00",
        "by ada@example.com",
        "with Visa ending in 4242",
        "1 picture delivered, the last 20",
        "needs_response, $10.00 taken back",
        "Left        $0.147",
        "Owed        $0.00",
    ):
        assert words in told
    assert said(payment.number.lower()) == told


@pytest.mark.parametrize("number", ["", "E-", "E-0123456789AB", "%", "-"])
def test_the_command_knows_no_other(top_up: TopUp, number: str) -> None:
    top_up.begin()
    with pytest.raises(CommandError, match="There is no payment"):
        said(number)


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda: _paid(paid_micros=9_000_000), "is in the ledger as (10000000"),
        (lambda: _paid(state="expired", paid_micros=0, paid_at=None), "was not paid"),
        (lambda: Reversal.objects.update(taken_micros=1), "the ledger says 4000000"),
        (lambda: Reversal.objects.all().delete(), "is not known"),
    ],
    ids=["amount", "state", "taken", "unknown"],
)
def test_the_audit_finds_each_disagreement(top_up: TopUp, break_it: Any, words: str) -> None:
    payment = top_up.paid()
    tell(top_up.stripe.refund(str(payment.intent_id), 400))
    assert list(audit.drift()) == []
    break_it()
    (found,) = audit.drift()
    assert words in found
    assert found in whole.findings()


def _paid(**columns: Any) -> None:
    Payment.objects.update(**columns)


def test_the_administration_finds_a_payment_by_its_number(
    top_up: TopUp, admin_client: Client
) -> None:
    payment, other = top_up.paid(), top_up.begin()
    tell(top_up.stripe.refund(str(payment.intent_id), 400))
    address = reverse("admin:accounts_payment_changelist")
    for words in (payment.number, payment.intent_id, payment.session_id):
        found = admin_client.get(address, {"q": words}).content.decode()
        assert payment.number in found
        assert other.number not in found
    shown = admin_client.get(reverse("admin:accounts_payment_change", args=[payment.pk]))
    for words in ("$10.00", "Visa ending in 4242", "$4.00", "succeeded"):
        assert words in shown.content.decode()
