"""Opens workspaces and finds the one that a person works in."""

from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce, Lower

from accounts import ledger
from accounts.models import Membership, Plan, Role, User, Wallet, Workspace
from accounts.prepared import Prepared

_MAKER = Prepared(
    lambda user_id, workspace_id: Membership.objects.who_may_make().filter(
        user_id=user_id, workspace_id=workspace_id, user__is_active=True
    )
)
_LEFT_MICROS = Wallet.objects.filter(
    workspace=OuterRef("workspace"), kind=Wallet.Kind.CREDIT
).values(left=F("posted_micros") - F("held_micros"))
_ALL_OF = Prepared(
    lambda user_id: (
        Membership.objects.filter(user_id=user_id)
        .select_related("workspace")
        .annotate(available_micros=Coalesce(Subquery(_LEFT_MICROS), 0))
        .order_by(F("workspace__personal_of").desc(nulls_last=True), Lower("workspace__name"), "pk")
    )
)
_PERSONAL = Prepared(lambda user_id: Workspace.objects.filter(personal_of=user_id))


def personal(user: User) -> Workspace:
    """The person's own workspace; made with its first credit if it is not there yet."""
    found = _PERSONAL.first(user_id=user.pk)
    return found or _open_personal(user)


def _open_personal(user: User) -> Workspace:
    with transaction.atomic():
        plan, _ = Plan.objects.get_or_create(name="default")
        workspace, _ = Workspace.objects.get_or_create(
            personal_of=user, defaults={"name": "Personal", "plan": plan}
        )
        Membership.objects.get_or_create(
            user=user, workspace=workspace, defaults={"role": Role.OWNER}
        )
        ledger.credit_of(workspace)
        if settings.SIGNUP_CREDIT_MICROS:
            ledger.grant(
                to=workspace,
                amount_micros=settings.SIGNUP_CREDIT_MICROS,
                reference=f"signup:{user.pk}",
                memo="Welcome credit",
            )
    return workspace


def current(user: User, chosen: str | None) -> Workspace:
    """The chosen workspace while the person is a member of it, else their own."""
    return (chosen and named(user, chosen)) or personal(user)


def named(user: User, text: str) -> Workspace | None:
    """The workspace of this id, if the person is a member of it."""
    try:
        return Workspace.objects.of(user).filter(pk=UUID(text)).first()
    except ValueError:
        return None


def all_of(user: User) -> list[Membership]:
    """Where the person works, their own first; each workspace with its credit, in one query."""
    return _ALL_OF(user_id=user.pk)


def role_of(user: User, workspace: Workspace) -> Role | None:
    role = (
        Membership.objects.filter(user=user, workspace=workspace)
        .values_list("role", flat=True)
        .first()
    )
    return Role(role) if role else None


def cap_micros_of(user: User, workspace: Workspace) -> int | None:
    """What the person may spend there in a month."""
    caps = Membership.objects.filter(user=user, workspace=workspace)
    return caps.values_list("monthly_cap_micros", flat=True).first()


class NotAllowed(PermissionDenied):
    """The person may look at this, but their role does not let them do it. A page answers 403."""


def check_may_manage(user: User, workspace: Workspace) -> None:
    """Raises NotAllowed."""
    if not may_manage(user, workspace):
        raise NotAllowed


def may_manage(user: User, workspace: Workspace) -> bool:
    """Whether the person decides about the workspace: its owners and admins do."""
    return role_of(user, workspace) in {Role.OWNER, Role.ADMIN}


def check_may_pay(user: User, workspace: Workspace) -> None:
    """Raises NotAllowed. What comes in and goes back is for owners."""
    if role_of(user, workspace) != Role.OWNER:
        raise NotAllowed


def owners_of(workspace: Workspace) -> list[User]:
    """Those who may sign in, the first one first."""
    owned = Membership.objects.filter(workspace=workspace, role=Role.OWNER, user__is_active=True)
    return [each.user for each in owned.select_related("user").order_by("pk")]


def maker(user: User, workspace: Workspace) -> Membership:
    """As what the person may spend the workspace's credit. Raises NotAllowed if they may not."""
    found = _MAKER.first(user_id=user.pk, workspace_id=workspace.pk)
    if found is None:
        raise NotAllowed
    return found


def check_may_make(user: User, workspace: Workspace) -> None:
    """Raises NotAllowed."""
    if not may_make(user, workspace):
        raise NotAllowed


def may_make(user: User, workspace: Workspace) -> bool:
    """Whether the person may spend the workspace's credit: everybody but a viewer."""
    return _MAKER.first(user_id=user.pk, workspace_id=workspace.pk) is not None
