"""What comes in for a workspace from outside, what goes back, and what it owes since.

Money that goes back is taken out of the credit that is left. What is missing is owed: it moves
from `payments` to the workspace's `receivable` wallet, and the next money that comes in repays it.
So no balance is negative (decision 0017).

Each verb may be repeated with its reference, and then does nothing more.
"""

from django.db import transaction

from accounts import ledger
from accounts.ledger import ReferenceTaken
from accounts.models import Transfer, User, Wallet, Workspace


def receive(
    *, to: Workspace, amount_micros: int, reference: str, memo: str, by: User | None = None
) -> None:
    """Credit for money that came in. What the workspace owes is repaid out of it at once."""
    with transaction.atomic():
        credit = ledger.lock(to)
        if _moved(reference, amount_micros):
            return
        payments = ledger.system(Wallet.Kind.PAYMENTS)
        ledger.pass_on(
            source=payments,
            target=credit,
            amount_micros=amount_micros,
            reference=reference,
            memo=memo,
            by=by,
        )
        _repay(to, credit, payments, at_most_micros=amount_micros, reference=reference)


def _repay(
    workspace: Workspace, credit: Wallet, payments: Wallet, *, at_most_micros: int, reference: str
) -> None:
    amount_micros = min(ledger.owed_micros(workspace), at_most_micros)
    if amount_micros:
        for source, name in ((credit, "repaid"), (ledger.owed_by(workspace), "settled")):
            ledger.pass_on(
                source=source,
                target=payments,
                amount_micros=amount_micros,
                reference=f"{reference}:{name}",
                memo="Repaid what was owed",
            )


def take_back(*, workspace: Workspace, amount_micros: int, reference: str, memo: str) -> None:
    """What is left of the credit, up to the amount; the rest is owed from now on."""
    with transaction.atomic():
        credit = ledger.lock(workspace)
        if _moved(reference, amount_micros):
            return
        payments = ledger.system(Wallet.Kind.PAYMENTS)
        left_micros = min(credit.available_micros, amount_micros)
        if left_micros:
            ledger.pass_on(
                source=credit,
                target=payments,
                amount_micros=left_micros,
                reference=reference,
                memo=memo,
            )
        if left_micros < amount_micros:
            ledger.pass_on(
                source=payments,
                target=ledger.owed_by(workspace),
                amount_micros=amount_micros - left_micros,
                reference=f"{reference}:owed",
                memo=memo,
            )


def _moved(reference: str, amount_micros: int) -> bool:
    """Whether it was moved before. Raises ReferenceTaken if that was another amount."""
    parts = Transfer.objects.filter(reference__in=(reference, f"{reference}:owed"))
    moved = list(parts.values_list("amount_micros", flat=True))
    if moved and sum(moved) != amount_micros:
        raise ReferenceTaken(f"{reference} stands for another transfer")
    return bool(moved)
