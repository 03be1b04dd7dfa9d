"""Judges a picture that comes from outside by its header, before a pixel of it is decoded.

Exact format, one frame, both sides.

    PictureError           carries a sentence fit for the user
"""

import io
import struct
import zlib
from typing import cast

from isal.igzip_lib import IsalError
from PIL import Image as Pillow
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from gallery import png

MAX_SIDE = 4096
# Each scan of a progressive JPEG costs a pass over all pixels; cameras write some ten.
_MAX_SCANS = 200
TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
_OTHERS = {
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"%PDF": "PDF",
    b"%!PS": "EPS",
    b"\0\0\1\0": "ICO",
}
_BOXES = {b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIF"}
# All that Pillow's readers raise on bytes that are not as they should be.
BROKEN = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    Pillow.DecompressionBombError,
    Warning,
    cast(type[Exception], IsalError),  # its stub says that it is one already
    struct.error,
    zlib.error,
)
_UNREADABLE = "This file cannot be read as a JPEG, PNG or WebP picture."
DAMAGED = "This picture is damaged and cannot be read."
_MOVING = "Moving pictures are not taken; use one with a single frame."


class PictureError(ValueError):
    @property
    def sentence(self) -> str:
        return str(self.args[0])


def header_of(data: bytes) -> ImageFile:
    """The picture, opened and not decoded, for who looks at what it says. Raises PictureError."""
    try:
        image = _open(data)
        _check_header(image)
    except PictureError:
        raise
    except BROKEN as error:
        raise PictureError(DAMAGED) from error
    return image


def type_of(image: ImageFile) -> str:
    return TYPES[str(image.format)]


def _open(data: bytes) -> ImageFile:
    """Reads the header only.

    The readers are called by name: `Pillow.open` takes further formats for a JPEG, and
    warns of a large picture before we could say that it is too large.
    """
    if data.startswith(png.SIGNATURE):
        if b"acTL" in png.chunks(data):
            raise PictureError(_MOVING)
        return PngImageFile(io.BytesIO(data))
    if data.startswith(b"\xff\xd8\xff"):
        jpeg = JpegImageFile(io.BytesIO(data))
        _check_jpeg(jpeg, data)
        return jpeg
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return WebPImageFile(io.BytesIO(data))
    raise PictureError(_not_taken(data))


def _not_taken(data: bytes) -> str:
    name = next((name for start, name in _OTHERS.items() if data.startswith(start)), "")
    if data[4:8] == b"ftyp":
        name = _BOXES.get(data[8:12], "")
    return f"{name} files are not taken; use JPEG, PNG or WebP." if name else _UNREADABLE


def _check_jpeg(image: JpegImageFile, data: bytes) -> None:
    """Several pictures in one file are MPO, unless the second only brightens the first."""
    is_ultra_hdr = any(b' hdrgm:Version="' in content for _, content in image.applist)
    if "mp" in image.info and not is_ultra_hdr:
        raise PictureError("MPO files are not taken; use a JPEG with one picture in it.")
    if data.count(b"\xff\xda") > _MAX_SCANS:
        raise PictureError("This JPEG is too intricate; save it anew and try again.")


def _check_header(image: ImageFile) -> None:
    if getattr(image, "n_frames", 1) != 1:
        raise PictureError(_MOVING)
    width, height = image.size
    if max(width, height) > MAX_SIDE:
        raise PictureError(
            f"This picture is {width} x {height} pixels; at most {MAX_SIDE} x {MAX_SIDE} are taken."
        )
