"""Clears up after a process that was killed: what works in its servers' folders, and these.

Servers end with their owner by themselves (`studio.queue.lifeline`), but for PostgreSQL, which
detaches itself; and nobody else would remove their folders.

As a program it reads folders, one a line, until whoever writes them is gone.
"""

import atexit
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from signal import SIGKILL, SIGQUIT, Signals

import psutil

_ROOT = Path(__file__).resolve().parent.parent
_PATIENCE_SECONDS = 10.0


def watch(folder: Path) -> None:
    """From now on; one that is removed in time is no matter."""
    pipe = _guard().stdin
    assert pipe
    pipe.write(f"{folder}\n".encode())
    pipe.flush()


@cache
def _guard() -> "subprocess.Popen[bytes]":
    """One for this process. Only this one has the pipe, so that its end is the pipe's."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.guard"],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    atexit.register(process.communicate)  # closes the pipe, and waits
    return process


def _clear(folder: Path) -> None:
    for how in (SIGQUIT, SIGKILL):  # PostgreSQL then ends at once, and leaves no shared memory
        _end(list(_working_in(folder)), how)
    shutil.rmtree(folder, ignore_errors=True)


def _working_in(folder: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(folder):
                yield process
        except psutil.Error:
            continue


def _end(processes: list[psutil.Process], how: Signals) -> None:
    for process in processes:
        try:
            process.send_signal(how)
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes, _PATIENCE_SECONDS)


if __name__ == "__main__":
    for folder in map(Path, sys.stdin.read().splitlines()):
        if folder.is_dir():
            _clear(folder)
