"""Counting in the database; `tests/api/test_throttles_together.py` has Redis, and processes."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.together import Ticket, Together
from config import caches
from tests.product import until

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
def test_a_count_is_not_waited_for_until_it_is_on_the_disk_and_what_follows_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    synced: list[bool] = []
    if connection.vendor == "sqlite":
        default = type(connections["default"])
        monkeypatch.setattr(default, "_open_log", lambda _: synced.append(True))
    with CaptureQueriesContext(connection) as asked:
        cache.count(["a"], 60)
    if connection.vendor == "sqlite":
        assert not synced
        with transaction.atomic():
            pass
        assert synced
        return
    assert any("synchronous_commit = off" in each["sql"] for each in asked)
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)


@pytest.mark.django_db(transaction=True)
def test_threads_that_count_the_same_at_once_are_each_told_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While the first is being counted, the others come: they are counted together."""
    came, go_on, batches = threading.Event(), threading.Event(), []

    def count(asked: Any) -> Any:
        batches.append(len(asked))
        came.set()
        assert go_on.wait(10)
        return caches._count(cache._table, asked)

    together: Together[Any, Any] = Together(count)
    monkeypatch.setattr(caches, "_counting", lambda _: together)
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(counted, "shared", "one")
        assert came.wait(10)
        rest = [pool.submit(counted, "shared", "two") for _ in range(4)]
        until(lambda: len(together._waiting) == 4, "the others waiting")
        go_on.set()
        assert first.result() == [1, 1]
        assert sorted(each.result() for each in rest) == [[n, n - 1] for n in (2, 3, 4, 5)]
    assert batches == [1, 4]


def test_a_database_that_is_away_is_asked_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def fail(_: str, batch: Any) -> Any:
        asked.append(len(batch))
        raise OperationalError("away")

    monkeypatch.setattr(caches, "_count", fail)
    told = [Ticket[Any, Any]((["a"], None)), Ticket[Any, Any]((["b"], None))]
    caches._counting("cache")._serve(told)
    assert [str(each.done.exception()) for each in told] == ["away", "away"]
    assert asked == [2]
    with pytest.raises(OperationalError, match="away"):
        cache.count(["a"], 60)


def counted(*keys: str) -> list[int]:
    try:
        found: list[int] = cache.count(keys, 60)
        return found
    finally:
        connection.close()
