"""Credit, topping up and receipts, as people see them."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import ids, ledger, payments, teams, workspaces
from accounts.models import Payment, Role, User, Workspace
from tests.accounts.top_ups import TEN, TopUp, tell
from tests.conftest import person
from tests.stripe.strict import StrictStripe

pytestmark = pytest.mark.django_db(transaction=True)


def page(client: Client, name: str, *args: object) -> str:
    return client.get(reverse(f"accounts:{name}", args=args)).content.decode()


def order(**fields: str) -> dict[str, str]:
    return {"new_id": str(ids.new()), "amount": "1000", **fields}


# What is left


def test_everybody_sees_what_is_left(as_ada: Client, ada: User, workspace: Workspace) -> None:
    ledger.hold(workspace=workspace, amount_micros=6_000, reference="job:1")
    seen = page(as_ada, "credit_page")
    for words in ("$0.144", "48 images", "$0.006", "for pictures under way", "no cap"):
        assert words in seen
    assert "Owed" not in seen


def test_without_keys_the_page_says_whom_to_ask(as_ada: Client, settings: Any) -> None:
    seen = page(as_ada, "credit_page")
    assert "ask" in seen
    assert "mailto:operator@example.com" in seen
    assert "Continue to payment" not in seen
    settings.ADMINS = []
    assert "whoever runs this Easel" in page(as_ada, "credit_page")
    assert as_ada.post(reverse("accounts:payment_create"), order()).status_code == 404


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER, Role.VIEWER])
def test_others_are_told_who_tops_up(
    client: Client, stripe: StrictStripe, ada: User, role: Role
) -> None:
    team = teams.open_team(by=ada, name="Lake house")
    client.force_login(person("Ben", team, role))
    client.post(reverse("accounts:workspace_switch", args=[team.pk]))
    seen = page(client, "credit_page")
    assert "Its owner tops it up:" in seen
    assert "ada@example.com" in seen
    assert "Continue to payment" not in seen
    assert client.post(reverse("accounts:payment_create"), order()).status_code == 403
    assert not stripe.sessions
    status = client.get(reverse("accounts:ledger_page")).status_code
    assert status == (200 if role == Role.ADMIN else 403)


# Topping up


@pytest.mark.parametrize(
    ("fields", "cents"),
    [
        ({"amount": "500"}, 500),
        ({"amount": "2500", "other": ""}, 2_500),
        ({"amount": "other", "other": "1"}, 100),
        ({"amount": "other", "other": "123.45"}, 12_345),
        ({"amount": "other", "other": "500"}, 50_000),
    ],
)
def test_the_form_leads_to_stripe(
    as_ada: Client, stripe: StrictStripe, fields: dict[str, str], cents: int
) -> None:
    response = as_ada.post(reverse("accounts:payment_create"), order(**fields))
    (session,) = stripe.sessions.values()
    assert session["amount_total"] == cents
    assert response.status_code == 200
    assert response["Refresh"] == f"0; url={session['url']}"
    assert session["url"] in response.content.decode()
    assert session["customer_email"] == "ada@example.com"
    assert session["success_url"].endswith(f"/accounts/payments/{Payment.objects.get().pk}/")
    assert stripe.refusals == []


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": ""},
        {"amount": "1"},
        {"amount": "100000000"},
        {"amount": "other"},
        *({"amount": "other", "other": text} for text in ("0.99", "500.01", "-5", "1.005")),
        *({"amount": "other", "other": text} for text in ("NaN", "Infinity", "1e9", "five", "5 0")),
        {"new_id": "x"},
        {"new_id": ""},
    ],
    ids=str,
)
def test_amounts_are_bounded(as_ada: Client, stripe: StrictStripe, fields: dict[str, str]) -> None:
    response = as_ada.post(reverse("accounts:payment_create"), order(**fields))
    assert response.status_code == 422
    assert not stripe.calls
    assert not Payment.objects.exists()


def test_when_stripe_is_away_the_form_says_so(as_ada: Client, stripe: StrictStripe) -> None:
    stripe.faults.extend(["500", "500"])
    fields = order()
    response = as_ada.post(reverse("accounts:payment_create"), fields)
    assert response.status_code == 422
    assert "does not answer" in response.content.decode()
    assert as_ada.post(reverse("accounts:payment_create"), fields).status_code == 200
    assert len(stripe.sessions) == Payment.objects.count() == 1


def test_an_order_of_another_tab_is_for_its_workspace(
    as_ada: Client, ada: User, stripe: StrictStripe
) -> None:
    team = teams.open_team(by=ada, name="Lake house")
    address = f"{reverse('accounts:payment_create')}?workspace={team.pk}"
    assert as_ada.post(address, order()).status_code == 200
    assert Payment.objects.get().workspace == team


# Receipts


def test_the_payer_who_comes_back_needs_no_webhook(as_ada: Client, top_up: TopUp) -> None:
    payment, event = top_up.pay()
    seen = page(as_ada, "payment_page", payment.pk)
    for words in (
        f"Receipt {payment.number}",
        "Visa ending in 4242",
        "$10.00",
        "not a tax invoice",
    ):
        assert words in seen
    assert "$10.15" in page(as_ada, "credit_page")
    assert tell(event).status_code == 200
    assert ledger.credit_of(top_up.workspace).available_micros == 150_000 + TEN


def test_a_receipt_says_what_went_back(as_ada: Client, top_up: TopUp) -> None:
    payment = top_up.paid()
    tell(top_up.stripe.refund(str(payment.intent_id), 400))
    seen = page(as_ada, "payment_page", payment.pk)
    assert "Refunded" in seen
    assert "−$4.00" in seen
    assert "$6.00" in seen.partition("Left of the payment")[2]


def test_a_debt_is_said(as_ada: Client, top_up: TopUp) -> None:
    payment = top_up.paid()
    ledger.hold(workspace=top_up.workspace, amount_micros=TEN, reference="job:1")
    ledger.post(reference="job:1")
    tell(top_up.stripe.dispute(str(payment.intent_id), 1_000))
    assert "$9.85" in page(as_ada, "credit_page").partition("Owed")[2]


def test_an_open_payment_can_be_gone_on_with(as_ada: Client, top_up: TopUp) -> None:
    payment = top_up.begin(750)
    seen = page(as_ada, "payment_page", payment.pk)
    assert "Not paid yet" in seen
    fields = {"new_id": str(payment.pk), "amount": "other", "other": "7.50"}
    assert 'value="7.50"' in seen
    assert as_ada.post(reverse("accounts:payment_create"), fields).status_code == 200
    assert len(top_up.stripe.sessions) == 1
    top_up.stripe.pay(str(payment.session_id))
    response = as_ada.post(reverse("accounts:payment_create"), fields)
    assert response["Location"] == reverse("accounts:payment_page", args=[payment.pk])


@pytest.mark.parametrize("state", ["processing", "refused", "expired", "failed"])
def test_other_states_are_said(as_ada: Client, ada: User, workspace: Workspace, state: str) -> None:
    payment = Payment.objects.create(
        workspace=workspace, created_by=ada, amount_cents=500, state=state
    )
    seen = page(as_ada, "payment_page", payment.pk)
    assert payment.said in seen
    is_listed = payment.number in page(as_ada, "credit_page")
    assert is_listed == (state in {"processing", "refused"})


def test_stripe_away_shows_the_page_all_the_same(as_ada: Client, top_up: TopUp) -> None:
    payment = top_up.begin()
    top_up.stripe.faults.extend(["500", "500"])
    seen = page(as_ada, "payment_page", payment.pk)
    assert "does not answer" in seen
    assert "Not paid yet" in seen


def test_payments_come_in_pages(as_ada: Client, ada: User, workspace: Workspace) -> None:
    for _ in range(21):
        Payment.objects.create(workspace=workspace, created_by=ada, amount_cents=500)
    seen = page(as_ada, "credit_page")
    oldest = Payment.objects.order_by("pk").first()
    assert oldest
    assert oldest.number not in seen
    before = seen.partition("?before=")[2].partition('"')[0]
    older = as_ada.get(reverse("accounts:credit_page"), {"before": before}).content.decode()
    assert oldest.number in older
    assert as_ada.get(reverse("accounts:credit_page"), {"before": "x"}).status_code == 404


def test_a_team_that_owes_or_is_being_paid_for_is_not_closed(top_up: TopUp, ada: User) -> None:
    team = teams.open_team(by=ada, name="Lake house")
    payments.open_checkout(workspace=team, by=ada, amount_cents=500, new_id=ids.new())
    assert "A payment for it is under way." in teams.in_the_way(team)
    payment = Payment.objects.get(workspace=team)
    top_up.stripe.pay(str(payment.session_id))
    payment = payments.settle(payment.pk)
    teams.move_credit(
        source=team,
        target=workspaces.personal(ada),
        by=ada,
        amount_micros=5_000_000,
        new_id=ids.new(),
    )
    assert teams.in_the_way(team) == []
    tell(top_up.stripe.refund(str(payment.intent_id), 500))
    assert teams.in_the_way(team) == ["It owes $5.00."]
    assert mail.outbox == []
