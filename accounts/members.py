"""Who is in a workspace, as what, and how much each may spend there in a month.

Owners decide about everybody, admins about everybody but owners and themselves. The verbs lock
the workspace, so that of two owners who leave at once one stays.

    NotAllowed       the person may not do this
    LastOwner        the workspace would be left without an owner; a sentence for the user
    AlreadyGone      the member has left meanwhile
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import letters
from accounts.models import ApiKey, Membership, Role, User, Workspace
from accounts.workspaces import NotAllowed

# What a role may do, for people, as "a member makes ..."
WORDS = {
    Role.OWNER: "decides about everything: people, credit, and the end of the team.",
    Role.ADMIN: "invites, removes and caps people, and sees all keys and webhooks.",
    Role.MEMBER: "makes and edits pictures with the team’s credit.",
    Role.VIEWER: "sees and downloads the pictures, and makes none.",
}
CALLED = {
    Role.OWNER: "an owner",
    Role.ADMIN: "an admin",
    Role.MEMBER: "a member",
    Role.VIEWER: "a viewer",
}
GIVEN_BY_ADMINS = (Role.ADMIN, Role.MEMBER, Role.VIEWER)


class LastOwner(Exception):
    def __init__(self) -> None:
        super().__init__("A team has an owner. Make somebody else one first.")


class AlreadyGone(Exception):
    pass


def may_decide_about(member: Membership, by: Membership | None) -> bool:
    """Whether `by`, of the same workspace, may change or remove the member.

    Nobody decides about who a personal workspace is for.
    """
    is_theirs = member.workspace.personal_of_id == member.user_id
    if by is None or is_theirs or not by.may_manage:
        return False
    is_above = member.role == Role.OWNER or member.user_id == by.user_id
    return by.role == Role.OWNER or not is_above


def roles_given_by(role: Role) -> tuple[Role, ...]:
    return {Role.OWNER: tuple(Role), Role.ADMIN: GIVEN_BY_ADMINS}.get(role, ())


def change(
    *, member: Membership, by: User, role: Role, monthly_cap_micros: int | None
) -> Membership:
    """Raises NotAllowed, LastOwner and AlreadyGone."""
    with _decided(member, by) as (found, decider):
        earlier = Role(found.role)
        if role not in roles_given_by(Role(decider.role)):
            raise NotAllowed
        found.role, found.monthly_cap_micros = role, monthly_cap_micros
        found.save(update_fields=["role", "monthly_cap_micros"])
        _check_owned(found.workspace)
    if role != earlier and found.user_id != by.pk:
        letters.send(
            "role_changed",
            to=found.user.email,
            by=letters.said_by(by),
            workspace=found.workspace.name,
            role=CALLED[role],
            earlier=CALLED[earlier],
            may=WORDS[role],
            url=_address_of(found.workspace),
        )
    return found


def hand_over(*, member: Membership, by: User) -> None:
    """The member becomes an owner, and the owner an admin.

    Raises NotAllowed, AlreadyGone, and LastOwner for one who is about to go themselves.
    """
    with _decided(member, by) as (found, decider):
        if decider.role != Role.OWNER or found.user_id == by.pk or not found.workspace.is_team:
            raise NotAllowed
        found.role, found.monthly_cap_micros, decider.role = Role.OWNER, None, Role.ADMIN
        found.save(update_fields=["role", "monthly_cap_micros"])
        decider.save(update_fields=["role"])
        _check_owned(found.workspace)
    tell_new_owner(found.user, found.workspace, by=by)


def tell_new_owner(user: User, workspace: Workspace, *, by: User) -> None:
    """Never to be called in a transaction."""
    letters.send(
        "handed_over",
        to=user.email,
        by=letters.said_by(by),
        workspace=workspace.name,
        url=_address_of(workspace),
    )


def remove(*, member: Membership, by: User) -> None:
    """Their pictures stay; their keys stop at once. Raises NotAllowed, LastOwner, AlreadyGone."""
    with _decided(member, by) as (found, _):
        _let_go(found)
    if found.user_id != by.pk:
        letters.send(
            "removed",
            to=found.user.email,
            by=letters.said_by(by),
            workspace=found.workspace.name,
        )


def leave(*, workspace: Workspace, by: User) -> None:
    """As `remove`, of oneself. Raises NotAllowed, LastOwner and AlreadyGone."""
    with transaction.atomic(durable=True):
        _let_go(_locked(workspace, by))


@contextmanager
def _decided(member: Membership, by: User) -> Iterator[tuple[Membership, Membership]]:
    """The member and who decides about them, as they are while nobody else can change them."""
    with transaction.atomic(durable=True):
        decider = _locked(member.workspace, by)
        found = decider if member.pk == decider.pk else _again(member)
        if not may_decide_about(found, decider):
            raise NotAllowed
        yield found, decider


def _locked(workspace: Workspace, by: User) -> Membership:
    lock(workspace)
    found = Membership.objects.filter(workspace=workspace, user=by).first()
    if found is None:
        raise NotAllowed
    found.workspace = workspace
    return found


def lock(workspace: Workspace) -> None:
    """Makes others that decide about its people wait until the transaction ends."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)


def _again(member: Membership) -> Membership:
    found = Membership.objects.select_related("user", "workspace").filter(pk=member.pk).first()
    if found is None:
        raise AlreadyGone
    return found


def _let_go(member: Membership) -> None:
    """The row is locked first: a key of theirs that is just being made is found then."""
    if member.workspace.personal_of_id == member.user_id:
        raise NotAllowed
    Membership.objects.select_for_update().get(pk=member.pk)
    keys = ApiKey.objects.in_workspace(member.workspace).not_revoked()
    keys.filter(created_by=member.user_id).update(revoked_at=timezone.now())
    Membership.objects.filter(pk=member.pk).delete()
    _check_owned(member.workspace)


def _check_owned(workspace: Workspace) -> None:
    """So that a team is not left with one who is suspended, or about to be erased."""
    owners = Membership.objects.who_stay().filter(workspace=workspace, role=Role.OWNER)
    if not owners.exists():
        raise LastOwner


def _address_of(workspace: Workspace) -> str:
    return letters.at_site(reverse("accounts:workspace_page", args=[workspace.pk]))
