"""Who may make, see, change and revoke keys."""

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts import keys, workspaces
from accounts.keys import TooMany
from accounts.models import ApiKey, Membership, Role, User, Workspace
from accounts.once import MadeAlready
from accounts.workspaces import NotAllowed
from tests.conftest import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def cara(workspace: Workspace) -> User:
    """An admin."""
    return person("Cara", workspace, Role.ADMIN)


def issue(by: User, workspace: Workspace, **fields: Any) -> ApiKey:
    return keys.issue(workspace=workspace, by=by, name=f"of {by}", **fields)[0]


def visible(user: User) -> set[str]:
    return {key.name for key in ApiKey.objects.visible_to(user)}


def rename(key: ApiKey, by: User) -> None:
    keys.change(key=key, by=by, name="new", monthly_cap_micros=3_000, expires_at=None)


# Making


def test_a_key_may_do_what_its_maker_may(ben: User, vera: User, workspace: Workspace) -> None:
    assert issue(ben, workspace).scopes == ["generate", "read"]
    assert issue(ben, workspace, scopes=["read"]).scopes == ["read"]
    assert issue(vera, workspace).scopes == ["read"]
    for scopes in (["generate"], ["read", "generate"], ["admin"], []):
        with pytest.raises(NotAllowed):
            issue(vera, workspace, scopes=scopes)
    with pytest.raises(NotAllowed):
        issue(ben, workspace, scopes=["read", "admin"])


def test_an_outsider_makes_none(mallory: User, workspace: Workspace) -> None:
    for scopes in (None, ["read"], []):
        with pytest.raises(NotAllowed):
            issue(mallory, workspace, scopes=scopes)
    assert not ApiKey.objects.exists()


def test_a_form_that_is_sent_twice_makes_one_key(ada: User, workspace: Workspace) -> None:
    name = uuid4()
    first = issue(ada, workspace, new_id=name)
    with pytest.raises(MadeAlready):
        issue(ada, workspace, new_id=name)
    assert ApiKey.objects.get().secret_hash == first.secret_hash


def test_so_many_and_no_more(
    ada: User, ben: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "MAX_HELD", 2)
    made = [issue(ada, workspace) for _ in range(2)]
    with pytest.raises(TooMany, match="2 keys"):
        issue(ada, workspace)
    issue(ben, workspace)
    issue(ben, workspaces.personal(ben))
    keys.revoke(key=made[0], by=ada)
    issue(ada, workspace)


# Seeing


def test_who_manages_sees_all_and_others_their_own(
    ada: User, ben: User, cara: User, vera: User, mallory: User, workspace: Workspace
) -> None:
    for user in (ada, ben, cara, vera):
        issue(user, workspace)
    issue(ben, workspaces.personal(ben))
    issue(mallory, workspaces.personal(mallory))
    everybody = {"of Ada", "of Ben", "of Cara", "of Vera"}
    assert visible(ada) == visible(cara) == everybody
    assert ApiKey.objects.visible_to(ada).count() == 4
    assert visible(ben) == {"of Ben"}
    assert ApiKey.objects.visible_to(ben).count() == 2
    assert visible(vera) == {"of Vera"}
    assert visible(mallory) == {"of Mallory"}


def test_who_has_left_sees_none_of_it(ada: User, ben: User, workspace: Workspace) -> None:
    key = issue(ben, workspace)
    assert ApiKey.objects.with_makers().get().is_held
    Membership.objects.filter(user=ben, workspace=workspace).delete()
    assert visible(ben) == set()
    assert visible(ada) == {"of Ben"}
    assert not ApiKey.objects.with_makers().get().is_held
    with pytest.raises(NotAllowed):
        keys.revoke(key=key, by=ben)
    with pytest.raises(NotAllowed):
        rename(key, ben)
    assert keys.revoke(key=key, by=ada)


# Changing and revoking


def test_one_changes_ones_own(
    ada: User, ben: User, cara: User, vera: User, mallory: User, workspace: Workspace
) -> None:
    key = issue(ben, workspace)
    for user in (ada, cara, vera, mallory):
        with pytest.raises(NotAllowed):
            rename(key, user)
    rename(key, ben)
    key.refresh_from_db()
    assert (key.name, key.monthly_cap_micros) == ("new", 3_000)


def test_who_manages_revokes_all_and_others_their_own(
    ada: User, ben: User, cara: User, vera: User, mallory: User, workspace: Workspace
) -> None:
    for user in (vera, mallory):
        with pytest.raises(NotAllowed):
            keys.revoke(key=issue(ben, workspace), by=user)
    with pytest.raises(NotAllowed):
        keys.revoke(key=issue(ada, workspace), by=ben)
    for user in (ada, cara, ben):
        assert keys.revoke(key=issue(ben, workspace), by=user)


def test_revoking_is_once_and_for_all(ada: User, workspace: Workspace) -> None:
    key, secret = keys.issue(workspace=workspace, by=ada, name="script")
    assert keys.find(secret) == key
    assert keys.revoke(key=key, by=ada)
    assert keys.find(secret) is None
    at = ApiKey.objects.get().revoked_at
    assert at
    assert at <= timezone.now()
    assert not keys.revoke(key=key, by=ada)
    with pytest.raises(NotAllowed):
        rename(key, ada)
    assert ApiKey.objects.get().revoked_at == at


def test_the_last_key_asked_for_twice_was_made_already(
    ada: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "MAX_HELD", 1)
    key, _ = keys.issue(workspace=workspace, by=ada, name="last")
    with pytest.raises(MadeAlready):
        keys.issue(workspace=workspace, by=ada, name="last", new_id=key.pk)
