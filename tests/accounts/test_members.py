"""Who decides about whom, and what becomes of those who are removed."""

import itertools

import pytest
from django.core import mail

from accounts import keys, members, teams, workspaces
from accounts.members import LastOwner
from accounts.models import ApiKey, Membership, Role, User, Workspace
from accounts.workspaces import NotAllowed
from tests.conftest import person
from tests.programs import ON_BOTH, Ground

pytestmark = pytest.mark.django_db
Team = dict[str, Membership]

# Who may give whom which roles, by their first letters
MAY_GIVE = """
         owner admin member viewer
owner    o     oamv  oamv   oamv
admin    -     amv   amv    amv
member   -     -     -      -
viewer   -     -     -      -
"""


def table() -> dict[tuple[str, str], set[str]]:
    head, *lines = (line.split() for line in MAY_GIVE.strip().splitlines())
    return {
        (who, whom): {role.value for role in Role if role[0] in cell}
        for who, *cells in lines
        for whom, cell in zip(head, cells, strict=True)
    }


@pytest.mark.parametrize(("who", "whom"), table())
def test_who_may_give_which_role(in_team: Team, team: Workspace, who: str, whom: str) -> None:
    """Of two people: nobody but an owner decides about themselves."""
    by = in_team[who].user
    if who == whom and who != Role.OWNER:
        second = person("Second", team, Role(who))
        member = Membership.objects.get(user=second, workspace=team)
    else:
        member = in_team[whom]
    given = set()
    for role in Role:
        try:
            members.change(member=member, by=by, role=role, monthly_cap_micros=None)
            given.add(role.value)
        except (NotAllowed, LastOwner):
            pass
        Membership.objects.filter(pk=member.pk).update(role=whom)
    assert given == table()[who, whom]


@pytest.mark.parametrize("who", ["admin", "member", "viewer"])
def test_nobody_but_an_owner_changes_themselves(in_team: Team, who: str) -> None:
    member = in_team[who]
    for role, cap in itertools.product(Role, (None, 5)):
        with pytest.raises(NotAllowed):
            members.change(member=member, by=member.user, role=role, monthly_cap_micros=cap)
    assert Membership.objects.get(pk=member.pk).role == who


@pytest.mark.parametrize("who", ["admin", "member", "viewer"])
def test_nobody_but_an_owner_removes_an_owner(in_team: Team, who: str) -> None:
    with pytest.raises(NotAllowed):
        members.remove(member=in_team["owner"], by=in_team[who].user)
    with pytest.raises(NotAllowed):
        members.hand_over(member=in_team["viewer"], by=in_team[who].user)


def test_a_stranger_decides_about_nobody(in_team: Team, mallory: User) -> None:
    """Though they own a team of their own."""
    teams.open_team(by=mallory, name="Other")
    for member in in_team.values():
        for act in (members.remove, members.hand_over):
            with pytest.raises(NotAllowed):
                act(member=member, by=mallory)
    assert Membership.objects.filter(pk__in=[each.pk for each in in_team.values()]).count() == 4


def test_who_is_removed_leaves_pictures_and_loses_keys(in_team: Team, team: Workspace) -> None:
    ben, ada = in_team["member"], in_team["owner"].user
    _, secret = keys.issue(workspace=team, by=ben.user, name="posters")
    own, _ = keys.issue(workspace=workspaces.personal(ben.user), by=ben.user, name="own")
    members.remove(member=ben, by=ada)
    assert workspaces.role_of(ben.user, team) is None
    assert keys.find(secret) is None
    Membership.objects.create(user=ben.user, workspace=team, role=Role.MEMBER)
    assert keys.find(secret) is None, "coming back brings no key back"
    assert ApiKey.objects.get(pk=own.pk).revoked_at is None


def test_leaving(in_team: Team, team: Workspace) -> None:
    for who in ("viewer", "member", "admin"):
        members.leave(workspace=team, by=in_team[who].user)
    assert [each.role for each in team.memberships.all()] == ["owner"]
    with pytest.raises(LastOwner):
        members.leave(workspace=team, by=in_team["owner"].user)
    with pytest.raises(NotAllowed):
        members.leave(workspace=team, by=in_team["viewer"].user)


def test_the_last_owner_stays_one(in_team: Team, team: Workspace) -> None:
    ada, anna = in_team["owner"], in_team["admin"]
    with pytest.raises(LastOwner):
        members.change(member=ada, by=ada.user, role=Role.ADMIN, monthly_cap_micros=None)
    members.change(member=anna, by=ada.user, role=Role.OWNER, monthly_cap_micros=None)
    User.objects.filter(pk=anna.user_id).update(is_active=False)
    with pytest.raises(LastOwner):
        members.leave(workspace=team, by=ada.user)
    User.objects.filter(pk=anna.user_id).update(is_active=True)
    members.leave(workspace=team, by=ada.user)
    assert workspaces.role_of(anna.user, team) == Role.OWNER


def test_a_personal_workspace_stays_its_persons(ada: User, ben: User, workspace: Workspace) -> None:
    """Whoever else is in it, by an administrator's hand."""
    mine = Membership.objects.get(user=ada, workspace=workspace)
    Membership.objects.filter(user=ben, workspace=workspace).update(role=Role.OWNER)
    for by in (ada, ben):
        with pytest.raises(NotAllowed):
            members.remove(member=mine, by=by)
        with pytest.raises(NotAllowed):
            members.change(member=mine, by=by, role=Role.VIEWER, monthly_cap_micros=None)
    with pytest.raises(NotAllowed):
        members.leave(workspace=workspace, by=ada)


def test_handing_over(in_team: Team, team: Workspace) -> None:
    ada, ben = in_team["owner"], in_team["member"]
    Membership.objects.filter(pk=ben.pk).update(monthly_cap_micros=5)
    members.hand_over(member=ben, by=ada.user)
    ben.refresh_from_db()
    assert (ben.role, ben.monthly_cap_micros) == ("owner", None)
    assert workspaces.role_of(ada.user, team) == Role.ADMIN
    with pytest.raises(NotAllowed):
        members.hand_over(member=ada, by=ada.user)


def test_who_is_concerned_is_told(in_team: Team) -> None:
    ada, ben = in_team["owner"].user, in_team["member"]
    members.change(member=ben, by=ada, role=Role.MEMBER, monthly_cap_micros=5)
    assert mail.outbox == [], "a cap is no role"
    members.change(member=ben, by=ada, role=Role.VIEWER, monthly_cap_micros=5)
    members.hand_over(member=ben, by=ada)
    members.remove(member=Membership.objects.get(pk=in_team["viewer"].pk), by=ben.user)
    assert [(each.to, each.subject) for each in mail.outbox] == [
        (["member@example.com"], "You are a viewer of “Lake house” now"),
        (["member@example.com"], "“Lake house” is yours now"),
        (["viewer@example.com"], "You are no longer in “Lake house”"),
    ]
    assert "you are a viewer now, and were a member" in mail.outbox[0].body
    assert "Ada (ada@example.com)" in mail.outbox[0].body


@pytest.mark.timeout(300)
@pytest.mark.parametrize("ground", ON_BOTH, indirect=True)
def test_of_two_owners_who_leave_at_once_one_stays(ground: Ground) -> None:
    *leavers, end = ground.run("tests.accounts.team_races", "leave", 3)
    assert sorted(each["left"] for each in leavers) == [False, True, True]
    assert end == {"owners": 1}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("ground", ON_BOTH, indirect=True)
def test_one_invitation_lets_one_in_once(ground: Ground) -> None:
    (end,) = ground.run("tests.accounts.team_races", "accept", 6)
    assert end == {"members": 2, "accepted": 1}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("ground", ON_BOTH, indirect=True)
def test_sixteen_that_want_the_last_place_of_a_plan(ground: Ground) -> None:
    invited, joined = ground.run("tests.accounts.team_races", "places", 16)
    assert (invited, joined) == ({"invited": 1}, {"members": 2})


@pytest.mark.timeout(300)
@pytest.mark.parametrize("ground", ON_BOTH, indirect=True)
def test_credit_moved_both_ways_at_once_is_neither_lost_nor_stuck(ground: Ground) -> None:
    (end,) = ground.run("tests.accounts.team_races", "credit", 10)
    assert end == {"total": 400_000, "drift": []}
