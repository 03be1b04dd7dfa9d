from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count, Max

from accounts import ledger
from accounts.models import Payment, Transfer, Wallet
from accounts.money import dollars


class Command(BaseCommand):
    help = "Tells what is known of a payment, for who answers a dispute or a question."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", help="as E-0123456789AB")

    def handle(self, *_args: Any, number: str, **_options: Any) -> None:
        payment = Payment.objects.numbered(number).select_related("workspace", "created_by").first()
        if payment is None:
            raise CommandError(f"There is no payment {number}.")
        for line in _told(payment):
            self.stdout.write(line)


def _told(payment: Payment) -> Iterator[str]:
    who = payment.created_by
    yield f"Payment     {payment.number}, {payment.state}, {dollars(payment.amount_micros)}"
    yield f"Stripe      {payment.session_id or 'never answered'} {payment.intent_id or ''}".rstrip()
    yield f"Begun       {_at(payment.created_at)} by {who.email if who else 'somebody who is gone'}"
    yield f"Workspace   {payment.workspace} ({payment.workspace_id})"
    if payment.problem:
        yield f"Problem     {payment.problem}"
    if payment.paid_at:
        yield f"Paid        {_at(payment.paid_at)} with {payment.paid_with or 'what Stripe knows'}"
        yield f"Since then  {_delivered(payment, payment.paid_at)}"
    for each in payment.reversals.order_by("created_at"):
        taken = dollars(each.taken_micros)
        yield f"{each.get_kind_display():<11} {each.object_id}, {each.status}, {taken} taken back"
    yield f"Left        {dollars(ledger.credit_of(payment.workspace).available_micros)}"
    yield f"Owed        {dollars(ledger.owed_micros(payment.workspace))}"


def _delivered(payment: Payment, since: datetime) -> str:
    sold = Transfer.objects.filter(
        debit=ledger.credit_of(payment.workspace),
        credit__kind=Wallet.Kind.REVENUE,
        state=Transfer.State.POSTED,
        settled_at__gt=since,
    ).aggregate(count=Count("pk"), last=Max("settled_at"))
    last = f", the last {_at(sold['last'])}" if sold["last"] else ""
    pictures = "1 picture" if sold["count"] == 1 else f"{sold['count']:,} pictures"
    return f"{pictures} delivered{last}"


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
