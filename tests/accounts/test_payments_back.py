"""P2: a refund or a dispute takes back once, and what was spent is owed."""

import pytest
from django.core import mail
from django.db import connection

from accounts import ledger
from accounts.models import Reversal, Workspace
from tests.accounts.top_ups import TEN, WELCOME, TopUp, tell

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("books")]


def test_a_refund_takes_back_once(top_up: TopUp) -> None:
    payment = top_up.paid()
    event = top_up.stripe.refund(str(payment.intent_id), 400)
    for _ in range(10):
        assert tell(event).status_code == 200
    tell(top_up.stripe.change_refund(event["data"]["object"]["id"], "succeeded"))
    assert top_up.available_micros == WELCOME + 6_000_000
    tell(top_up.stripe.refund(str(payment.intent_id), 600))
    assert top_up.available_micros == WELCOME
    assert top_up.owed_micros == 0


@pytest.mark.parametrize("order", ["refund first", "payment first"])
def test_they_come_in_any_order(top_up: TopUp, order: str) -> None:
    payment, paid = top_up.pay()
    intent = top_up.stripe.sessions[str(payment.session_id)]["payment_intent"]
    refunded = top_up.stripe.refund(intent, 400)
    events = [refunded, paid] if order == "refund first" else [paid, refunded]
    for event in (*events, *events):
        assert tell(event).status_code == 200
    assert top_up.available_micros == WELCOME + 6_000_000


def test_a_refund_that_fails_is_given_back(top_up: TopUp) -> None:
    payment = top_up.paid()
    event = top_up.stripe.refund(str(payment.intent_id), 1_000, status="pending")
    tell(event)
    assert top_up.available_micros == WELCOME
    for _ in range(2):
        tell(top_up.stripe.change_refund(event["data"]["object"]["id"], "failed"))
    assert top_up.available_micros == WELCOME + TEN


@pytest.mark.parametrize(("end", "left"), [("won", TEN), ("lost", 0)])
def test_a_dispute_takes_back_once_and_is_given_back_when_won(
    top_up: TopUp, end: str, left: int
) -> None:
    payment = top_up.paid()
    event = top_up.stripe.dispute(str(payment.intent_id), 1_000)
    for _ in range(3):
        tell(event)
    assert top_up.available_micros == WELCOME
    assert "Answer at Stripe by 20" in mail.outbox[0].body
    dispute = event["data"]["object"]["id"]
    tell(top_up.stripe.change_dispute(dispute, "under_review"))
    for _ in range(2):
        tell(top_up.stripe.change_dispute(dispute, end))
    assert top_up.available_micros == WELCOME + left
    assert len(mail.outbox) == 1


def test_a_question_takes_nothing_until_it_is_a_dispute(top_up: TopUp) -> None:
    payment = top_up.paid()
    event = top_up.stripe.dispute(str(payment.intent_id), 1_000, status="warning_needs_response")
    tell(event)
    assert top_up.available_micros == WELCOME + TEN
    tell(top_up.stripe.change_dispute(event["data"]["object"]["id"], "needs_response"))
    assert top_up.available_micros == WELCOME
    assert len(mail.outbox) == 2


def test_who_is_refunded_and_disputes_as_well_loses_it_once(top_up: TopUp) -> None:
    payment = top_up.paid()
    refund = top_up.stripe.refund(str(payment.intent_id), 700, status="pending")
    tell(refund)
    tell(top_up.stripe.dispute(str(payment.intent_id), 1_000))
    assert top_up.available_micros == WELCOME
    tell(top_up.stripe.change_refund(refund["data"]["object"]["id"], "failed"))
    assert top_up.available_micros == WELCOME
    taken = dict(Reversal.objects.values_list("kind", "taken_micros"))
    assert taken == {"refund": 0, "dispute": TEN}


def test_a_status_or_currency_that_is_not_known_moves_nothing(top_up: TopUp) -> None:
    payment = top_up.paid()
    tell(top_up.stripe.dispute(str(payment.intent_id), 1_000, status="mediated"))
    with top_up.stripe.lock:
        event = top_up.stripe.refund(str(payment.intent_id), 500)
        top_up.stripe.refunds[event["data"]["object"]["id"]]["currency"] = "eur"
    tell(event)
    assert top_up.available_micros == WELCOME + TEN
    assert len(mail.outbox) == 2


def test_a_shortfall_is_owed_and_the_next_top_up_repays_it(top_up: TopUp) -> None:
    payment = top_up.paid()
    spend(top_up.workspace, 9_000_000)
    hold(top_up.workspace, 1_000_000)
    tell(top_up.stripe.refund(str(payment.intent_id), 1_000))
    assert (top_up.available_micros, top_up.owed_micros) == (0, TEN - WELCOME)
    top_up.paid(500)
    assert (top_up.available_micros, top_up.owed_micros) == (0, TEN - WELCOME - 5_000_000)
    top_up.paid(1_000)
    assert (top_up.available_micros, top_up.owed_micros) == (WELCOME + 5_000_000, 0)


def test_a_dispute_that_is_won_repays_what_was_owed_for_it(top_up: TopUp) -> None:
    payment = top_up.paid()
    spend(top_up.workspace, 8_000_000)
    event = top_up.stripe.dispute(str(payment.intent_id), 1_000)
    tell(event)
    assert (top_up.available_micros, top_up.owed_micros) == (0, 8_000_000 - WELCOME)
    tell(top_up.stripe.change_dispute(event["data"]["object"]["id"], "won"))
    assert (top_up.available_micros, top_up.owed_micros) == (WELCOME + 2_000_000, 0)


def test_a_gift_repays_nothing(top_up: TopUp) -> None:
    payment = top_up.paid()
    spend(top_up.workspace, TEN)
    tell(top_up.stripe.refund(str(payment.intent_id), 1_000))
    ledger.grant(to=top_up.workspace, amount_micros=3_000, reference="gift")
    assert top_up.available_micros == 3_000


def spend(workspace: Workspace, micros: int) -> None:
    hold(workspace, micros)
    ledger.post(reference=f"order:{micros}")


def hold(workspace: Workspace, micros: int) -> None:
    ledger.hold(workspace=workspace, amount_micros=micros, reference=f"order:{micros}")


def test_an_old_answer_is_not_applied_after_a_newer_one(top_up: TopUp) -> None:
    """A refund fails while an earlier look at it is on its way to us."""
    payment = top_up.paid()
    refund = top_up.stripe.refund(str(payment.intent_id), 1_000, status="pending")
    told: list[str] = []

    def meanwhile(path: str) -> None:
        if path == "/v1/disputes" and not told:
            told.append(path)
            failed = top_up.stripe.change_refund(refund["data"]["object"]["id"], "failed")
            assert tell(failed).status_code == 200
            connection.close()

    top_up.stripe.before_answer = meanwhile
    assert tell(refund).status_code == 200
    assert told
    assert top_up.available_micros == WELCOME + TEN
