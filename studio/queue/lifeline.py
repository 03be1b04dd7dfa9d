"""Ties the life of a process to the one that forked it, so that no orphan goes on working."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)


def tie() -> None:
    """This process and all that it forks from now on die with their parent (Linux)."""
    if sys.platform == "linux":
        _die_with_parent()
        os.register_at_fork(after_in_child=_die_with_parent)


def _die_with_parent() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
