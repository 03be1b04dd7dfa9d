"""Processes that change one team at once. Run by test_members.py."""

import sys
from contextlib import suppress
from functools import partial
from uuid import UUID

from tests.programs import at_once, ready, say

ready()

from django.core.cache import cache  # noqa: E402
from django.core.management import call_command  # noqa: E402

from accounts import ids, invitations, ledger, members, periods, teams  # noqa: E402
from accounts.models import Invitation, Membership, Plan, Role, User, Workspace  # noqa: E402
from tests.accounts.races import patiently  # noqa: E402
from tests.conftest import person  # noqa: E402


def leave(owners: int) -> None:
    """All of its owners."""
    people = [person(f"owner{number}") for number in range(owners)]
    team = teams.open_team(by=people[0], name="Team")
    for each in people[1:]:
        Membership.objects.create(user=each, workspace=team, role=Role.OWNER)

    def act(by: User) -> None:
        has_left = True
        try:
            patiently(lambda: members.leave(workspace=team, by=by))
        except members.LastOwner:
            has_left = False
        say(left=has_left)

    at_once(*(partial(act, each) for each in people))
    say(owners=team.memberships.count())


def accept(processes: int) -> None:
    """One invitation, by the same person in many tabs."""
    call_command("createcachetable", verbosity=0)
    ada, ben = person("Ada"), person("Ben")
    team = teams.open_team(by=ada, name="Team")
    invitation = invitations.invite(workspace=team, by=ada, email=ben.email, role=Role.MEMBER)

    def act() -> None:
        with suppress(invitations.NotOpen):
            patiently(lambda: invitations.accept(invitation=invitation, by=ben))

    at_once(*[act] * processes)
    say(
        members=team.memberships.count(),
        accepted=team.invitations.exclude(accepted_at=None).count(),
    )


def places(processes: int) -> None:
    """The last one of a plan: invited to by all at once; then, of many invited, taken."""
    call_command("createcachetable", verbosity=0)
    ada = person("Ada")
    team = teams.open_team(by=ada, name="Team")
    Plan.objects.update(member_limit=2)
    team = Workspace.objects.get(pk=team.pk)  # with its plan as it is now

    def invite(number: int) -> None:
        with suppress(invitations.TooMany):
            email = f"guest{number}@example.com"
            patiently(
                lambda: invitations.invite(workspace=team, by=ada, email=email, role=Role.MEMBER)
            )

    at_once(*(partial(invite, number) for number in range(processes)))
    say(invited=team.invitations.count())

    cache.clear()  # letters are counted
    Plan.objects.update(member_limit=100)
    team = Workspace.objects.get(pk=team.pk)
    guests = [person(f"late{number}") for number in range(processes)]
    invited = [
        invitations.invite(workspace=team, by=ada, email=each.email, role=Role.MEMBER)
        for each in guests
    ]
    Plan.objects.update(member_limit=2)

    def join(invitation: Invitation, by: User) -> None:
        invitation = Invitation.objects.select_related("workspace__plan").get(pk=invitation.pk)
        with suppress(invitations.TooMany):
            patiently(lambda: invitations.accept(invitation=invitation, by=by))

    at_once(*(partial(join, *each) for each in zip(invited, guests, strict=True)))
    say(members=team.memberships.count())


def credit(rounds: int) -> None:
    """Between two teams, in both directions."""
    ada = person("Ada")
    pair = [teams.open_team(by=ada, name=name) for name in ("One", "Two")]
    for team in pair:
        ledger.grant(to=team, amount_micros=200_000, reference=f"grant:{team.pk}")

    def move(source: Workspace, target: Workspace, new_id: UUID) -> None:
        teams.move_credit(source=source, target=target, by=ada, amount_micros=1_000, new_id=new_id)

    def act(source: Workspace, target: Workspace) -> None:
        for _ in range(rounds):
            patiently(move, source, target, ids.new())

    at_once(*(partial(act, *each) for each in (pair, pair[::-1]) * 2))
    total = sum(ledger.credit_of(team).posted_micros for team in pair)
    say(total=total, drift=list(periods.drift()))


if __name__ == "__main__":
    globals()[sys.argv[1]](*map(int, sys.argv[2:]))
