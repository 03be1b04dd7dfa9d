"""The program that reads pictures for `gallery.codec`: one after the other, until its stdin ends.

Knows no Django and no secret, opens no file and writes none. Whatever goes wrong but a
PictureError ends it, and the parent starts another.

A request is REQUEST (verb, size) and the picture. An answer is ANSWER (size), that much of
JSON, and the bytes whose `sizes` the JSON tells; `is_last` says that this program ends now.
"""

import io
import itertools
import json
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image as Pillow

from gallery import composition, pictures
from gallery.pictures import PictureError

REQUEST = struct.Struct(">BI")
ANSWER = struct.Struct(">I")
# Three pictures to compose: the sizes of the first two and the feather, then all three
COMPOSE = struct.Struct(">IIH")
# How large a picture is to be at most, and of which type
SIDE_AND_TYPE = struct.Struct(">HB")
TYPES = tuple(pictures.SUFFIXES)
VERBS = ("normalise", "verify", "previews", "compose", "convert", "mask")
# What one picture may take: the largest need 1.5 s of a core, and on a busy machine longer.
CPU_SECONDS = 8.0
LIMIT_SECONDS = 20.0
PICTURES = {"compose": 3}

# The hungriest picture of 16 megapixels (a see-through WebP with a profile, on its side)
# takes 418 MB of addresses.
_ADDRESS_BYTES = 1024**3
_NICENESS = 5
_MAX_PICTURES = 500
_MAX_RESIDENT_BYTES = 160 * 1024**2
_PAGE_BYTES = resource.getpagesize()


@dataclass(frozen=True, kw_only=True)
class Answer:
    said: dict[str, Any]
    blobs: tuple[bytes, ...] = field(default=(), repr=False)


def main() -> None:
    warm_up()
    serve(_DO, VERBS)


def serve(
    do: Mapping[str, Callable[[bytes], Answer]],
    verbs: Sequence[str],
    *,
    max_resident_bytes: int = _MAX_RESIDENT_BYTES,
) -> None:
    """Answers one request after the other, locked in. For other programs of this kind, too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it, by ending its stdin
    resident_bytes = _resident_bytes()
    _lock_in()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    for number in itertools.count(1):
        header = source.read(REQUEST.size)
        if len(header) < REQUEST.size:
            return
        index, size = REQUEST.unpack(header)
        verb, data = verbs[index], source.read(size)
        several = PICTURES.get(verb, 1)
        _end_after(CPU_SECONDS * several, LIMIT_SECONDS * several + 1)
        answer = _answer(do[verb], data)
        _end_after(0, 0)
        is_last = number >= _MAX_PICTURES or resident_bytes() > max_resident_bytes
        sizes = [len(blob) for blob in answer.blobs]
        said = json.dumps({**answer.said, "sizes": sizes, "is_last": is_last}).encode()
        for part in (ANSWER.pack(len(said)), said, *answer.blobs):
            sink.write(part)
        sink.flush()
        if is_last:
            return


def _end_after(cpu_seconds: float, seconds: float) -> None:
    """The kernel ends this process then, whatever a decoder does; after 0, never.

    The parent counts seconds as well, but it may be gone.
    """
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _answer(do: Callable[[bytes], Answer], data: bytes) -> Answer:
    try:
        return do(data)
    except PictureError as error:
        return Answer(said={"refused": error.sentence})


def _normalise(data: bytes) -> Answer:
    picture = pictures.normalise(data)
    return Answer(said=_shape(picture), blobs=(picture.data,))


def _mask(data: bytes) -> Answer:
    picture = pictures.mask(data)
    return Answer(said=_shape(picture), blobs=(picture.data,))


def _verify(data: bytes) -> Answer:
    """The parent has the bytes already."""
    return Answer(said=_shape(pictures.verify(data)))


def _shape(picture: pictures.Picture) -> dict[str, Any]:
    return {
        "content_type": picture.content_type,
        "width": picture.width,
        "height": picture.height,
    }


def _previews(data: bytes) -> Answer:
    made = pictures.previews(data)
    return Answer(said={"placeholder": made.placeholder}, blobs=(made.small, made.large))


def _compose(data: bytes) -> Answer:
    first, second, feather = COMPOSE.unpack_from(data)
    at = COMPOSE.size + first
    made = composition.compose(
        original=data[COMPOSE.size : at],
        result=data[at : at + second],
        mask=data[at + second :],
        feather=feather,
    )
    said = {"changed_outside_percent": made.changed_outside_percent}
    return Answer(said=_shape(made.picture) | said, blobs=(made.picture.data,))


def _convert(data: bytes) -> Answer:
    side, number = SIDE_AND_TYPE.unpack_from(data)
    picture = pictures.convert(data[SIDE_AND_TYPE.size :], side=side, content_type=TYPES[number])
    return Answer(said=_shape(picture), blobs=(picture.data,))


_DO: dict[str, Callable[[bytes], Answer]] = {
    "normalise": _normalise,
    "verify": _verify,
    "previews": _previews,
    "compose": _compose,
    "convert": _convert,
    "mask": _mask,
}


def _look(data: bytes) -> None:
    pictures.normalise(data)
    pictures.previews(data)


def warm_up(look: Callable[[bytes], object] = _look) -> None:
    """Pillow loads much of itself at the first use, which is too late once we are locked in."""
    exif = Pillow.Exif()
    exif[0x0112] = 6
    for form in ("JPEG", "PNG", "WEBP"):
        file = io.BytesIO()
        Pillow.new("RGB", (8, 8)).save(file, form, exif=exif)
        look(file.getvalue())


def _lock_in() -> None:
    """From here on: no new file or socket, no write to a file, no core, so much memory."""
    os.nice(_NICENESS)
    with suppress(OSError):  # Linux: if memory runs out, take this one first
        Path("/proc/self/oom_score_adj").write_text("800")
    for limit, most in (
        (resource.RLIMIT_AS, _ADDRESS_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(limit, (most, most))


def _resident_bytes() -> Callable[[], int]:
    """Asks for the memory that this process holds now; where /proc is missing, none."""
    try:
        file = os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return lambda: 0
    return lambda: int(os.pread(file, 100, 0).split()[1]) * _PAGE_BYTES


if __name__ == "__main__":
    main()
