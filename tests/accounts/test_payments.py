"""P1: what Stripe says is credited once, whoever tells of it."""

import json
import time
from typing import Any

import pytest
from django.core import mail

from accounts import ids, payments
from accounts.models import Payment, StripeEvent, Transfer, User, Workspace
from accounts.workspaces import NotAllowed
from tests.accounts.top_ups import TEN, WELCOME, TopUp, post, tell
from tests.stripe.strict import StrictStripe, sign

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("books")]
OTHER = "01a21a6d-4114-7695-8f62-dc6de29f0ace"


def test_ten_replays_are_one_credit(top_up: TopUp) -> None:
    payment, event = top_up.pay()
    for _ in range(10):
        assert tell(event).status_code == 200
    payment.refresh_from_db()
    assert (payment.state, payment.paid_micros, payment.paid_with) == (
        "paid",
        TEN,
        "Visa ending in 4242",
    )
    assert top_up.available_micros == WELCOME + TEN
    assert Transfer.objects.get(reference=payment.reference).created_by == top_up.by
    assert StripeEvent.objects.count() == 1


def test_an_event_that_was_dealt_with_asks_stripe_nothing(top_up: TopUp) -> None:
    _, event = top_up.pay()
    tell(event)
    before = sum(top_up.stripe.calls.values())
    tell(event)
    assert sum(top_up.stripe.calls.values()) == before


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "t=,v1=",
        "nonsense",
        "t=1",
        f"t=NOW,v1={'0' * 64}",
        f"t=NOW,t=1,v1={'0' * 64}",
        "t=²,v1=é",
    ],
)
def test_who_does_not_sign_is_not_heard(top_up: TopUp, signature: str) -> None:
    _, event = top_up.pay()
    assert tell(event, signature.replace("NOW", str(int(time.time()))) or "x").status_code == 400
    assert top_up.available_micros == WELCOME


def test_the_signature_is_of_the_raw_body_by_our_secret_and_of_now(top_up: TopUp) -> None:
    _, event = top_up.pay()
    body = json.dumps(event).encode()
    for signature in (
        sign(body, secret="whsec_other"),
        sign(body, at=time.time() - 302),
        sign(body, at=time.time() + 302),
        sign(body + b" "),
    ):
        assert post(body, signature).status_code == 400
    assert post(json.dumps(event, indent=1).encode(), sign(body)).status_code == 400
    assert top_up.available_micros == WELCOME
    assert post(body, f"v1=00,{sign(body, at=time.time() - 290)}").status_code == 200
    assert top_up.available_micros == WELCOME + TEN


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"livemode": false}', b'"x"', b"\xff"])
def test_what_is_no_event_is_refused(stripe: StrictStripe, body: bytes) -> None:
    assert post(body).status_code == 400


def test_a_body_without_end_is_refused(stripe: StrictStripe) -> None:
    assert post(b" " * 600_000).status_code == 413


@pytest.mark.parametrize("change", [{"livemode": True}, {"account": "acct_other"}])
def test_events_of_another_mode_or_account_are_refused(
    top_up: TopUp, change: dict[str, object]
) -> None:
    _, event = top_up.pay()
    assert tell(event | change).status_code == 400
    assert top_up.available_micros == WELCOME


def test_what_an_event_says_is_not_believed(top_up: TopUp) -> None:
    """The object is fetched again: here it was neither paid, nor of so much."""
    payment = top_up.begin()
    event = top_up.stripe._happened(
        "checkout.session.completed",
        {
            **top_up.stripe.sessions[str(payment.session_id)],
            "status": "complete",
            "payment_status": "paid",
            "amount_total": 99_999,
        },
    )
    assert tell(event).status_code == 200
    assert top_up.available_micros == WELCOME


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("intent", {"amount_received": 999}),
        ("intent", {"amount_received": 100_000}),
        ("intent", {"currency": "jpy"}),
        ("session", {"currency": "eur"}),
        ("session", {"amount_total": 100_000}),
        ("session", {"livemode": True}),
        ("session", {"client_reference_id": OTHER}),
        ("session", {"metadata": {"workspace": OTHER}}),
    ],
    ids=str,
)
def test_another_amount_currency_or_account_is_refused_and_said(
    top_up: TopUp, part: str, change: dict[str, Any]
) -> None:
    payment, event = top_up.pay(**(change if part == "intent" else {}))
    if part == "session":
        top_up.stripe.sessions[str(payment.session_id)] |= change
    for _ in range(2):
        assert tell(event | {"id": f"evt_{ids.new()}"}).status_code == 200
    payment.refresh_from_db()
    assert payment.state == "refused"
    assert payment.problem
    assert top_up.available_micros == WELCOME
    (letter,) = mail.outbox
    assert "A payment needs you" in letter.subject
    assert payment.number in str(letter.body)


def test_what_comes_later_is_credited_when_it_has_come(top_up: TopUp) -> None:
    payment, event = top_up.pay(later=True)
    tell(event)
    payment.refresh_from_db()
    assert payment.state == "processing"
    assert top_up.available_micros == WELCOME
    tell(top_up.stripe.arrive(str(payment.session_id)))
    assert top_up.available_micros == WELCOME + TEN


@pytest.mark.parametrize("how", ["expire", "fail"])
def test_what_never_comes_is_over(top_up: TopUp, how: str) -> None:
    if how == "expire":
        payment = top_up.begin()
        event = top_up.stripe.expire(str(payment.session_id))
    else:
        payment, _ = top_up.pay(later=True)
        event = top_up.stripe.fail(str(payment.session_id))
    assert tell(event).status_code == 200
    payment.refresh_from_db()
    assert payment.state == {"expire": "expired", "fail": "failed"}[how]
    assert top_up.available_micros == WELCOME


def test_other_business_of_the_account_is_passed_over(top_up: TopUp) -> None:
    stripe = top_up.stripe
    with stripe.lock:
        shoe = stripe._row("cs_test", "checkout.session", status="open", payment_status="unpaid")
        shoe |= {"amount_total": 500, "currency": "usd", "metadata": {}, "url": None}
        shoe |= {"client_reference_id": "shoe", "payment_intent": None}
        stripe.sessions[shoe["id"]] = shoe
    for event in (stripe.pay(shoe["id"]), stripe.refund(shoe["payment_intent"], 500)):
        assert tell(event).status_code == 200
    assert tell(stripe._happened("customer.created", {"object": "customer", "id": "cus_1"}))
    assert top_up.available_micros == WELCOME
    assert not Payment.objects.exists()


def test_while_stripe_is_away_events_come_again(top_up: TopUp) -> None:
    _, event = top_up.pay()
    top_up.stripe.faults.extend(["500", "drop"])
    assert tell(event).status_code == 503
    assert not StripeEvent.objects.exists()
    assert tell(event).status_code == 200
    assert top_up.available_micros == WELCOME + TEN


def test_a_session_whose_answer_was_lost_is_known_by_its_name(top_up: TopUp) -> None:
    payment, event = top_up.pay()
    Payment.objects.filter(pk=payment.pk).update(session_id=None)
    assert tell(event).status_code == 200
    assert top_up.available_micros == WELCOME + TEN


def test_without_keys_there_is_no_webhook(db: None) -> None:
    assert post(b"{}").status_code == 404


# Beginning


def test_a_form_that_is_sent_twice_is_one_checkout(top_up: TopUp) -> None:
    new_id = ids.new()
    order: dict[str, Any] = {"workspace": top_up.workspace, "by": top_up.by, "new_id": new_id}
    urls = {payments.open_checkout(amount_cents=500, **order) for _ in range(3)}
    assert len(urls) == 1
    assert payments.open_checkout(amount_cents=1_000, **order) not in urls
    assert Payment.objects.count() == len(top_up.stripe.sessions) == 2
    assert top_up.stripe.refusals == []


def test_only_an_owner_begins(stripe: StrictStripe, workspace: Workspace, ben: User) -> None:
    with pytest.raises(NotAllowed):
        payments.open_checkout(workspace=workspace, by=ben, amount_cents=500, new_id=ids.new())
    assert not stripe.calls


def test_a_lost_answer_is_asked_for_again_with_the_same_key(top_up: TopUp) -> None:
    top_up.stripe.faults.append("drop")
    top_up.begin()
    assert len(top_up.stripe.sessions) == 1


def test_so_many_are_begun_in_an_hour(top_up: TopUp) -> None:
    for _ in range(20):
        top_up.begin()
    with pytest.raises(payments.PaymentError, match="Many payments"):
        top_up.begin()
