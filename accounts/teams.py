"""Makes, renames, funds and closes workspaces that people share.

TeamError          a sentence for the user
├── TooMany        the person owns as many as one may
├── InTheWay       what it holds must go first, a sentence for each
└── NotEnough      there is less credit than is to be moved
"""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import ids, ledger, members, once, registry, workspaces
from accounts.models import ApiKey, Membership, Plan, Role, Transfer, User, Workspace
from accounts.money import dollars
from accounts.workspaces import NotAllowed

MOST = 20


class TeamError(Exception):
    pass


class TooMany(TeamError):
    pass


class NotEnough(TeamError):
    pass


class InTheWay(TeamError):
    def __init__(self, sentences: list[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


def open_team(*, by: User, name: str, new_id: UUID | None = None) -> Workspace:
    """The person's own from now on. The same `new_id` again raises MadeAlready.

    It has no credit: else everybody could make some. Raises TooMany.
    """
    with transaction.atomic(durable=True):
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        once.check(Workspace, new_id)
        if Workspace.objects.owned_by(by).filter(personal_of=None).count() >= MOST:
            raise TooMany(f"You own {MOST} teams already.")
        plan, _ = Plan.objects.get_or_create(name="default")
        team = Workspace.objects.create(pk=new_id or ids.new(), name=name, plan=plan)
        Membership.objects.create(user=by, workspace=team, role=Role.OWNER)
        ledger.credit_of(team)
    return team


def rename(*, workspace: Workspace, by: User, name: str) -> None:
    """Raises NotAllowed."""
    workspaces.check_may_manage(by, workspace)
    Workspace.objects.filter(pk=workspace.pk).update(name=name)


def move_credit(
    *, source: Workspace, target: Workspace, by: User, amount_micros: int, new_id: UUID
) -> Transfer:
    """Between two that the person owns. The same `new_id` again moves nothing more.

    Raises NotAllowed and NotEnough.
    """
    owned = Workspace.objects.owned_by(by).filter(pk__in=(source.pk, target.pk))
    if owned.count() != 2:
        raise NotAllowed
    try:
        with transaction.atomic(durable=True):
            return ledger.move(
                source=source,
                target=target,
                amount_micros=amount_micros,
                reference=f"moved:{new_id}",
                by=by,
            )
    except ledger.InsufficientCredit as error:
        raise NotEnough(f"“{source}” has {dollars(error.available_micros)}.") from error


def in_the_way(workspace: Workspace) -> list[str]:
    """What keeps it from being closed, a sentence for each."""
    found = []
    others = workspace.memberships.count() - 1
    if others:
        people = "Another person is" if others == 1 else f"{others:,} other people are"
        found.append(f"{people} in it.")
    wallet = ledger.credit_of(workspace)
    if wallet.posted_micros:
        found.append(f"It has {dollars(wallet.posted_micros)} of credit.")
    owed_micros = ledger.owed_micros(workspace)
    if owed_micros:
        found.append(f"It owes {dollars(owed_micros)}.")
    if workspace.payments.unsettled().exists():
        found.append("A payment for it is under way.")
    for holding in registry.workspace_holdings:
        found += holding(workspace)
    return found


def close(*, workspace: Workspace, by: User) -> None:
    """Nobody finds it any more. Raises NotAllowed and InTheWay."""
    with transaction.atomic(durable=True):
        members.lock(workspace)
        ledger.lock(workspace)
        is_owner = workspaces.role_of(by, workspace) == Role.OWNER
        if not (is_owner and workspace.is_team):
            raise NotAllowed
        if sentences := in_the_way(workspace):
            raise InTheWay(sentences)
        now = timezone.now()
        ApiKey.objects.in_workspace(workspace).not_revoked().update(revoked_at=now)
        workspace.invitations.open().update(revoked_at=now)
        Workspace.objects.filter(pk=workspace.pk).update(closed_at=now)
        workspace.memberships.all().delete()
