"""Payments against the ledger. Changes nothing."""

from collections import defaultdict
from collections.abc import Iterator

from django.db.models import QuerySet

from accounts.models import Payment, Reversal, Transfer, Wallet

_PARTS = ("repaid", "settled", "owed")


def drift() -> Iterator[str]:
    """A sentence for each that does not agree."""
    yield from _payments()
    yield from _reversals()


def _payments() -> Iterator[str]:
    moved = {
        reference.removeprefix("payment:"): (amount, workspace)
        for reference, amount, workspace in _transfers("payment:").values_list(
            "reference", "amount_micros", "credit__workspace"
        )
        if reference.count(":") == 1
    }
    for payment in Payment.objects.paid().order_by("pk").iterator():
        found = moved.pop(str(payment.pk), None)
        if found != (payment.paid_micros, payment.workspace_id):
            yield f"payment {payment.pk} of {payment.paid_micros} is in the ledger as {found}"
    for pk in moved:
        yield f"payment {pk} is in the ledger and was not paid"


def _reversals() -> Iterator[str]:
    """What left credit or is owed, less what came back to it, is what was taken."""
    taken: dict[str, int] = defaultdict(int)
    for kind in Reversal.Kind.values:
        rows = _transfers(f"{kind}:").values_list("reference", "amount_micros", "debit__kind")
        for reference, amount, source in rows:
            name = reference.split(":")[1]
            part = reference.rpartition(":")[2]
            if part == "owed" or (part not in _PARTS and source == Wallet.Kind.CREDIT):
                taken[name] += amount
            elif part not in _PARTS:
                taken[name] -= amount
    for reversal in Reversal.objects.order_by("pk").iterator():
        found = taken.pop(reversal.object_id, 0)
        if found != reversal.taken_micros:
            yield f"{reversal} took {reversal.taken_micros}, and the ledger says {found}"
    for name in taken:
        yield f"reversal {name} is in the ledger and is not known"


def _transfers(prefix: str) -> QuerySet[Transfer]:
    return Transfer.objects.filter(reference__startswith=prefix)
