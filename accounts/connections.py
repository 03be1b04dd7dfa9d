"""Connections are pooled in each process: whoever waits gives theirs back."""

from django.db import connection, connections


def give_back() -> None:
    """To be called by a thread before it waits for something else."""
    if not connection.in_atomic_block:
        connection.close()


def close_before_fork() -> None:
    """A child must not share its parent's sockets and files, nor a pool without its threads."""
    connections.close_all()
    connection.close_pool()  # type: ignore[attr-defined]
