"""Counting in the database; `tests/api/test_throttles_together.py` has Redis, and processes."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

pytestmark = pytest.mark.django_db


def test_each_is_counted_for_itself() -> None:
    assert cache.count(["a", "b"], 60) == [1, 1]
    assert cache.count(["b", "c"], 60) == [2, 1]


def test_counting_asks_once(django_assert_max_num_queries: Any) -> None:
    cache.count(["a", "b", "c"], 60)
    with django_assert_max_num_queries(3):  # savepoint, count, release
        cache.count(["a", "b", "c"], 60)


def test_what_has_expired_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.count(["old"], 60)
    later = timezone.now() + timedelta(seconds=90)
    monkeypatch.setattr(timezone, "now", lambda: later)
    cache.count(["new"], 60)
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM cache WHERE cache_key LIKE '%old'")
        assert not cursor.fetchall()


@pytest.mark.django_db(transaction=True)
def test_a_count_is_not_waited_for_until_it_is_on_the_disk_and_what_follows_is() -> None:
    with CaptureQueriesContext(connection) as asked:
        cache.count(["a"], 60)
    said = [each["sql"] for each in asked]
    ask = {
        "postgresql": ("SHOW synchronous_commit", "on"),
        "sqlite": ("PRAGMA synchronous", 2),  # FULL
    }
    question, durable = ask[connection.vendor]
    assert any("sync" in each for each in said)
    with connection.cursor() as cursor:
        cursor.execute(question)
        assert cursor.fetchone() == (durable,)
