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
    """Statements go to PostgreSQL one behind the other; who reads rows waits for all before.

    What goes wrong is said then, or at the end. SQLite answers at once anyway.
    """
    connection.ensure_connection()
    if connection.vendor != "postgresql":
        yield
        return
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def close_before_fork() -> None:
    """A child must not share its parent's sockets and files, nor a pool without its threads."""
    connections.close_all()
    connection.close_pool()  # type: ignore[attr-defined]
