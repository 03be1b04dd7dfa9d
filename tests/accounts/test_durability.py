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

OUTLIVES = {"postgresql": True, "sqlite": False}


def is_waited_for() -> bool:
    """Whether the disk is, when the transaction under way or the next one ends."""
    if connection.vendor == "sqlite":
        return bool(connection.waits_for_disk)  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        return bool(cursor.fetchone()[0] == "on")


def test_only_within() -> None:
    with unsynced():
        assert not is_waited_for()
    assert is_waited_for()


def test_what_is_to_outlive_the_server_waits_where_there_is_one() -> None:
    with unsynced(outlives_server=True):
        assert is_waited_for() == OUTLIVES[connection.vendor]


def test_the_announcement_of_bytes_outlives_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    insert, found = statements.insert, []

    def look(rows: Any) -> None:
        found.append(is_waited_for())
        insert(rows)

    monkeypatch.setattr(statements, "insert", look)
    images.stage(b"bytes", suffix="bin")
    assert found == [OUTLIVES[connection.vendor]]


def test_not_after_it_failed() -> None:
    with pytest.raises(ValueError, match="no"), unsynced():
        raise ValueError("no")
    assert is_waited_for()


def keep(*keys: str) -> None:
    with unsynced(is_pipelined=True):
        for key in keys:
            assert not is_waited_for()
            if key == "no":
                raise ValueError(key)
            statements.insert([PendingObject(key=key, created_at=timezone.now())])


def test_a_pipeline_is_a_transaction() -> None:
    keep("a")
    with pytest.raises(IntegrityError):
        keep("b", "a")
    with pytest.raises(ValueError, match="no"):
        keep("c", "no")
    assert is_waited_for()
    with transaction.atomic(), unsynced(is_pipelined=True):
        statements.insert([PendingObject(key="d", created_at=timezone.now())])
    assert [each.key for each in PendingObject.objects.order_by("key")] == ["a", "d"]


def test_not_within_what_waits() -> None:
    with transaction.atomic():
        with unsynced():
            assert is_waited_for()
        assert is_waited_for()
