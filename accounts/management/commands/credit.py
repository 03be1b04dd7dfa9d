from typing import Any
from uuid import uuid4

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import ledger, people
from accounts.money import dollars, micros

_LIMIT_MICROS = 10**12


class Command(BaseCommand):
    help = "Gives credit to a person's own workspace; makes both if unknown."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("dollars", help="for example 10 or 0.15")
        parser.add_argument("--reason", required=True)

    def handle(self, *_args: Any, email: str, dollars: str, reason: str, **_options: Any) -> None:
        try:
            amount_micros = micros(dollars)
            _check(amount_micros, reason)
            _, workspace = people.with_workspace(email)
        except ValueError as error:
            raise CommandError(str(error)) from error
        ledger.grant(
            to=workspace, amount_micros=amount_micros, reference=f"grant:{uuid4()}", memo=reason
        )
        self._say(email, ledger.credit_of(workspace).available_micros)

    def _say(self, email: str, available_micros: int) -> None:
        self.stdout.write(f"{email} has {dollars(available_micros)} available.")


def _check(amount_micros: int, reason: str) -> None:
    if amount_micros <= 0:
        raise ValueError("the amount must be more than nothing")
    if amount_micros > _LIMIT_MICROS:
        raise ValueError(f"the amount may be at most {dollars(_LIMIT_MICROS)}")
    if len(reason) > 200:
        raise ValueError("the reason may have 200 characters")
