from collections.abc import Iterator
from typing import Any

import pytest

from accounts import periods, teams
from accounts.models import Membership, Role, User, Workspace
from accounts.payments import audit
from tests.accounts.top_ups import TopUp
from tests.conftest import person
from tests.stripe.strict import StrictStripe


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


@pytest.fixture
def stripe(settings: Any) -> Iterator[StrictStripe]:
    with StrictStripe() as server:
        for name, value in server.variables.items():
            setattr(settings, name, value)
        yield server


@pytest.fixture
def top_up(stripe: StrictStripe, ada: User, workspace: Workspace) -> TopUp:
    return TopUp(stripe, ada, workspace)


@pytest.fixture
def books(db: None) -> Iterator[None]:
    """Whatever a test did, they are right at its end."""
    yield
    assert list(periods.drift()) == []
    assert list(audit.drift()) == []
