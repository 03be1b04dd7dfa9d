"""Takes what a file says about its picture out of it, and puts other words in; no pixel is touched.

A plan of pieces is made from the heads of chunks and segments alone, so that a file of any size
is sent as it is read. PNG, JPEG and WebP; other bytes, or such as are damaged, raise SpliceError.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from gallery import png

_BLOCK_BYTES = 256 * 1024
_MAX_PARTS = 100_000
# What names, places or describes. Everything else is the picture, or its colours.
_PNG_WORDS = {b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME", b"caBX"}
_WEBP_WORDS = {b"EXIF", b"XMP "}
# Of a JPEG: APP1 to APP13 but for profiles, and comments. APP0 and APP14 say how to decode it.
_JPEG_WORDS = {*range(0xE1, 0xEE), 0xFE}
_ICC, _XMP = b"ICC_PROFILE\0", b"http://ns.adobe.com/xap/1.0/\0"
_MAX_SEGMENT_BYTES = 65_533
_SOI, _SOS, _APP0 = 0xD8, 0xDA, 0xE0
_VP8X_ALPHA, _VP8X_EXIF, _VP8X_XMP = 0x10, 0x08, 0x04


class SpliceError(ValueError):
    pass


@dataclass(frozen=True, kw_only=True)
class Words:
    """What is to stand in a file. Empty: nothing.

    `parameters` is the recipe as most tools of the field write and read it; `xmp` a packet.
    """

    parameters: str = ""
    xmp: str = ""


@dataclass(frozen=True, kw_only=True)
class Splice:
    """Pieces that make the new file: bytes of ours, or (start, end) of the old file."""

    pieces: list[bytes | tuple[int, int]] = field(repr=False)

    @property
    def size_bytes(self) -> int:
        return sum(
            len(each) if isinstance(each, bytes) else each[1] - each[0] for each in self.pieces
        )

    def read(self, file: IO[bytes]) -> Iterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, bytes):
                yield piece
                continue
            start, end = piece
            file.seek(start)
            while start < end:
                block = file.read(min(_BLOCK_BYTES, end - start))
                if not block:
                    raise SpliceError("the file is shorter than it was")
                start += len(block)
                yield block


def plan(file: IO[bytes], *, content_type: str, words: Words) -> Splice:
    """Raises SpliceError."""
    try:
        pieces = list(_merged(_PLANS[content_type](file, words)))
    except (KeyError, struct.error) as error:
        raise SpliceError("no whole PNG, JPEG or WebP") from error
    if any(isinstance(each, tuple) and each[1] > file.seek(0, 2) for each in pieces):
        raise SpliceError("a part goes on beyond the end")
    return Splice(pieces=pieces)


def _merged(pieces: Iterable[bytes | tuple[int, int]]) -> Iterator[bytes | tuple[int, int]]:
    """Neighbours in the old file become one piece."""
    last: tuple[int, int] | None = None
    for each in pieces:
        if last and isinstance(each, tuple) and each[0] == last[1]:
            last = (last[0], each[1])
            continue
        if last:
            yield last
        last = each if isinstance(each, tuple) else None
        if isinstance(each, bytes):
            yield each
    if last:
        yield last


def _at(file: IO[bytes], start: int, shape: str) -> tuple[Any, ...]:
    file.seek(start)
    return struct.unpack(shape, file.read(struct.calcsize(shape)))


# PNG: chunks, each with its checksum; ours come right after the header


def _png(file: IO[bytes], words: Words) -> Iterator[bytes | tuple[int, int]]:
    for number, (kind, start, end) in enumerate(_png_chunks(file)):
        if number == 0:
            yield (0, end)
            yield from _png_words(words)
        elif kind not in _PNG_WORDS:
            yield (start, end)


def _png_chunks(file: IO[bytes]) -> Iterator[tuple[bytes, int, int]]:
    """What follows the last chunk is left out."""
    start = len(png.SIGNATURE)
    if _at(file, 0, "8s") != (png.SIGNATURE,):
        raise SpliceError("no PNG")
    for _ in range(_MAX_PARTS):
        length, kind = _at(file, start, ">I4s")
        yield kind, start, start + 12 + length
        if kind == b"IEND":
            return
        start += 12 + length
    raise SpliceError("too many chunks")


def _png_words(words: Words) -> Iterator[bytes]:
    """Latin text as tEXt, which every reader knows; other text as iTXt, as the standard says."""
    if words.parameters:
        try:
            body = b"parameters\0" + words.parameters.encode("latin-1")
            yield _png_chunk(b"tEXt", body)
        except UnicodeEncodeError:
            yield _png_chunk(b"iTXt", b"parameters\0\0\0\0\0" + words.parameters.encode())
    if words.xmp:
        yield _png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + words.xmp.encode())


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


# JPEG: segments up to the first scan; ours come after APP0


def _jpeg(file: IO[bytes], words: Words) -> Iterator[bytes | tuple[int, int]]:
    is_said = False
    for marker, start, end in _jpeg_segments(file):
        if marker not in {_SOI, _APP0} and not is_said:
            is_said = True
            yield from _jpeg_words(words)
        if marker not in _JPEG_WORDS or _is_profile(file, marker, start):
            yield (start, end)


def _jpeg_segments(file: IO[bytes]) -> Iterator[tuple[int, int, int]]:
    """The last one is the scans, up to the end of the file."""
    file.seek(0, 2)
    size = file.tell()
    if _at(file, 0, ">H") != (0xFFD8,):
        raise SpliceError("no JPEG")
    yield _SOI, 0, 2
    start = 2
    for _ in range(_MAX_PARTS):
        filler, marker, length = _at(file, start, ">BBH")
        if filler != 0xFF or marker < 0xC0 or length < 2:
            raise SpliceError("no segment where one was to be")
        if marker == 0xFF:  # any number of these may stand before a marker
            start += 1
            continue
        if marker == _SOS:
            yield _SOS, start, size
            return
        yield marker, start, start + 2 + length
        start += 2 + length
    raise SpliceError("too many segments")


def _is_profile(file: IO[bytes], marker: int, start: int) -> bool:
    return marker == 0xE2 and _at(file, start + 4, "12s") == (_ICC,)


def _jpeg_words(words: Words) -> Iterator[bytes]:
    if words.parameters:
        yield _jpeg_segment(b"Exif\0\0" + _exif(words.parameters))
    if words.xmp:
        yield _jpeg_segment(_XMP + words.xmp.encode())


def _jpeg_segment(data: bytes) -> bytes:
    if len(data) > _MAX_SEGMENT_BYTES:
        raise SpliceError("more words than a segment holds")
    return struct.pack(">BBH", 0xFF, 0xE1, len(data) + 2) + data


# WebP: chunks of a RIFF; ours come last, and the head says that they are there


def _webp(file: IO[bytes], words: Words) -> Iterator[bytes | tuple[int, int]]:
    chunks = list(_webp_chunks(file))
    kept = [each for each in chunks if each[0] not in _WEBP_WORDS and each[0] != b"VP8X"]
    ours = [_riff(kind, data) for kind, data in _webp_words(words)]
    head = _riff(b"VP8X", _webp_head(file, chunks, words)) if _needs_head(kept, ours) else b""
    size = 4 + len(head) + sum(end - start for _, start, end in kept) + sum(map(len, ours))
    yield b"RIFF" + struct.pack("<I", size) + b"WEBP" + head
    for _, start, end in kept:
        yield (start, end)
    yield from ours


def _webp_chunks(file: IO[bytes]) -> Iterator[tuple[bytes, int, int]]:
    riff, size, form = _at(file, 0, "<4sI4s")
    if (riff, form) != (b"RIFF", b"WEBP"):
        raise SpliceError("no WebP")
    start, number = 12, 0
    while start + 8 <= size + 8 and number < _MAX_PARTS:
        kind, length = _at(file, start, "<4sI")
        end = start + 8 + length + length % 2
        yield kind, start, end
        start, number = end, number + 1


def _webp_words(words: Words) -> Iterator[tuple[bytes, bytes]]:
    if words.parameters:
        yield b"EXIF", _exif(words.parameters)
    if words.xmp:
        yield b"XMP ", words.xmp.encode()


def _needs_head(kept: list[tuple[bytes, int, int]], ours: list[bytes]) -> bool:
    return bool(ours) or [kind for kind, *_ in kept] not in ([b"VP8 "], [b"VP8L"])


def _webp_head(file: IO[bytes], chunks: list[tuple[bytes, int, int]], words: Words) -> bytes:
    """The old head with other flags, or one for a file that had none."""
    said = _VP8X_EXIF * bool(words.parameters) | _VP8X_XMP * bool(words.xmp)
    kind, start, _ = chunks[0]
    if kind == b"VP8X":
        flags, rest = _at(file, start + 8, "<B9s")
        return struct.pack("<B9s", flags & ~(_VP8X_EXIF | _VP8X_XMP) | said, rest)
    if kind == b"VP8L":
        signature, bits = _at(file, start + 8, "<BI")
        if signature != 0x2F:
            raise SpliceError("no WebP")
        width, height = bits & 0x3FFF, bits >> 14 & 0x3FFF
        said |= _VP8X_ALPHA * (bits >> 28 & 1)
    elif kind == b"VP8 ":
        width, height = ((each & 0x3FFF) - 1 for each in _at(file, start + 14, "<HH"))
    else:
        raise SpliceError("no WebP")
    return struct.pack("<IIH", said, width | (height & 0xFF) << 24, height >> 8)


def _riff(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _exif(comment: str) -> bytes:
    """One UserComment, in UTF-16 as the standard has it."""
    text = b"UNICODE\0" + comment.encode("utf-16-be", "replace")
    first = struct.pack(">HHHII", 1, 0x8769, 4, 1, 26) + struct.pack(">I", 0)
    second = struct.pack(">HHHII", 1, 0x9286, 7, len(text), 44) + struct.pack(">I", 0)
    return b"MM" + struct.pack(">HI", 42, 8) + first + second + text


_PLANS = {"image/png": _png, "image/jpeg": _jpeg, "image/webp": _webp}
