"""Transactions that do not wait for the disk."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from accounts import connections


@contextmanager
def unsynced(
    *, durable: bool = False, outlives_server: bool = False, is_pipelined: bool = False
) -> Iterator[None]:
    """A transaction for what is done anew if it is lost, as after a power cut of the machine.

    A process that dies loses nothing of it, but PostgreSQL itself: its last half second. What
    `outlives_server` waits for the disk there; SQLite has no server that could die alone. Within
    another transaction it waits as that does. `durable` as Django has it; `is_pipelined` as
    `connections.pipelined`, where there is such a thing.
    """
    is_outermost = not connection.in_atomic_block
    is_pipelined = is_pipelined and is_outermost and connection.vendor == "postgresql"
    is_lost_with_server = is_outermost and not outlives_server
    if is_outermost and connection.vendor == "sqlite":
        connection.waits_for_disk = False  # type: ignore[attr-defined]
    try:
        with connections.pipelined() if is_pipelined else transaction.atomic(durable=durable):
            if is_lost_with_server and connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL synchronous_commit = off")
            yield
    finally:
        if is_outermost and connection.vendor == "sqlite":
            connection.waits_for_disk = True  # type: ignore[attr-defined]
