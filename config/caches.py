"""Django's caches, and how to count in them: exactly, for all processes, in one statement."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from functools import cache

from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.redis import RedisCache
from django.db import OperationalError, connection
from django.utils import timezone

from accounts.durability import unsynced
from accounts.together import Together

_COUNT = """
    INSERT INTO {table} (cache_key, value, expires) VALUES {rows}
    ON CONFLICT (cache_key) DO UPDATE SET value =
        CAST(CAST({table}.value AS integer) + CAST(excluded.value AS integer) AS text)
    RETURNING cache_key, value
"""
_FORGET = "DELETE FROM {table} WHERE expires < %s"

_Asked = tuple[Sequence[str], str | None]  # names, and when they are forgotten


class CountingDatabaseCache(DatabaseCache):
    _table: str

    def count(self, keys: Sequence[str], timeout_seconds: int) -> list[int]:
        """Adds one to each and returns what they are now. They are forgotten later.

        Not to be asked in a transaction, since another thread may do it for this one.
        """
        names = [self.make_and_validate_key(key) for key in keys]
        ends_at = timezone.now() + timedelta(seconds=timeout_seconds)
        expires = connection.ops.adapt_datetimefield_value(ends_at.replace(microsecond=0))
        counts = _counting(self._table)((names, expires))
        if 1 in counts:  # a new minute of somebody's
            self._forget_expired()
        return counts

    def _forget_expired(self) -> None:
        now = connection.ops.adapt_datetimefield_value(timezone.now().replace(microsecond=0))
        with connection.cursor() as cursor:
            cursor.execute(_FORGET.format(table=self._table), [now])


@cache
def _counting(table: str) -> Together[_Asked, list[int]]:
    """One for all threads of a process, as each has a cache of its own.

    A database that is away is so for all: they would wait for it one after the other.
    """
    return Together(lambda asked: _count(table, asked), for_all=(OperationalError,))


def _count(table: str, asked: Sequence[_Asked]) -> list[list[int]]:
    """Rows in one order, or processes that count the same would wait for one another."""
    added = Counter(name for names, _ in asked for name in names)
    until = {name: expires for names, expires in asked for name in names}
    sql = _COUNT.format(table=table, rows=", ".join(["(%s, %s, %s)"] * len(added)))
    values = [each for name in sorted(added) for each in (name, str(added[name]), until[name])]
    with unsynced(is_pipelined=True), connection.cursor() as cursor:
        cursor.execute(sql, values)
        counts = Counter({name: int(value) for name, value in cursor.fetchall()})
    counts.subtract(added)
    found = []
    for names, _ in asked:
        counts.update(names)
        found.append([counts[name] for name in names])
    return found


class CountingRedisCache(RedisCache):
    def count(self, keys: Sequence[str], timeout_seconds: int) -> list[int]:
        """As CountingDatabaseCache.count."""
        pipeline = self._cache.get_client(write=True).pipeline(transaction=False)
        for key in keys:
            name = self.make_and_validate_key(key)
            pipeline.incr(name)
            pipeline.expire(name, timeout_seconds)
        counts: list[int] = pipeline.execute()[::2]
        return counts
