"""A program that a test stands on, in a folder of its own, and what each of them needs."""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tests import guard
from tests.product import ROOT

START_SECONDS = 30.0


class Server:
    """A folder of its own in /tmp, short enough for a socket's name, and a process in it."""

    variables: dict[str, str]

    def __enter__(self) -> Self:
        self.home = Path(tempfile.mkdtemp(prefix=f"easel-{type(self).__name__.lower()}-"))
        guard.watch(self.home)
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def log(self) -> Path:
        return self.home / "log"

    def kill(self) -> None:
        """As a power cut would; `restart` mends it."""
        self.stop()

    def restart(self) -> None:
        self.stop()
        self.start()

    def prepare(self) -> None:
        raise NotImplementedError

    def start(self) -> None:
        """Returns when it serves."""
        raise NotImplementedError

    def stop(self) -> None:
        """May be repeated."""
        raise NotImplementedError

    def is_alive(self) -> bool:
        return True


class Program(Server):
    """One process, started with `run`."""

    _process: "subprocess.Popen[bytes] | None" = None

    def stop(self) -> None:
        self._process = end(self._process)

    def kill(self) -> None:
        self._process = end(self._process, signal.SIGKILL)

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _check(self) -> None:
        """Nobody need wait for one that has ended at its start."""
        assert self.is_alive(), self.log.read_text()[-2_000:]


def free_ports(count: int) -> list[int]:
    """Different ones, out of those that no outgoing connection gets while a server is away."""
    ports: list[int] = []
    for port in random.sample(range(10_000, 32_000), 1_000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            ports.append(port)
        if len(ports) == count:
            return ports
    raise AssertionError("no port is free")


def run(command: list[Any], log: Path, **variables: str) -> "subprocess.Popen[bytes]":
    """A process that ends when this one does, however this one ends; no Ctrl-C reaches it.

    It works in its server's folder, where the guard finds it.
    """
    file: IO[bytes]
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "studio.queue.lifeline", *map(str, command)],
            cwd=log.parent,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | variables,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


def end(process: "subprocess.Popen[bytes] | None", how: signal.Signals = signal.SIGTERM) -> None:
    if process is None:
        return
    process.send_signal(how)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
