from studio.queue import doorbell, pool


def answer(passes: int = 0) -> None:
    """What the queue runs: fills this process's threads with jobs and is over at once.

    The queue gives a ring to any one process. One whose threads are all busy passes it on,
    at most to as many as there are beside it.
    """
    ours = pool.of_this_process()
    if not ours.fill() and passes < ours.neighbours:
        doorbell.ring(passes + 1)
