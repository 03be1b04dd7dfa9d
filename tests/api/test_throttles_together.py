"""Processes that count at the same moment keep one limit, in either kind of cache."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection

from accounts.models import ApiKey, User
from studio.api import throttles
from tests.api.conftest import program
from tests.servers import Redis

TOGETHER = 12


def left_in_threads(key: ApiKey) -> list[int]:
    """Threads have their own connections here, as processes do."""
    gate = threading.Barrier(TOGETHER)

    def hit(_: int) -> int:
        try:
            gate.wait(20)
            return throttles._left(key, 7)
        finally:
            cache.close()
            connection.close()

    with ThreadPoolExecutor(TOGETHER) as pool:
        return sorted(pool.map(hit, range(TOGETHER)))


@pytest.mark.django_db(transaction=True)
def test_in_the_database(ada: User, settings: Any) -> None:
    settings.API_RATE = TOGETHER
    assert left_in_threads(program(ada).key) == list(range(TOGETHER))


@pytest.mark.django_db
def test_in_redis(ada: User, settings: Any, redis: Redis) -> None:
    settings.API_RATE = TOGETHER
    settings.CACHES = {
        "default": {
            "BACKEND": "config.caches.CountingRedisCache",
            "LOCATION": redis.variables["REDIS_URL"],
        }
    }
    assert left_in_threads(program(ada).key) == list(range(TOGETHER))
