"""PostgreSQL connections are pooled in each process: whoever waits gives theirs back."""

from django.db import connection, connections


def give_back() -> None:
    """To be called by a thread before it waits for something else. SQLite keeps its own."""
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        connection.close()


def close_before_fork() -> None:
    """A child must not share its parent's sockets, nor inherit a pool without its threads."""
    connections.close_all()
    if connection.vendor == "postgresql":
        connection.close_pool()  # type: ignore[attr-defined]
