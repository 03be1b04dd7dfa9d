"""Invites people by e-mail. An invitation is bound to its address and ends after a week.

The letter's link is the proof of the address: only its token's hash is kept, and sending it again
makes a new one.

    InvitationError       a sentence for the user
    ├── AlreadyThere      the address is a member's, or is invited already
    ├── TooMany           so many letters were sent lately, or so many invitations are open
    ├── NotSent           the mail server did not take the letter; it can be sent again
    ├── NotOpen           accepted, revoked, or ended
    └── AnotherAddress    the person who would accept it has not the address
"""

import hashlib
import secrets
import time
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import letters, members, workspaces
from accounts.models import Invitation, Membership, Role, User, Workspace
from accounts.workspaces import NotAllowed

LIFE = timedelta(days=7)
MOST_OPEN = 100
_HOUR_SECONDS = 3_600
# Letters in an hour: of one person, of one workspace, to one address
_LIMITS = {"by": 30, "of": 60, "to": 3}


class InvitationError(Exception):
    pass


class AlreadyThere(InvitationError):
    pass


class TooMany(InvitationError):
    pass


class NotSent(InvitationError):
    pass


class NotOpen(InvitationError):
    pass


class AnotherAddress(InvitationError):
    pass


def invite(*, workspace: Workspace, by: User, email: str, role: Role) -> Invitation:
    """Raises NotAllowed, AlreadyThere, TooMany and NotSent."""
    email = email.strip().lower()
    _check_may_invite(workspace, by, role)
    _count_letter(workspace, by, email)
    token = secrets.token_urlsafe(32)
    try:
        with transaction.atomic(durable=True):
            members.lock(workspace)
            _check_room(workspace, email)
            invitation = Invitation.objects.create(
                workspace=workspace,
                email=email,
                role=role,
                invited_by=by,
                token_hash=_hash(token),
                expires_at=timezone.now() + LIFE,
            )
    except IntegrityError as error:
        raise AlreadyThere(f"{email} is invited already.") from error
    _send(invitation, by, token)
    return invitation


def resend(*, invitation: Invitation, by: User) -> None:
    """For a week from now, under a new link; the old one stops.

    Raises NotAllowed, TooMany, NotOpen and NotSent.
    """
    _check_may_invite(invitation.workspace, by, Role(invitation.role))
    _count_letter(invitation.workspace, by, invitation.email)
    token = secrets.token_urlsafe(32)
    expires_at = timezone.now() + LIFE
    again = Invitation.objects.open().filter(pk=invitation.pk)
    if not again.update(token_hash=_hash(token), expires_at=expires_at):
        raise NotOpen("This invitation was accepted or revoked meanwhile.")
    invitation.expires_at = expires_at
    _send(invitation, by, token)


def revoke(*, invitation: Invitation, by: User) -> bool:
    """From now on nobody can accept it. True if this call did it. Raises NotAllowed."""
    workspaces.check_may_manage(by, invitation.workspace)
    open_ones = Invitation.objects.open().filter(pk=invitation.pk)
    return bool(open_ones.update(revoked_at=timezone.now()))


def find(token: str) -> Invitation | None:
    """Whatever has become of it."""
    found = Invitation.objects.select_related("workspace", "invited_by")
    return found.filter(token_hash=_hash(token)).first()


def is_for(invitation: Invitation, user: User) -> bool:
    """Whether the address is one of the person's. Who has the link has proved it, if it is."""
    if user.email.lower() == invitation.email:
        return True
    addresses = EmailAddress.objects.filter(user=user, email__iexact=invitation.email)
    return bool(addresses.exists())


def accept(*, invitation: Invitation, by: User) -> Membership:
    """For one who came with the link. It proves their address.

    A member stays what they are. Raises NotOpen, AnotherAddress and TooMany.
    """
    if not is_for(invitation, by):
        raise AnotherAddress(f"This invitation is for {invitation.email}.")
    now = timezone.now()
    with transaction.atomic(durable=True):
        members.lock(invitation.workspace)
        found = Invitation.objects.get(pk=invitation.pk)
        if not found.is_open(now):
            raise NotOpen("This invitation is over.")
        _check_not_full(invitation.workspace, by)
        _prove(found.email, by)
        Invitation.objects.filter(pk=found.pk).update(accepted_at=now)
        member, _ = Membership.objects.get_or_create(
            user=by, workspace=invitation.workspace, defaults={"role": found.role}
        )
    return member


def _check_may_invite(workspace: Workspace, by: User, role: Role) -> None:
    workspaces.check_may_manage(by, workspace)
    if not workspace.is_team or role not in members.GIVEN_BY_ADMINS:
        raise NotAllowed


def _check_room(workspace: Workspace, email: str) -> None:
    if workspace.memberships.filter(user__email__iexact=email).exists():
        raise AlreadyThere(f"{email} is in the team already.")
    invited = workspace.invitations.open().count()
    if invited >= MOST_OPEN:
        raise TooMany(f"{MOST_OPEN} invitations are open. Revoke one that nobody answers.")
    most = workspace.plan.member_limit
    if workspace.memberships.count() + invited >= most:
        raise TooMany(f"The plan allows {most:,} people, and that many are here or invited.")


def _check_not_full(workspace: Workspace, by: User) -> None:
    """The plan may have become smaller since the letter went out."""
    others = workspace.memberships.exclude(user=by)
    if others.count() >= workspace.plan.member_limit:
        raise TooMany("The team has as many people as its plan allows. Its owner can help.")


def _count_letter(workspace: Workspace, by: User, email: str) -> None:
    hour = int(time.time() // _HOUR_SECONDS)
    keys = {"by": str(by.pk), "of": str(workspace.pk), "to": _hash(email)}
    names = [f"invite:{kind}:{key}:{hour}" for kind, key in keys.items()]
    counts = cache.count(names, 2 * _HOUR_SECONDS)  # type: ignore[attr-defined]
    if any(count > _LIMITS[kind] for kind, count in zip(keys, counts, strict=True)):
        raise TooMany("So many invitations were sent in this hour. Go on in the next.")


def _send(invitation: Invitation, by: User, token: str) -> None:
    role = Role(invitation.role)
    is_sent = letters.send(
        "invitation",
        to=invitation.email,
        by=letters.said_by(by),
        email=invitation.email,
        workspace=invitation.workspace.name,
        role=members.CALLED[role],
        may=members.WORDS[role],
        url=letters.at_site(reverse("accounts:join_by_link", args=[token])),
        expires_at=invitation.expires_at,
    )
    if not is_sent:
        raise NotSent("The letter could not be sent. Send it again in a while.")


def _prove(email: str, by: User) -> None:
    """An address that somebody else has proved stays theirs. Raises AnotherAddress."""
    has_main = EmailAddress.objects.filter(user=by, primary=True).exists()
    address, _ = EmailAddress.objects.get_or_create(
        user=by, email__iexact=email, defaults={"email": email, "primary": not has_main}
    )
    if not address.set_verified():
        raise AnotherAddress(f"{email} belongs to another account.")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
