"""Reads pictures as `gallery.pictures` does, but in processes of their own.

Whatever a picture does to its reader (crash, swell, stall), it does it to a child that is
bounded in memory and time, and a fresh one takes its place. Each process that reads pictures
has a few such children, started when they are first needed; its threads share them.

    PictureError           as in gallery.pictures; also for one that ended its reader
    CodecBusy              too many are being read; nothing is wrong with this one
"""

import atexit
import logging
import os
import queue
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass

from accounts import turns
from gallery import png
from gallery.codec_child import COMPOSE, SIDE_AND_TYPE, TYPES
from gallery.codec_reader import PICTURES_PROGRAM, Answer, Program, Reader, Signs
from gallery.composition import Composed
from gallery.pictures import MAX_SIDE, Picture, Previews

log = logging.getLogger("easel.gallery")


class CodecBusy(Exception):
    @property
    def sentence(self) -> str:
        return "Many photos are being read at the moment. Please try again."


@dataclass(frozen=True, kw_only=True)
class Room:
    """How many pictures are read at once, how many wait for it, and for how long.

    A web process lets few wait: each of them keeps a thread from answering others.
    """

    readers: int = 2
    waiting: int = 16
    patience_seconds: float = 10.0


def normalise(data: bytes) -> Picture:
    """As pictures.normalise. Raises PictureError and CodecBusy."""
    answer = _ask("normalise", data)
    return _picture(answer, answer.blobs[0])


def mask(data: bytes) -> Picture:
    """As pictures.mask. Raises PictureError and CodecBusy."""
    answer = _ask("mask", data)
    return _picture(answer, answer.blobs[0])


def verify(data: bytes) -> Picture:
    """As pictures.verify, but for the pixels of a plain PNG, whose checksums are enough.

    They are decoded with the previews. Raises PictureError and CodecBusy.
    """
    sides = _sides_of_plain(data)
    if sides and min(sides) > 0 and max(sides) <= MAX_SIDE:
        width, height = sides
        return Picture(data=data, content_type="image/png", width=width, height=height)
    return _picture(_ask("verify", data), data)


def _sides_of_plain(data: bytes) -> tuple[int, int] | None:
    """What is wrong with others is told by who decodes them."""
    if not data.startswith(png.SIGNATURE):
        return None
    try:
        return png.sides_of_plain(data)
    except (LookupError, ValueError, struct.error):
        return None


def compose(*, original: bytes, result: bytes, mask: bytes, feather: int) -> Composed:
    """As composition.compose. Raises PictureError and CodecBusy."""
    head = COMPOSE.pack(len(original), len(result), feather)
    answer = _ask("compose", head + original + result + mask)
    return Composed(
        picture=_picture(answer, answer.blobs[0]),
        changed_outside_percent=answer.said["changed_outside_percent"],
    )


def convert(data: bytes, *, side: int, content_type: str) -> Picture:
    """As pictures.convert. Raises PictureError and CodecBusy."""
    answer = _ask("convert", SIDE_AND_TYPE.pack(side, TYPES.index(content_type)) + data)
    return _picture(answer, answer.blobs[0])


def previews(data: bytes) -> Previews:
    """As pictures.previews. Raises PictureError and CodecBusy."""
    answer = _ask("previews", data)
    small, large = answer.blobs
    return Previews(small=small, large=large, placeholder=answer.said["placeholder"])


def allow(room: Room) -> None:
    """Sets the room of this process, and of those that it forks from now on."""
    global _room  # noqa: PLW0603
    close()
    _room = room


def close() -> None:
    """Ends the readers that have nothing to do. The next picture starts one again."""
    with _lock:
        pools = list(_pools.values())
        _pools.clear()
    for pool in pools:
        pool.close()


def pids() -> set[int]:
    """The readers of this process that run."""
    readers = [reader for pool in list(_pools.values()) for reader in pool.readers]
    return {reader.pid for reader in readers if reader.is_running}


def ask(verb: str, data: bytes, *, program: Program, signs: Signs | None = None) -> Answer:
    """For those that know another program. Raises PictureError and CodecBusy."""
    with _lock:
        pool = _pools.get(program.module)
        if pool is None:
            room = _room if program == PICTURES_PROGRAM else _ROOM_OF_OTHERS
            pool = _pools[program.module] = _Pool(room, program)
    with turns.waiting():
        return pool.ask(verb, data, signs)


def _ask(verb: str, data: bytes) -> Answer:
    return ask(verb, data, program=PICTURES_PROGRAM)


def _picture(answer: Answer, data: bytes) -> Picture:
    said = answer.said
    return Picture(
        data=data, content_type=said["content_type"], width=said["width"], height=said["height"]
    )


class _Pool:
    def __init__(self, room: Room, program: Program) -> None:
        self._program = program
        self.readers: set[Reader] = set()
        self._patience_seconds = room.patience_seconds
        self._places = threading.BoundedSemaphore(room.readers + room.waiting)
        # None stands for a reader that is not started. Last in, first out: those that run
        # are taken before others are started.
        self._slots: queue.LifoQueue[Reader | None] = queue.LifoQueue()
        for _ in range(room.readers):
            self._slots.put(None)

    def ask(self, verb: str, data: bytes, signs: Signs | None) -> Answer:
        if not self._places.acquire(blocking=False):
            raise CodecBusy
        try:
            return self._ask_one(verb, data, signs)
        finally:
            self._places.release()

    def _ask_one(self, verb: str, data: bytes, signs: Signs | None) -> Answer:
        try:
            reader = self._slots.get(timeout=self._patience_seconds)
        except queue.Empty as error:
            raise CodecBusy from error
        try:
            if reader is None or not reader.is_running:
                reader = self._start_in_place_of(reader)
            return reader.ask(verb, data, signs)
        finally:
            self._slots.put(reader)

    def _start_in_place_of(self, gone: Reader | None) -> Reader:
        if gone:
            gone.let_go()
            self.readers.discard(gone)
        try:
            fresh = Reader(self._program)
        except OSError as error:  # the machine has no process or no memory to spare
            log.exception("no reader of pictures can be started")
            raise CodecBusy from error
        self.readers.add(fresh)
        return fresh

    def close(self) -> None:
        with suppress(queue.Empty):
            while True:
                reader = self._slots.get_nowait()
                if reader:
                    reader.end()

    def leave_to_parent(self) -> None:
        for reader in self.readers:
            reader.let_go()


_lock = threading.Lock()
_room = Room()
# Credentials are read and signed one at a time: it is quick, and a child of them holds 100 MB.
_ROOM_OF_OTHERS = Room(readers=1, waiting=8)
_pools: dict[str, _Pool] = {}
_of_parents: list[_Pool] = []  # kept, or Python would ask after processes that are not ours


def _begin_anew() -> None:
    """In a fork: the readers are the parent's, and end only once all let go of their pipes."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    for pool in _pools.values():
        pool.leave_to_parent()
        _of_parents.append(pool)
    _pools.clear()


os.register_at_fork(after_in_child=_begin_anew)
atexit.register(close)
