"""P3: what no webhook told is found."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import sweep
from accounts.models import Payment, Reconciliation, StripeEvent
from tests.accounts.top_ups import TEN, WELCOME, TopUp

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("books")]


def later(**time_from_now: int) -> Any:
    return timezone.now() + timedelta(**time_from_now)


def test_a_payment_that_nobody_told_of_is_found(top_up: TopUp) -> None:
    top_up.pay()
    sweep.sweep(at=later(minutes=3))
    assert top_up.available_micros == WELCOME + TEN
    sweep.sweep(at=later(minutes=20))
    assert top_up.available_micros == WELCOME + TEN
    assert Payment.objects.get().state == "paid"


def test_a_payment_is_found_in_the_list_of_events_alone(top_up: TopUp) -> None:
    """One that no look at what waits would find: it was called over before it was paid."""
    top_up.pay()
    Payment.objects.update(state="expired")
    sweep.sweep(at=timezone.now())
    assert top_up.available_micros == WELCOME + TEN


def test_refunds_and_disputes_that_nobody_told_of_are_found(top_up: TopUp) -> None:
    payment = top_up.paid()
    sweep.sweep(at=timezone.now())
    top_up.stripe.refund(str(payment.intent_id), 300)
    top_up.stripe.dispute(str(payment.intent_id), 700)
    sweep.sweep(at=later(minutes=1))
    assert top_up.available_micros == WELCOME + TEN, "it is not asked every minute"
    sweep.sweep(at=later(minutes=6))
    assert top_up.available_micros == WELCOME


def test_the_list_is_read_in_pages_and_from_where_it_ended(top_up: TopUp) -> None:
    payment = top_up.paid()
    for _ in range(250):
        top_up.stripe._happened("refund.updated", {"object": "refund", "id": "re_other"})
    top_up.stripe.refund(str(payment.intent_id), 300)
    sweep.sweep(at=timezone.now())
    assert top_up.stripe.calls["GET /v1/events"] == 3
    assert top_up.available_micros == WELCOME + 7_000_000
    asked = sum(top_up.stripe.calls.values())
    Reconciliation.objects.update(until=later(minutes=-6))
    sweep.sweep(at=timezone.now())
    assert sum(top_up.stripe.calls.values()) == asked + 3, "nothing but the list"


def test_a_pass_that_was_cut_off_begins_again(top_up: TopUp) -> None:
    top_up.pay()
    top_up.stripe.faults.extend(["500", "500"])
    sweep.sweep(at=timezone.now())
    assert not Reconciliation.objects.exists()
    sweep.sweep(at=timezone.now())
    assert top_up.available_micros == WELCOME + TEN


def test_what_waits_is_asked_for_ever_more_seldom(top_up: TopUp) -> None:
    payment = top_up.begin()
    path = f"GET /v1/checkout/sessions/{payment.session_id}"
    for minutes in range(60):
        sweep.sweep(at=later(minutes=minutes))
        Payment.objects.filter(checked_at__gt=timezone.now() - timedelta(seconds=30)).update(
            checked_at=later(minutes=minutes)
        )
    assert 5 <= top_up.stripe.calls[path] <= 30


def test_a_checkout_without_an_answer_is_over_one_day(top_up: TopUp) -> None:
    payment = top_up.begin()
    Payment.objects.update(session_id=None)
    sweep.sweep(at=later(days=3))
    payment.refresh_from_db()
    assert payment.state == "expired"


def test_old_events_are_forgotten(top_up: TopUp) -> None:
    top_up.paid()
    sweep.sweep(at=later(days=61))
    assert not StripeEvent.objects.exists()
