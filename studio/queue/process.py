"""Names a process so that another one on the same machine can tell whether it still lives."""

import os
import socket
from pathlib import Path


def identity() -> str:
    """host:pid:start; the start tells a process from a later one that got the same pid."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{_start(os.getpid())}"


def is_gone(name: str) -> bool:
    """True only if the process was on this machine and is certainly dead."""
    host, _, rest = name.rpartition(":")[0].rpartition(":")
    start = name.rpartition(":")[2]
    if host != socket.gethostname()[:60] or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _start(int(rest)) != start


def _start(pid: int) -> str:
    """Ticks since boot at which the process began, where the system says (proc(5))."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "0"
