"""Moves money: two-phase transfers between wallets.

A hold is a pending transfer from a workspace's credit to `revenue`; delivering posts it,
anything else voids it. Every verb but `hold_each` may be repeated with the same reference and then
does nothing more. The verbs take part in the caller's transaction and hold no lock beyond it.

    LedgerError
    ├── InsufficientCredit   the wallet cannot cover the amount
    ├── ReferenceTaken       the reference stands for another amount or wallet
    ├── UnknownReference     to be posted or voided, but never moved
    └── SettledOtherwise     to be posted but voided, or the other way round
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from django.db import IntegrityError, transaction
from django.db.models import Q, Sum
from django.utils import timezone

from accounts import periods, statements
from accounts.models import Transfer, User, Wallet, Workspace
from accounts.money import dollars
from accounts.prepared import Prepared

_WALLETS = Wallet.objects.filter(kind=Wallet.Kind.CREDIT)
_CREDIT = Prepared(lambda of: _WALLETS.filter(workspace_id=of))
_LOCKED_CREDIT = Prepared(lambda of: _WALLETS.filter(workspace_id=of).select_for_update())
_ENDS_OF_HOLDS = """
    SELECT id FROM accounts_wallet
    WHERE (workspace_id = %s AND kind = 'credit') OR (workspace_id IS NULL AND kind = 'revenue')
    ORDER BY kind
"""
_SETTLE = """
    UPDATE accounts_transfer SET state = %s, settled_at = %s
    WHERE reference IN ({places}) AND state = 'pending'
    RETURNING reference, debit_id, credit_id, amount_micros
"""
_RELEASE = """
    UPDATE accounts_wallet
    SET held_micros = held_micros - %s, posted_micros = posted_micros - %s WHERE id = %s
"""
_HOLD = """
    UPDATE accounts_wallet SET held_micros = held_micros + %s
    WHERE id = %s AND workspace_id IS NOT NULL AND posted_micros - held_micros >= %s
"""
_SPEND = """
    UPDATE accounts_wallet SET posted_micros = posted_micros - %s
    WHERE id = %s AND workspace_id IS NOT NULL AND posted_micros - held_micros >= %s
"""
_GIVE = """
    UPDATE accounts_wallet SET posted_micros = posted_micros + %s
    WHERE id = %s AND workspace_id IS NOT NULL
"""


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
    found = _CREDIT.first(of=workspace.pk)
    if found is None:
        found, _ = Wallet.objects.get_or_create(workspace=workspace, kind=Wallet.Kind.CREDIT)
    return found


def lock(workspace: Workspace) -> Wallet:
    """Makes others that spend or count in this workspace wait until the transaction ends."""
    found = _LOCKED_CREDIT.first(of=workspace.pk)
    if found is None:
        credit_of(workspace)  # or another has made it meanwhile
        (found,) = _LOCKED_CREDIT(of=workspace.pk)
    return found


def owed_by(workspace: Workspace) -> Wallet:
    """What a refund or dispute took that was spent already (`accounts.receivables`)."""
    wallet, _ = Wallet.objects.get_or_create(workspace=workspace, kind=Wallet.Kind.RECEIVABLE)
    return wallet


def owed_micros(workspace: Workspace) -> int:
    owed = Wallet.objects.filter(workspace=workspace, kind=Wallet.Kind.RECEIVABLE)
    return owed.values_list("posted_micros", flat=True).first() or 0


def system(kind: Wallet.Kind) -> Wallet:
    wallet, _ = Wallet.objects.get_or_create(workspace=None, kind=kind)
    return wallet


def grant(
    *, to: Workspace, amount_micros: int, reference: str, memo: str = "", by: User | None = None
) -> Transfer:
    """Gives credit at once, out of the system's `grants`."""
    return pass_on(
        source=system(Wallet.Kind.GRANTS),
        target=credit_of(to),
        amount_micros=amount_micros,
        reference=reference,
        memo=memo,
        by=by,
    )


def pass_on(
    *,
    source: Wallet,
    target: Wallet,
    amount_micros: int,
    reference: str,
    memo: str,
    by: User | None = None,
) -> Transfer:
    """Between any two wallets, at once. Raises InsufficientCredit."""
    return _move(
        debit=source.pk,
        credit=target.pk,
        amounts={reference: amount_micros},
        state=Transfer.State.POSTED,
        memo=memo,
        by=by,
    )[0]


def take_back(
    *, source: Workspace, amount_micros: int, reference: str, memo: str = "", by: User | None = None
) -> Transfer:
    """Takes credit at once, into the system's `grants`. Raises InsufficientCredit."""
    return pass_on(
        source=credit_of(source),
        target=system(Wallet.Kind.GRANTS),
        amount_micros=amount_micros,
        reference=reference,
        memo=memo,
        by=by,
    )


def latest_of(wallet: Wallet, count: int, *, among: Q | None = None) -> list[Transfer]:
    """That came into it or went out, the newest first.

    Each side is read by its own index, so that the hundredth page costs what the first one does.
    """
    found = [
        each
        for side in (wallet.debits, wallet.credits)
        for each in side.filter(among or Q()).select_related("created_by").order_by("-pk")[:count]
    ]
    return sorted(found, key=lambda each: each.pk, reverse=True)[:count]


def move(
    *, source: Workspace, target: Workspace, amount_micros: int, reference: str, by: User
) -> Transfer:
    """Credit from one workspace to another, in the caller's transaction.

    Both wallets are locked in one order: another may move between them the other way. Raises
    InsufficientCredit.
    """
    debit, credit = credit_of(source), credit_of(target)
    list(Wallet.objects.select_for_update().filter(pk__in=(debit.pk, credit.pk)).order_by("pk"))
    return pass_on(
        source=debit,
        target=credit,
        amount_micros=amount_micros,
        reference=reference,
        memo="Moved to another workspace",
        by=by,
    )


def hold(
    *, workspace: Workspace, amount_micros: int, reference: str, by: User | None = None
) -> Transfer:
    """Sets money aside for a price. Raises InsufficientCredit and then changes nothing."""
    debit, credit = ends_of_holds(workspace)
    return _move(
        debit=debit,
        credit=credit,
        amounts={reference: amount_micros},
        state=Transfer.State.PENDING,
        memo="",
        by=by,
    )[0]


def hold_each(ends: tuple[int, int], *, amounts: Mapping[str, int], by: User | None = None) -> None:
    """Sets money aside for references that nobody has held, between `ends_of_holds`.

    For each, or for none: an error, InsufficientCredit or IntegrityError, has to end the caller's
    transaction.
    """
    debit, credit = ends
    _take(debit, sum(amounts.values()), is_posted=False)
    statements.insert(_transfers(debit, credit, amounts, Transfer.State.PENDING, by=by))


def post(*, reference: str) -> bool:
    """Takes the money of a hold. True if this call did it, False if it was done before."""
    return post_each([reference]) == 1


def post_each(references: Sequence[str]) -> int:
    """Takes the money of several holds, or of none. Returns how many were not posted before."""
    return _settle(references, Transfer.State.POSTED)


def void(*, reference: str) -> bool:
    """Gives the money of a hold back. True if this call did it, False if it was done before."""
    return void_each([reference]) == 1


def void_each(references: Sequence[str]) -> int:
    """Gives the money of several holds back. Returns how many were not voided before."""
    return _settle(references, Transfer.State.VOIDED)


def ends_of_holds(workspace: Workspace) -> tuple[int, int]:
    """The wallets of the workspace's credit and of the system's revenue, which never change."""
    found = statements.returned(
        _ENDS_OF_HOLDS, statements.prepared(Wallet, workspace_id=workspace.pk)
    )
    if len(found) == 2:
        return found[0][0], found[1][0]
    return credit_of(workspace).pk, system(Wallet.Kind.REVENUE).pk


def _move(
    *,
    debit: int,
    credit: int,
    amounts: Mapping[str, int],
    state: Transfer.State,
    memo: str,
    by: User | None,
) -> list[Transfer]:
    """All of them, or none; those that were moved before are not moved again."""
    rows = _transfers(debit, credit, amounts, state, memo=memo, by=by)
    try:
        with transaction.atomic():
            _take(debit, sum(amounts.values()), is_posted=state == Transfer.State.POSTED)
            if state == Transfer.State.POSTED:
                _give(credit, sum(amounts.values()))
            statements.insert(rows)
    except (IntegrityError, InsufficientCredit) as error:
        earlier = _earlier(debit, credit, amounts)
        if not earlier and isinstance(error, InsufficientCredit):
            raise
        if not earlier:
            raise LedgerError(f"{', '.join(amounts)} could not be moved") from error
        rest = {each: micros for each, micros in amounts.items() if each not in earlier}
        later = _move(debit=debit, credit=credit, amounts=rest, state=state, memo=memo, by=by)
        return [*earlier.values(), *later]
    return rows


def _transfers(
    debit: int,
    credit: int,
    amounts: Mapping[str, int],
    state: Transfer.State,
    *,
    memo: str = "",
    by: User | None,
) -> list[Transfer]:
    at = timezone.now()
    return [
        Transfer(
            debit_id=debit,
            credit_id=credit,
            amount_micros=amount_micros,
            state=state,
            reference=reference,
            memo=memo,
            created_by=by,
            created_at=at,
            settled_at=at if state == Transfer.State.POSTED else None,
        )
        for reference, amount_micros in amounts.items()
    ]


def _earlier(debit: int, credit: int, amounts: Mapping[str, int]) -> dict[str, Transfer]:
    """Those that were moved already, by reference. Raises ReferenceTaken if one differs."""
    earlier = {each.reference: each for each in Transfer.objects.filter(reference__in=amounts)}
    for reference, each in earlier.items():
        known = (each.debit_id, each.credit_id, each.amount_micros)
        if known != (debit, credit, amounts[reference]):
            raise ReferenceTaken(f"{reference} stands for another transfer")
    return earlier


def _settle(references: Sequence[str], state: Transfer.State) -> int:
    """Wallets change in one order: others that change several wait, and none for each other."""
    sql = _SETTLE.format(places=statements.places(len(references)))
    at = statements.prepared(Transfer, state=state, settled_at=timezone.now())
    released: Counter[int] = Counter()
    spent: Counter[int] = Counter()
    given: Counter[int] = Counter()
    with transaction.atomic(savepoint=False):
        settled = statements.returned(sql, [*at, *references])
        for _, debit, credit, amount_micros in settled:
            released[debit] += amount_micros
            if state == Transfer.State.POSTED:
                spent[debit] += amount_micros
                given[credit] += amount_micros
        for wallet in sorted(released):
            statements.run(_RELEASE, [released[wallet], spent[wallet], wallet])
        for wallet in sorted(given):
            _give(wallet, given[wallet])
    for reference in set(references) - {reference for reference, *_ in settled}:
        _check_settled_before(reference, state)
    return len(settled)


def _check_settled_before(reference: str, state: Transfer.State) -> None:
    transfer = Transfer.objects.filter(reference=reference).first()
    if transfer is None:
        raise UnknownReference(f"{reference} was never moved")
    if transfer.state != state:
        raise SettledOtherwise(f"{reference} is {transfer.state}, not {state}")


def _take(wallet: int, amount_micros: int, *, is_posted: bool) -> None:
    """One guarded update: the check and the change cannot be parted by another spend.

    That of a system wallet changes nothing: its balance is the sum of its transfers.
    """
    taken = statements.run(_SPEND if is_posted else _HOLD, [amount_micros, wallet, amount_micros])
    if not taken:
        found = Wallet.objects.get(pk=wallet)
        if found.workspace_id is not None:
            raise InsufficientCredit(
                needed_micros=amount_micros, available_micros=found.available_micros
            )


def _give(wallet: int, amount_micros: int) -> None:
    statements.run(_GIVE, [amount_micros, wallet])


def moved_in() -> dict[str, tuple[int, int]]:
    """What came out of `payments` and `grants`, and what went back into each: whole micro-dollars.

    They have a row for each top-up and each grant, and none for a picture.
    """
    kinds = (Wallet.Kind.PAYMENTS, Wallet.Kind.GRANTS)
    found = {kind.value: (0, 0) for kind in kinds}
    for wallet in Wallet.objects.filter(workspace=None, kind__in=kinds):
        back, out = periods.posted(wallet)
        found[wallet.kind] = out, back
    return found


def outstanding() -> tuple[int, int]:
    """What all workspaces' credit is, and how much of it is held."""
    sums = Wallet.objects.filter(workspace__isnull=False, kind=Wallet.Kind.CREDIT).aggregate(
        posted=Sum("posted_micros"), held=Sum("held_micros")
    )
    return sums["posted"] or 0, sums["held"] or 0
