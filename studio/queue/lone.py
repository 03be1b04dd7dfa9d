"""Runs suspects: jobs that were under way when their process died.

Each is run with nobody beside it, so that the one at fault takes only itself down and its
neighbours of the crash are not blamed. The supervisor forks a few processes for them while
there are any; those of django-q2 never take one.
"""

import signal
from multiprocessing.process import BaseProcess

from studio import jobs
from studio.queue import lifeline, process, work

MOST = 4


class LoneRunners:
    def __init__(self) -> None:
        self._runners: list[BaseProcess] = []

    def tend(self, waiting: int) -> None:
        """Starts as many as are wanted, and forgets those that have ended."""
        self._runners = [each for each in self._runners if each.is_alive()]
        for _ in range(min(waiting, MOST) - len(self._runners)):
            self._runners.append(process.fork(_run_suspects, "suspects"))

    def end(self) -> None:
        for each in self._runners:
            each.terminate()
        for each in self._runners:
            each.join()


def _run_suspects() -> None:
    """Until there is none left; SIGTERM ends it after the one that runs."""
    lifeline.tie()
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stopping.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while not stopping:
        claimed = jobs.claim(1, suspects=True)
        if not claimed:
            return
        ran = work.run(claimed[0])
        if ran.image is not None:
            work.preview(ran.image)
