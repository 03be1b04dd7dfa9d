"""Moves money: two-phase transfers between wallets.

A hold is a pending transfer from a workspace's credit to `revenue`; delivering posts it,
anything else voids it. Every verb may be repeated with the same reference and then does
nothing more. The verbs take part in the caller's transaction and hold no lock beyond it.

    LedgerError
    ├── InsufficientCredit   the wallet cannot cover the amount
    ├── ReferenceTaken       the reference stands for another amount or wallet
    ├── UnknownReference     to be posted or voided, but never moved
    └── SettledOtherwise     to be posted but voided, or the other way round
"""

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import Transfer, User, Wallet, Workspace
from accounts.money import dollars


class LedgerError(Exception):
    pass


class InsufficientCredit(LedgerError):
    def __init__(self, *, needed_micros: int, available_micros: int) -> None:
        super().__init__(
            f"This costs {dollars(needed_micros)} and {dollars(available_micros)} is left."
        )
        self.needed_micros = needed_micros
        self.available_micros = available_micros


class ReferenceTaken(LedgerError):
    pass


class UnknownReference(LedgerError):
    pass


class SettledOtherwise(LedgerError):
    pass


def credit_of(workspace: Workspace) -> Wallet:
    wallet, _ = Wallet.objects.get_or_create(workspace=workspace, kind=Wallet.Kind.CREDIT)
    return wallet


def lock(workspace: Workspace) -> Wallet:
    """Makes others that spend or count in this workspace wait until the transaction ends."""
    wallets = Wallet.objects.select_for_update()
    wallet, _ = wallets.get_or_create(workspace=workspace, kind=Wallet.Kind.CREDIT)
    return wallet


def system(kind: Wallet.Kind) -> Wallet:
    wallet, _ = Wallet.objects.get_or_create(workspace=None, kind=kind)
    return wallet


def grant(
    *, to: Workspace, amount_micros: int, reference: str, memo: str = "", by: User | None = None
) -> Transfer:
    """Gives credit at once, out of the system's `grants`."""
    return _move(
        debit=system(Wallet.Kind.GRANTS),
        credit=credit_of(to),
        amount_micros=amount_micros,
        state=Transfer.State.POSTED,
        reference=reference,
        memo=memo,
        by=by,
    )


def hold(
    *, workspace: Workspace, amount_micros: int, reference: str, by: User | None = None
) -> Transfer:
    """Sets money aside for a price. Raises InsufficientCredit and then changes nothing."""
    return _move(
        debit=credit_of(workspace),
        credit=system(Wallet.Kind.REVENUE),
        amount_micros=amount_micros,
        state=Transfer.State.PENDING,
        reference=reference,
        memo="",
        by=by,
    )


def post(*, reference: str) -> bool:
    """Takes the money of a hold. True if this call did it, False if it was done before."""
    return _settle(reference, Transfer.State.POSTED)


def void(*, reference: str) -> bool:
    """Gives the money of a hold back. True if this call did it, False if it was done before."""
    return _settle(reference, Transfer.State.VOIDED)


def _move(
    *,
    debit: Wallet,
    credit: Wallet,
    amount_micros: int,
    state: Transfer.State,
    reference: str,
    memo: str,
    by: User | None,
) -> Transfer:
    earlier = _earlier(debit, credit, amount_micros, reference)
    if earlier:
        return earlier
    is_posted = state == Transfer.State.POSTED
    try:
        with transaction.atomic():
            _take(debit, amount_micros, is_posted=is_posted)
            if is_posted:
                _give(credit, amount_micros)
            return Transfer.objects.create(
                debit=debit,
                credit=credit,
                amount_micros=amount_micros,
                state=state,
                reference=reference,
                memo=memo,
                created_by=by,
                settled_at=timezone.now() if is_posted else None,
            )
    except (IntegrityError, InsufficientCredit) as error:
        earlier = _earlier(debit, credit, amount_micros, reference)  # another was faster
        if earlier:
            return earlier
        if isinstance(error, InsufficientCredit):
            raise
        raise LedgerError(f"{reference} could not be moved") from error


def _earlier(debit: Wallet, credit: Wallet, amount_micros: int, reference: str) -> Transfer | None:
    """The transfer of this reference, if there is one. Raises ReferenceTaken if it differs."""
    earlier = Transfer.objects.filter(reference=reference).first()
    if earlier and (earlier.debit_id, earlier.credit_id, earlier.amount_micros) != (
        debit.pk,
        credit.pk,
        amount_micros,
    ):
        raise ReferenceTaken(f"{reference} stands for another transfer")
    return earlier


def _settle(reference: str, state: Transfer.State) -> bool:
    with transaction.atomic(savepoint=False):
        settled = Transfer.objects.filter(reference=reference, state=Transfer.State.PENDING).update(
            state=state, settled_at=timezone.now()
        )
        transfer = (
            Transfer.objects.select_related("debit", "credit").filter(reference=reference).first()
        )
        if transfer and settled:
            is_spent = state == Transfer.State.POSTED
            _release(transfer.debit, transfer.amount_micros, is_spent=is_spent)
            if is_spent:
                _give(transfer.credit, transfer.amount_micros)
    if transfer is None:
        raise UnknownReference(f"{reference} was never moved")
    if transfer.state != state:
        raise SettledOtherwise(f"{reference} is {transfer.state}, not {state}")
    return bool(settled)


def _take(wallet: Wallet, amount_micros: int, *, is_posted: bool) -> None:
    """One guarded update: the check and the change cannot be parted by another spend."""
    if wallet.workspace_id is None:
        return
    column = "posted_micros" if is_posted else "held_micros"
    change = -amount_micros if is_posted else amount_micros
    enough = Q(posted_micros__gte=F("held_micros") + amount_micros)
    if not Wallet.objects.filter(enough, pk=wallet.pk).update(**{column: F(column) + change}):
        wallet.refresh_from_db()
        raise InsufficientCredit(
            needed_micros=amount_micros, available_micros=wallet.available_micros
        )


def _give(wallet: Wallet, amount_micros: int) -> None:
    if wallet.workspace_id is not None:
        Wallet.objects.filter(pk=wallet.pk).update(posted_micros=F("posted_micros") + amount_micros)


def _release(wallet: Wallet, amount_micros: int, *, is_spent: bool) -> None:
    spent = amount_micros if is_spent else 0
    Wallet.objects.filter(pk=wallet.pk).update(
        held_micros=F("held_micros") - amount_micros, posted_micros=F("posted_micros") - spent
    )


def drift() -> list[str]:
    """A sentence for every wallet whose cached balance is not the sum of its transfers."""
    found = []
    for wallet in Wallet.objects.filter(workspace__isnull=False).order_by("pk").iterator():
        came = _sum(wallet.credits.filter(state=Transfer.State.POSTED))
        went = _sum(wallet.debits.filter(state=Transfer.State.POSTED))
        held = _sum(wallet.debits.filter(state=Transfer.State.PENDING))
        if (wallet.posted_micros, wallet.held_micros) != (came - went, held):
            found.append(
                f"wallet {wallet.pk}: cached {wallet.posted_micros} posted and "
                f"{wallet.held_micros} held, transfers say {came - went} and {held}"
            )
    return found


def _sum(transfers: QuerySet[Transfer]) -> int:
    return transfers.aggregate(total=Sum("amount_micros"))["total"] or 0
