import pytest

from accounts import teams
from accounts.models import Membership, Role, User, Workspace
from tests.conftest import person


@pytest.fixture
def team(ada: User) -> Workspace:
    """Ada's; nobody else is in it yet."""
    return teams.open_team(by=ada, name="Lake house")


@pytest.fixture
def in_team(team: Workspace) -> "dict[str, Membership]":
    """One for each role, by the role's name; Ada is the owner."""
    for role in (Role.ADMIN, Role.MEMBER, Role.VIEWER):
        person(role.label, team, role)
    return {each.role: each for each in Membership.objects.filter(workspace=team)}
