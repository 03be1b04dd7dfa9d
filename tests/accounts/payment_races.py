"""Processes that hear of the same payment at once. Run by test_payment_races.py."""

import sys
from datetime import timedelta
from functools import partial

from tests.programs import at_once, ready, say

ready()

from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts import ledger, periods  # noqa: E402
from accounts.models import Payment, Reversal, Workspace  # noqa: E402
from accounts.payments import audit, reconciling, settle, webhooks  # noqa: E402
from tests.accounts.races import patiently, rich  # noqa: E402
from tests.accounts.top_ups import TopUp  # noqa: E402
from tests.stripe.strict import StrictStripe  # noqa: E402

TEN = 10_000_000


def tell(workspace: Workspace) -> None:
    credit, owed = ledger.credit_of(workspace), ledger.owed_by(workspace)
    say(
        left=credit.posted_micros,
        held=credit.held_micros,
        owed=owed.posted_micros,
        drift=[*periods.drift(), *audit.drift()],
        paid=Payment.objects.paid().count(),
        taken=sorted(Reversal.objects.values_list("taken_micros", flat=True)),
    )


def paying(stripe: StrictStripe) -> TopUp:
    for name, value in stripe.variables.items():
        setattr(settings, name, value)
    workspace = rich("ada", 3_000)
    return TopUp(stripe, workspace.personal_of, workspace)


def replays(processes: int) -> None:
    """One payment, told ten times to each process, while others look for it by themselves."""
    with StrictStripe() as stripe:
        top_up = paying(stripe)
        payment, event = top_up.pay()
        told = webhooks.client.told(event)

        def hear() -> None:
            for number in range(10):
                same = (
                    told
                    if number % 2
                    else webhooks.client.Told(**{**vars(told), "event_id": f"evt_{number}"})
                )
                patiently(webhooks.deal_with, same)

        def look() -> None:
            for _ in range(5):
                patiently(settle, payment.pk)
                patiently(_reconcile)

        at_once(*[hear] * processes, look, look)
        tell(top_up.workspace)


def _reconcile() -> None:
    reconciling.reconcile(at=timezone.now() + timedelta(minutes=10))


def back_and_forth(processes: int) -> None:
    """Refund, dispute and spending of the same credit, while all is told many times."""
    with StrictStripe() as stripe:
        top_up = paying(stripe)
        payment, paid = top_up.pay()
        settle(payment.pk)
        payment.refresh_from_db()
        refund = stripe.refund(str(payment.intent_id), 400)
        dispute = stripe.dispute(str(payment.intent_id), 600)
        events = [webhooks.client.told(each) for each in (paid, refund, dispute)]

        def hear(process: int) -> None:
            for number in range(9):
                patiently(webhooks.deal_with, events[(process + number) % 3])

        def spend(process: int) -> None:
            for number in range(100):
                try:
                    patiently(_spend, top_up.workspace, f"spend:{process}-{number}")
                except ledger.InsufficientCredit:
                    return

        acts = [partial(hear, process) for process in range(processes)]
        at_once(*acts, partial(spend, 1), partial(spend, 2))
        tell(top_up.workspace)


def _spend(workspace: Workspace, reference: str) -> None:
    ledger.hold(workspace=workspace, amount_micros=60_000, reference=reference)
    ledger.post(reference=reference)


if __name__ == "__main__":
    globals()[sys.argv[1]](*map(int, sys.argv[2:]))
