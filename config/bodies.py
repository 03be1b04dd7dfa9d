"""Bounds how many bytes of bodies lie in this process at once, and measures those in chunks.

OpenAI's SDK for Node sends photos in chunks. Without a length, a body would be empty to Django.
"""

import io
import threading
from collections.abc import Callable, Iterable
from typing import Any

# A photo of 20 MB as base64, and the words around it
MAX_BODY_BYTES = 28 * 1024 * 1024
# Of the bodies of all that are being answered. Parsed and decoded, each lies there twice.
ROOM_BYTES = 256 * 1024 * 1024
# Whoever signs in or cancels is not kept out by photos: the threads are bound enough for these.
SMALL_BYTES = 64 * 1024
CLAIM = "easel.body"
_PIECE_BYTES = 1024 * 1024

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Room:
    def __init__(self, size_bytes: int) -> None:
        self.free_bytes = size_bytes
        self._lock = threading.Lock()

    def take(self, size_bytes: int) -> bool:
        with self._lock:
            if size_bytes > self.free_bytes:
                return False
            self.free_bytes -= size_bytes
            return True

    def give_back(self, size_bytes: int) -> None:
        with self._lock:
            self.free_bytes += size_bytes


room = Room(ROOM_BYTES)


class Claim:
    """One body's part of the room. `is_denied` once it could not have what it needs.

    `stream` is the body, where it was read before anybody asked for it.
    """

    def __init__(self) -> None:
        self._size_bytes = 0
        self.is_denied = False
        self.stream = io.BytesIO()

    def grow(self, size_bytes: int) -> bool:
        """To this size."""
        more = size_bytes - self._size_bytes
        if more > 0 and size_bytes > SMALL_BYTES:
            self.is_denied = not room.take(more)
            self._size_bytes += 0 if self.is_denied else more
        return not self.is_denied

    def drop(self) -> None:
        """The body was read, or is not wanted. May be repeated."""
        self.stream.close()
        room.give_back(self._size_bytes)
        self._size_bytes = 0


def measured(application: Application) -> Application:
    def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        claim = environ[CLAIM] = Claim()
        is_chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        try:
            if is_chunked and not environ.get("CONTENT_LENGTH"):
                environ["CONTENT_LENGTH"] = str(_fill(claim, environ["wsgi.input"]))
                environ["wsgi.input"] = claim.stream
            return application(environ, start_response)
        finally:
            claim.drop()

    return call


def _fill(claim: Claim, source: Any) -> int:
    """Reads as much as there is room for, and gives its length.

    One byte more than may come is enough to be refused for.
    """
    size_bytes = 0
    while size_bytes <= MAX_BODY_BYTES and claim.grow(size_bytes + _PIECE_BYTES):
        piece = source.read(_PIECE_BYTES)
        if not piece:
            break
        size_bytes += claim.stream.write(piece)
    claim.stream.seek(0)
    return size_bytes
