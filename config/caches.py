"""Django's caches, and how to count in them: exactly, for all processes, in one statement."""

from collections.abc import Sequence
from datetime import timedelta

from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.redis import RedisCache
from django.db import connection
from django.utils import timezone

from accounts.durability import unsynced

_COUNT = """
    INSERT INTO {table} (cache_key, value, expires) VALUES {rows}
    ON CONFLICT (cache_key) DO UPDATE
    SET value = CAST(CAST({table}.value AS integer) + 1 AS text) RETURNING cache_key, value
"""
_FORGET = "DELETE FROM {table} WHERE expires < %s"


class CountingDatabaseCache(DatabaseCache):
    _table: str

    def count(self, keys: Sequence[str], timeout_seconds: int) -> list[int]:
        """Adds one to each and returns what they are now. They are forgotten later.

        Who counts several of the same keys at once must name them in the same order.
        """
        names = [self.make_and_validate_key(key) for key in keys]
        ends_at = timezone.now() + timedelta(seconds=timeout_seconds)
        expires = connection.ops.adapt_datetimefield_value(ends_at.replace(microsecond=0))
        sql = _COUNT.format(table=self._table, rows=", ".join(["(%s, '1', %s)"] * len(names)))
        with unsynced(is_pipelined=True), connection.cursor() as cursor:
            cursor.execute(sql, [each for name in names for each in (name, expires)])
            counts = {name: int(value) for name, value in cursor.fetchall()}
        if 1 in counts.values():  # a new minute of somebody's
            self._forget_expired()
        return [counts[name] for name in names]

    def _forget_expired(self) -> None:
        now = connection.ops.adapt_datetimefield_value(timezone.now().replace(microsecond=0))
        with connection.cursor() as cursor:
            cursor.execute(_FORGET.format(table=self._table), [now])


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
