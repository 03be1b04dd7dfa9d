"""Writes PNGs in a tenth of the time that Pillow takes, about as small for photographs.

Pillow tries five filters for each row and packs with zlib. Here every row is told as what differs
from the row above, and ISA-L packs it.
"""

import struct
from collections.abc import Iterator

from isal import isal_zlib
from PIL import Image as Pillow
from PIL import ImageChops

from gallery.png import SIGNATURE

_COLOURS = {"RGB": 2, "RGBA": 6}
_UP = b"\2"
_LEVEL = 1  # the next takes a third longer for one in a hundred
# So many rows at a time, as 16 megapixels are several copies of 64 MB else.
_ROWS = 256


def png(image: Pillow.Image) -> bytes:
    """Of RGB or RGBA; pixels alone, nothing that the image says besides."""
    size = struct.pack(">IIBBBBB", *image.size, 8, _COLOURS[image.mode], 0, 0, 0)
    packer = isal_zlib.compressobj(_LEVEL)
    packed = b"".join([*map(packer.compress, _filtered(image)), packer.flush()])
    chunks = ((b"IHDR", size), (b"IDAT", packed), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, content) for kind, content in chunks)


def _filtered(image: Pillow.Image) -> Iterator[bytes]:
    above = Pillow.new(image.mode, (image.width, 1), (0,) * len(image.mode))
    for top in range(0, image.height, _ROWS):
        rows = image.crop((0, top, image.width, min(top + _ROWS, image.height)))
        before = Pillow.new(image.mode, rows.size)
        before.paste(above, (0, 0))
        before.paste(rows, (0, 1))
        above = rows.crop((0, rows.height - 1, rows.width, rows.height))
        told = ImageChops.subtract_modulo(rows, before).tobytes()
        width_bytes = len(told) // rows.height
        yield b"".join(_UP + told[at : at + width_bytes] for at in range(0, len(told), width_bytes))


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = isal_zlib.crc32(content, isal_zlib.crc32(kind))
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
