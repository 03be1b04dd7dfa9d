"""The end of an account: asked for on a page, and done after a week, unless the person signs in.

Meanwhile they are signed out everywhere, their keys open nothing, and the links to their own
pictures lead nowhere; all of that comes back with them. Then a worker erases what is theirs:
their own workspace, and teams that nobody else is in. What they made in teams of others stays
there without their name. Of a workspace only the ledger is left, and of a person nothing.

Each step may be repeated, and be done by two workers at once.

    ErasureError       a sentence for the user
    └── StillOwner     teams with others in them would be left without an owner
"""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts import letters, members, registry, sessions
from accounts.models import ApiKey, Membership, Role, User, Workspace

log = logging.getLogger("easel.erasure")
GRACE = timedelta(days=7)
_ERASED = "Erased"


class ErasureError(Exception):
    pass


class StillOwner(ErasureError):
    def __init__(self, teams: Collection[Workspace]) -> None:
        super().__init__("Hand your teams over, or delete them, before you delete your account.")
        self.teams = teams


def in_the_way(user: User) -> list[Workspace]:
    """Teams with others in them that nobody else owns."""
    return list(_owned_alone(user).filter(Exists(_others(user))).order_by("name", "pk"))


def alone_in(user: User) -> list[Workspace]:
    """Teams that nobody else is in: they go with the account."""
    return list(_owned_alone(user).exclude(Exists(_others(user))).order_by("name", "pk"))


def _owned_alone(user: User) -> "QuerySet[Workspace]":
    other_owners = _others(user).filter(role=Role.OWNER)
    return Workspace.objects.owned_by(user).filter(personal_of=None).exclude(Exists(other_owners))


def _others(user: User) -> "QuerySet[Membership]":
    return Membership.objects.who_stay().filter(workspace=OuterRef("pk")).exclude(user=user)


def ask(*, by: User, is_now: bool = False) -> datetime:
    """When it will be. Signs the person out everywhere. Raises StillOwner.

    `is_now`: without the week, for who runs Easel.
    """
    with transaction.atomic(durable=True):
        _lock_teams_of(by)
        if teams := in_the_way(by):
            raise StillOwner(teams)
        erase_at = timezone.now() + (timedelta() if is_now else GRACE)
        User.objects.filter(pk=by.pk).update(erase_at=erase_at)
    sessions.end_all(by)
    log.info("account to be erased user=%s", by.pk)
    if not is_now:
        letters.send("erasure_begun", to=by.email, erase_at=erase_at, url=letters.at_site("/"))
    return erase_at


def _lock_teams_of(user: User) -> None:
    """So that of two owners who go at once one sees that the other does."""
    ids = Membership.objects.filter(user=user).values_list("workspace", flat=True)
    teams = Workspace.objects.filter(pk__in=list(ids)).order_by("pk")
    list(teams.select_for_update(no_key=True))


def cancel(*, user: User) -> bool:
    """Whoever signs in stays. False if it was not asked for."""
    asked = User.objects.filter(pk=user.pk, erase_at__isnull=False, is_active=True)
    if not asked.update(erase_at=None):
        return False
    log.info("account stays user=%s", user.pk)
    letters.send("erasure_cancelled", to=user.email, url=letters.at_site("/"))
    return True


def is_any_due(at: datetime) -> bool:
    return User.objects.filter(erase_at__lte=at).exists()


def go_on(*, at: datetime) -> None:
    """Erases the accounts whose week is over; one that cannot be yet waits for another time."""
    for user in User.objects.filter(erase_at__lte=at).order_by("erase_at")[:20]:
        erase(user, at=at)


def erase(user: User, *, at: datetime) -> bool:
    """All of it, now. False if something goes on still; then it is to be called again."""
    if not User.objects.filter(pk=user.pk, erase_at__lte=at).update(is_active=False):
        return False  # they signed in meanwhile, or are erased
    sessions.end_all(user)
    ApiKey.objects.filter(created_by=user).not_revoked().update(revoked_at=at)
    for team in in_the_way(user):
        _hand_over(team, user)
    for stop in registry.stops:
        stop(user)
    for workspace in [*Workspace.objects.filter(personal_of=user), *alone_in(user)]:
        _erase_workspace(workspace)
    for each in registry.belongings:
        if each.forget:
            each.forget(user)
    return _erase_person(user)


def _hand_over(team: Workspace, user: User) -> None:
    """To who has been there longest of those with the highest role: nobody was named."""
    with transaction.atomic(durable=True):
        members.lock(team)
        ranks = {role: number for number, role in enumerate(Role.values)}
        others = team.memberships.who_stay().exclude(user=user).select_related("user")
        heir = min(others, key=lambda each: (ranks[each.role], each.pk), default=None)
        if heir is None:
            return
        heir.role, heir.monthly_cap_micros = Role.OWNER, None
        heir.save(update_fields=["role", "monthly_cap_micros"])
    members.tell_new_owner(heir.user, team, by=user)


def _erase_workspace(workspace: Workspace) -> None:
    """Nobody finds it from now on; what it holds goes bit by bit; then its name."""
    now = timezone.now()
    Workspace.objects.filter(pk=workspace.pk, closed_at=None).update(closed_at=now)
    ApiKey.objects.in_workspace(workspace).not_revoked().update(revoked_at=now)
    for stop in registry.stops:
        stop(workspace)
    for each in reversed(registry.belongings):
        while each.erase and not each.erase(workspace):
            pass
    with transaction.atomic(durable=True):
        workspace.memberships.all().delete()
        Workspace.objects.filter(pk=workspace.pk).update(
            name=_ERASED, personal_of=None, erased_at=now
        )
    log.info("erased workspace=%s", workspace.pk)


def _erase_person(user: User) -> bool:
    """Nothing that refers to them can come in between: it would wait for the lock."""
    with transaction.atomic(durable=True):
        found = User.objects.select_for_update().filter(pk=user.pk).first()
        if found is None:
            return False
        is_busy = any(goes_on(user) for goes_on in registry.goings_on)
        if is_busy or Workspace.objects.filter(personal_of=user).exists():
            return False
        _leave_log(user)
        found.delete()
    log.info("erased user=%s", user.pk)
    letters.send("erased", to=user.email)
    return True


def _leave_log(user: User) -> None:
    """What an administrator did stays, as that of somebody without a name."""
    entries = LogEntry.objects.filter(user=user)
    if entries.exists():
        nobody = User.objects.create_user(f"erased-{user.pk}@easel.invalid", is_active=False)
        entries.update(user=nobody)
