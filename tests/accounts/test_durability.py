"""What does not wait for the disk, and that everything else does."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts import statements
from accounts.durability import unsynced
from gallery import images
from gallery.models import PendingObject

pytestmark = pytest.mark.django_db(transaction=True)

QUESTIONS = {"postgresql": "SHOW synchronous_commit", "sqlite": "PRAGMA synchronous"}
WAITS, WAITS_NOT = ("on", 2), ("off", 1)
OUTLIVES = {"postgresql": "on", "sqlite": 1}


def synchronous() -> object:
    with connection.cursor() as cursor:
        cursor.execute(QUESTIONS[connection.vendor])
        return cursor.fetchone()[0]


def test_only_within() -> None:
    with unsynced():
        assert synchronous() in WAITS_NOT
    assert synchronous() in WAITS


def test_what_is_to_outlive_the_server_waits_where_there_is_one() -> None:
    with unsynced(outlives_server=True):
        assert synchronous() == OUTLIVES[connection.vendor]


def test_the_announcement_of_bytes_outlives_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    insert, found = statements.insert, []

    def look(rows: Any) -> None:
        found.append(synchronous())
        insert(rows)

    monkeypatch.setattr(statements, "insert", look)
    images.stage(b"bytes", suffix="bin")
    assert found == [OUTLIVES[connection.vendor]]


def test_not_after_it_failed() -> None:
    with pytest.raises(ValueError, match="no"), unsynced():
        raise ValueError("no")
    assert synchronous() in WAITS


def keep(*keys: str) -> None:
    with unsynced(is_pipelined=True):
        for key in keys:
            assert synchronous() in WAITS_NOT
            if key == "no":
                raise ValueError(key)
            statements.insert([PendingObject(key=key, created_at=timezone.now())])


def test_a_pipeline_is_a_transaction() -> None:
    keep("a")
    with pytest.raises(IntegrityError):
        keep("b", "a")
    with pytest.raises(ValueError, match="no"):
        keep("c", "no")
    assert synchronous() in WAITS
    with transaction.atomic(), unsynced(is_pipelined=True):
        statements.insert([PendingObject(key="d", created_at=timezone.now())])
    assert [each.key for each in PendingObject.objects.order_by("key")] == ["a", "d"]


def test_not_within_what_waits() -> None:
    with transaction.atomic():
        with unsynced():
            assert synchronous() in WAITS
        assert synchronous() in WAITS
