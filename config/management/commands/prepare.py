import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

# Extensions and other versions of htmx that no page uses; some import what is not there.
_UNUSED = ["hx-*.js", "htmx-4*.js", "htmax-4*.js"]

_LOCK = 0x6561_7365_6C00_0002
_TRY_SECONDS = 0.2


class Command(BaseCommand):
    help = "Brings database, cache table and static files up to date. May be repeated."

    def handle(self, *_args: Any, **_options: Any) -> None:
        with _alone_here():
            with _alone():
                call_command("migrate", interactive=False, verbosity=0)
                call_command("createcachetable", verbosity=0)
            call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=_UNUSED)


@contextmanager
def _alone_here() -> Iterator[None]:
    """A web and a worker on one machine start at once, and write the same static files."""
    with (settings.DATA_DIR / "prepare.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed, however that comes
        yield


@contextmanager
def _alone() -> Iterator[None]:
    """Many machines may start at once on PostgreSQL, and one of them does the work.

    The others try again and again, and do not wait within a statement: an index that is made
    beside what runs (CONCURRENTLY) would wait for them, and they for it.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
            if cursor.fetchone() == (True,):
                break
            time.sleep(_TRY_SECONDS)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
