"""Whether a PNG is whole, told without decoding it.

What is not raises ValueError, LookupError, or as `struct` and `isal` do.
"""

import struct
from collections.abc import Iterator

from isal import isal_zlib
from PIL.ImageFile import ImageFile

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS = 50_000
# How many samples make a pixel, by the colour type.
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
_HEAD = struct.Struct(">IIBBBBB")
# None of these is compressed but IDAT, and none moves. Services say in tEXt, eXIf and caBX (C2PA)
# what made a picture.
_PLAIN = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"tEXt", b"eXIf", b"caBX", b"tIME"}
_PLAIN |= {b"pHYs", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD"}


def chunks(data: bytes) -> set[bytes]:
    """The kinds of its chunks, whose checksums all agree: Pillow skips those of the pixels.

    One header, and first: Pillow takes the last of several, wherever it is.
    """
    view = memoryview(data)
    kinds: set[bytes] = set()
    for kind, start, end in _chunks(data):
        if isal_zlib.crc32(view[start - 4 : end]) != struct.unpack_from(">I", view, end)[0]:
            raise ValueError("a checksum is wrong")
        if (kind == b"IHDR") != (not kinds):
            raise ValueError("not one header, and first")
        kinds.add(kind)
    return kinds


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The kind of each chunk, and where its content starts and ends; IEND is the last."""
    start = len(SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        length, kind = struct.unpack_from(">I4s", data, start)
        yield kind, start + 8, start + 8 + length
        if kind == b"IEND":
            return
        start += 12 + length
    raise ValueError("more chunks than anybody needs")


def sides_of_plain(data: bytes) -> tuple[int, int] | None:
    """Width and height of a whole PNG in which nothing is compressed but its pixels.

    None for one that a decoder should look at. The pixels are taken to be what was encoded, as
    their checksums agree.
    """
    kinds = chunks(data)
    width, height, depth, colours, compression, filters, is_interlaced = _HEAD.unpack_from(data, 16)
    is_known = depth in _DEPTHS.get(colours, ()) and not compression and not filters
    if is_known and is_interlaced <= 1 and b"IDAT" in kinds and kinds <= _PLAIN:
        return width, height
    return None


def check_pixels(image: ImageFile, data: bytes) -> None:
    """By number, checksum and filters, in a third of the time that decoding takes.

    `image` is the opened picture, whose `chunks` and sides were checked.
    """
    width, height, depth, colours, _, _, is_interlaced = _HEAD.unpack_from(data, 16)
    if is_interlaced:
        image.load()
        return
    row_bytes = 1 + (width * depth * _SAMPLES[colours] + 7) // 8
    packed = b"".join(data[start:end] for kind, start, end in _chunks(data) if kind == b"IDAT")
    inflater = isal_zlib.decompressobj()
    pixels = inflater.decompress(packed, row_bytes * height + 1)
    if len(pixels) != row_bytes * height or not inflater.eof or max(pixels[::row_bytes]) > 4:
        raise ValueError("its pixels are not as they should be")
