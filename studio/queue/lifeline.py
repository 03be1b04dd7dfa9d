"""Ties the life of a process to the one that started it, so that no orphan goes on working.

As a program it ties itself and becomes another one: python -m studio.queue.lifeline CMD ARG…
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)


def tie() -> None:
    """This process and all that it forks from now on die with their parents (Linux)."""
    _follow_parent(signal.SIGKILL)
    os.register_at_fork(after_in_child=lambda: _follow_parent(signal.SIGKILL))


def _follow_parent(last_signal: signal.Signals) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, last_signal, 0, 0, 0)


if __name__ == "__main__":
    _follow_parent(signal.SIGTERM)
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606
