"""Forks processes, and names one so that another on this machine can tell whether it lives still.

    machine/crew:pid:start

A machine is what has a name and a DATA_DIR of its own. The crew is the supervisor that the
process works for, by its pid; the start tells a process from a later one that got the same pid.
"""

import hashlib
import multiprocessing
import os
import socket
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

from django.conf import settings

_NAMESPACE = Path("/proc/self/ns/pid")
_MACHINE = socket.gethostname()[:40]
if _NAMESPACE.exists():  # containers may share a name, and never their pids
    _MACHINE += f".{_NAMESPACE.stat().st_ino}"
_MACHINE += "." + hashlib.sha256(bytes(settings.DATA_DIR)).hexdigest()[:6]
_crew = 0


def found_crew() -> str:
    """To be called by a supervisor before it forks. Returns what its crew's names begin with."""
    global _crew  # noqa: PLW0603
    _crew = os.getpid()
    return f"{_MACHINE}/{_crew}:"


def fork(target: Callable[[], None], name: str) -> BaseProcess:
    """A child that shares what is loaded. `target` ties its life to ours (`lifeline`)."""
    child = multiprocessing.get_context("fork").Process(target=target, name=name)
    child.start()
    return child


def identity() -> str:
    return f"{_MACHINE}/{_crew}:{os.getpid()}:{_start(os.getpid())}"


def is_gone(name: str) -> bool:
    """True only if the process was on this machine and is certainly dead."""
    crew, pid, start = name.split(":") if name.count(":") == 2 else ("", "", "")
    if crew.partition("/")[0] != _MACHINE or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _start(int(pid)) != start


def _start(pid: int) -> str:
    """Ticks since boot at which the process began, where the system says (proc(5)).

    One that is dead and only waits for its parent to notice began never.
    """
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "0"
    return "never" if state in {"Z", "X"} else fields[18]
