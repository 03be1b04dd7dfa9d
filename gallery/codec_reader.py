"""One child that reads pictures (`gallery.codec_child`), as its parent sees it.

What it says is believed as little as the pictures that it has read.
"""

import hashlib
import json
import logging
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gallery.codec_child import ANSWER, LIMIT_SECONDS, PICTURES, REQUEST, VERBS
from gallery.pictures import MAX_SIDE, SUFFIXES, PictureError

log = logging.getLogger("easel.gallery")
_PIPE_BYTES = 1024 * 1024
_MAX_SAID_BYTES = 64 * 1024
_MAX_BLOB_BYTES = 128 * 1024**2
_BLOBS = {"normalise": 1, "verify": 0, "previews": 2, "compose": 1, "convert": 1, "mask": 1}
_BLOBS |= {"inspect": 0, "sign": 1}
_MAX_SIGNED_BYTES = 64 * 1024
_ENVIRONMENT = {
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
    # A large picture's memory goes back when it is done; a small one's is used again.
    "MALLOC_MMAP_THRESHOLD_": str(8 * 1024**2),
    "MALLOC_TRIM_THRESHOLD_": str(32 * 1024**2),
}
_TOO_LONG = "This picture takes too long to read."
_UNSAFE = "This picture cannot be read safely."


Signs = Callable[[bytes], bytes]


@dataclass(frozen=True, kw_only=True)
class Answer:
    said: dict[str, Any]
    blobs: list[bytes] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Program:
    """What a child runs, and what it may be asked, in the order of its own numbers."""

    module: str
    verbs: tuple[str, ...]


PICTURES_PROGRAM = Program(module="gallery.codec_child", verbs=VERBS)


class Reader:
    """Serves one caller at a time. Ends when its parent does, as its stdin then ends."""

    def __init__(self, program: Program = PICTURES_PROGRAM) -> None:
        self._program = program
        self._process = subprocess.Popen(  # noqa: S603 - one of our own programs
            [sys.executable, "-P", "-s", "-m", program.module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=_ENVIRONMENT,
            cwd="/",
        )
        self._requests, self._answers = _ends(self._process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def ask(self, verb: str, data: bytes, signs: Signs | None = None) -> Answer:
        """Raises PictureError, and is not running any more if the picture ended it.

        `signs` answers what the child asks for meanwhile.
        """
        deadline = time.monotonic() + LIMIT_SECONDS * PICTURES.get(verb, 1)
        try:
            self._request(self._program.verbs.index(verb), data, deadline)
            answer = self._receive(verb, deadline)
            while signs and answer.said.get("asks"):
                self._request(0, signs(answer.blobs[0]), deadline)
                answer = self._receive(verb, deadline)
        except TimeoutError as error:
            self._lose(verb, data, "time")
            raise PictureError(_TOO_LONG) from error
        except (AttributeError, EOFError, LookupError, OSError, TypeError, ValueError) as error:
            self._lose(verb, data, type(error).__name__)
            is_late = self._process.returncode == -signal.SIGPROF
            raise PictureError(_TOO_LONG if is_late else _UNSAFE) from error
        except BaseException:
            self._kill()
            raise
        if answer.said["is_last"]:
            self.end()
        if "refused" in answer.said:
            raise PictureError(str(answer.said["refused"]))
        return answer

    def _request(self, number: int, data: bytes, deadline: float) -> None:
        self._send(REQUEST.pack(number, len(data)), deadline)
        self._send(data, deadline)

    def _send(self, data: bytes, deadline: float) -> None:
        left = memoryview(data)
        while left:
            _wait(self._requests, select.POLLOUT, deadline)
            left = left[os.write(self._requests, left) :]

    def _receive(self, verb: str, deadline: float) -> Answer:
        (size,) = ANSWER.unpack(self._read(ANSWER.size, deadline))
        said = json.loads(self._read(_within(size, _MAX_SAID_BYTES), deadline))
        _check(verb, said)
        blobs = [self._read(_within(each, _MAX_BLOB_BYTES), deadline) for each in said["sizes"]]
        return Answer(said=said, blobs=blobs)

    def _read(self, size: int, deadline: float) -> bytes:
        whole = bytearray(size)
        left = memoryview(whole)
        while left:
            _wait(self._answers, select.POLLIN, deadline)
            got = os.readv(self._answers, [left])
            if not got:
                raise EOFError
            left = left[got:]
        return bytes(whole)

    def _lose(self, verb: str, data: bytes, why: str) -> None:
        with suppress(subprocess.TimeoutExpired):  # one that ends says why
            self._process.wait(0 if why == "time" else 0.5)
        self._kill()
        code, digest = self._process.returncode, hashlib.sha256(data).hexdigest()[:16]
        log.error(
            "a picture ended its reader verb=%s sha256=%s code=%s why=%s", verb, digest, code, why
        )

    def end(self) -> None:
        """For one that has nothing to do: it ends by itself when nothing can come any more."""
        self.let_go()
        try:
            self._process.wait(1)
        except subprocess.TimeoutExpired:
            self._kill()

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self.let_go()

    def let_go(self) -> None:
        for end in (self._process.stdin, self._process.stdout):
            if end:
                end.close()


def _ends(process: "subprocess.Popen[bytes]") -> tuple[int, int]:
    """Its pipes, as wide as the system lets us have them, for reading and writing in turns."""
    ends = [end.fileno() for end in (process.stdin, process.stdout) if end]
    for end in ends:
        os.set_blocking(end, False)
        if sys.platform == "linux":
            import fcntl  # noqa: PLC0415 - other systems lack it, or its F_SETPIPE_SZ

            with suppress(OSError):  # a user may have so many bytes of pipes
                fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    requests, answers = ends
    return requests, answers


def _wait(end: int, event: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(end, event)
    left = deadline - time.monotonic()
    if left <= 0 or not poll.poll(left * 1000):
        raise TimeoutError


def _check(verb: str, said: dict[str, Any]) -> None:
    """Raises one of the errors that `ask` takes for an unsafe picture."""
    if type(said["is_last"]) is not bool:
        raise TypeError
    if "refused" in said:
        if said["sizes"]:
            raise ValueError
        return
    if len(said["sizes"]) != _BLOBS[verb]:
        raise ValueError
    _CHECKS.get(verb, _check_picture)(said)


def _check_picture(said: dict[str, Any]) -> None:
    if said["content_type"] not in SUFFIXES:
        raise ValueError
    for side in (said["width"], said["height"]):
        _within(side, MAX_SIDE)
    if not 0 <= said.get("changed_outside_percent", 0) <= 100:
        raise ValueError


def _check_previews(said: dict[str, Any]) -> None:
    if not said["placeholder"].startswith("data:image/webp;base64,"):
        raise ValueError


def _check_signed(said: dict[str, Any]) -> None:
    if said.get("asks"):
        _within(said["sizes"][0], _MAX_SIGNED_BYTES)


_CHECKS = {"previews": _check_previews, "sign": _check_signed}


def _within(size: Any, most: int) -> int:
    if type(size) is not int or not 0 <= size <= most:
        raise ValueError
    return size
