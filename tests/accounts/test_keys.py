from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import keys
from accounts.models import ApiKey, User, Workspace


@pytest.fixture
def issued(ada: User, workspace: Workspace) -> tuple[ApiKey, str]:
    return keys.issue(workspace=workspace, by=ada, name="script")


def test_a_key_is_found_by_itself(issued: tuple[ApiKey, str], workspace: Workspace) -> None:
    key, secret = issued
    found = keys.find(secret)
    assert found == key
    assert found.workspace == workspace
    assert found.scopes == ["generate", "read"]


def test_two_keys_differ(ada: User, workspace: Workspace) -> None:
    secrets = {keys.issue(workspace=workspace, by=ada, name="x")[1] for _ in range(20)}
    assert len(secrets) == 20


def test_only_a_hash_and_the_ends_are_at_rest(issued: tuple[ApiKey, str]) -> None:
    key, secret = issued
    columns = ApiKey.objects.values().get()
    assert secret not in str(columns)
    assert secret[15:] not in str(columns)
    assert (columns["prefix"], columns["ending"]) == (secret[:14], secret[-4:])
    assert len(columns["secret_hash"]) == 64
    assert secret not in str(key)


@pytest.mark.parametrize("place", [0, 6, 13, 14, 15, 30, 46, 47, 52])
def test_a_typo_is_told_without_a_query(
    issued: tuple[ApiKey, str], place: int, django_assert_num_queries: Any
) -> None:
    _, secret = issued
    typo = secret[:place] + ("x" if secret[place] != "x" else "y") + secret[place + 1 :]
    with django_assert_num_queries(0):
        assert not keys.is_well_formed(typo)
        assert keys.find(typo) is None


@pytest.mark.parametrize(
    "text", ["", "easel_", "sk-123", "é" * 53, "easel_" + "0" * 47, "\x00" * 53, "x" * 100_000]
)
def test_what_is_no_key_is_not_found(text: str, django_assert_num_queries: Any, db: None) -> None:
    with django_assert_num_queries(0):
        assert keys.find(text) is None


def test_a_well_formed_key_of_nobody_is_not_found(
    issued: tuple[ApiKey, str], workspace: Workspace
) -> None:
    _, secret = issued
    ApiKey.objects.all().delete()
    assert keys.is_well_formed(secret)
    assert keys.find(secret) is None


@pytest.mark.parametrize(
    ("column", "hours", "is_live"),
    [
        ("revoked_at", -1, False),
        ("expires_at", -1, False),
        ("expires_at", 1, True),
    ],
)
def test_a_key_ends(issued: tuple[ApiKey, str], column: str, hours: int, is_live: bool) -> None:
    ApiKey.objects.update(**{column: timezone.now() + timedelta(hours=hours)})
    assert (keys.find(issued[1]) is not None) is is_live


def test_a_key_of_a_suspended_person_is_not_live(issued: tuple[ApiKey, str], ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert keys.find(issued[1]) is None
