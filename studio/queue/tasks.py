from studio.queue import pool


def answer() -> None:
    """What the queue runs: fills this process's threads with jobs and is over at once."""
    pool.of_this_process().fill()
