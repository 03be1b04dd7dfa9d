"""Connections are pooled in each process: whoever waits gives theirs back."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, connections


def give_back() -> None:
    """To be called by a thread before it waits for something else."""
    if not connection.in_atomic_block:
        connection.close()


@contextmanager
def pipelined() -> Iterator[None]:
    """A transaction of PostgreSQL, the outermost, whose statements go one behind the other.

    Who reads rows waits for all before; what goes wrong is said then, or at the end. How many rows
    a statement changed is not told, and Django knows of no transaction: `on_commit` would act at
    once. Its own would wait for the begin and the end, and before and after them.
    """
    connection.ensure_connection()
    driver = connection.connection
    with connection.wrap_database_errors:
        try:
            with driver.pipeline(), connection.cursor() as cursor:
                cursor.execute("BEGIN")
                yield
                cursor.execute("COMMIT")
        except BaseException:
            if not driver.closed:
                driver.rollback()
            raise


def close_before_fork() -> None:
    """A child must not share its parent's sockets and files, nor a pool without its threads."""
    connections.close_all()
    connection.close_pool()  # type: ignore[attr-defined]
