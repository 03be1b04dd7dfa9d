"""Makes the files that people send: good ones, and all that must be refused."""

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

PNG_START = b"\x89PNG\r\n\x1a\n"


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def photo(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    """The same at every call, its corners of four colours."""
    rows = np.linspace(0, 255, height, dtype=np.uint8)[:, None]
    columns = np.linspace(0, 255, width, dtype=np.uint8)[None, :]
    layers = [rows + columns * 0, columns + rows * 0, 255 - rows + columns * 0]
    return Image.fromarray(np.dstack(layers).astype(np.uint8)).convert(mode)


def jpeg(width: int = 64, height: int = 48, **options: Any) -> bytes:
    return encoded(photo(width, height), "JPEG", **options)


def png(width: int = 64, height: int = 48, **options: Any) -> bytes:
    return encoded(photo(width, height), "PNG", **options)


def webp(width: int = 64, height: int = 48, **options: Any) -> bytes:
    return encoded(photo(width, height), "WEBP", **options)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(
    width: int, height: int, *, depth: int = 8, colour: int = 2, pixels: bytes = b""
) -> bytes:
    """A PNG that says what it likes; `pixels` are taken as they are."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(pixels))
    return PNG_START + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def with_chunk(kind: bytes, data: bytes) -> bytes:
    """A good PNG with one more chunk after its header."""
    good = png()
    return good[:33] + chunk(kind, data) + good[33:]


def bomb(megabytes: int) -> bytes:
    return zlib.compress(bytes(megabytes * 1024 * 1024), 9)


def moving(form: str, frames: int) -> bytes:
    images = [Image.new("RGB", (8, 8), (n * 80 % 256, n // 256, 0)) for n in range(frames)]
    return encoded(images[0], form, save_all=True, append_images=images[1:])


def webp_of(width: int, height: int) -> bytes:
    """A WebP whose canvas is as large as it says, with nothing in it."""
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def interlaced(width: int, height: int) -> bytes:
    """A PNG of 8-bit RGBA in the seven passes of Adam7, its rows of the dearest filter."""
    rows = b""
    for left, top, right, down in (
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ):
        row = b"\4" + bytes(range(1, 5)) * len(range(left, width, right))
        rows += row * len(range(top, height, down))
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 1)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return PNG_START + body


def many_scans(width: int, height: int, *, scans: int) -> bytes:
    """A progressive JPEG of one colour, one of whose scans comes again and again."""
    data = encoded(Image.new("RGB", (width, height), "teal"), "JPEG", progressive=True)
    start = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    end = data.index(b"\xff\xc4", start)
    return data[:end] + data[start:end] * scans + data[end:]


def jpeg_saying(width: int, height: int) -> bytes:
    """A small JPEG whose header says that it is large."""
    data = bytearray(jpeg())
    start = data.index(b"\xff\xc0")
    data[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def exif(**fields: Any) -> bytes:
    """EXIF with GPS and a camera in it, and what else is given by tag."""
    made = Image.Exif()
    made[0x010F] = "SecretCamera"
    made[0x0112] = fields.get("orientation", 1)
    made[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}
    return made.tobytes()


def with_text() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "SecretAuthor")
    info.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>SecretXmp</x:xmpmeta>")
    return png(pnginfo=info, exif=exif())


def swapped_profile() -> bytes:
    """An ICC profile in which what is called red is green: pure sRGB red becomes green."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {bytes(data[at : at + 4]): at for at in range(132, 132 + 12 * data[131], 12)}
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    data[red + 4 : red + 12], data[green + 4 : green + 12] = (
        data[green + 4 : green + 12],
        data[red + 4 : red + 12],
    )
    return bytes(data).replace(b"s\0R\0G\0B", b"o\0t\0h\0r")
