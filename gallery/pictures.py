"""Reads and normalises pictures that come from outside. Knows no model and no storage.

A picture is judged by its header before a pixel is decoded: exact format, one frame, both
sides. What is kept is always written anew from pixels, so nothing hidden survives.

    PictureError           carries a sentence fit for the user
"""

import base64
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from PIL import Image as Pillow
from PIL.ImageFile import ImageFile

from gallery import pixels, png, png_writing
from gallery.headers import BROKEN, DAMAGED, MAX_SIDE, SUFFIXES, TYPES, PictureError, header_of

__all__ = ["MAX_SIDE", "SUFFIXES", "PictureError"]

MAX_BYTES = 20 * 1024 * 1024
_LOSSY_WEBP = {b"VP8 ", b"VP8X"}


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Encoded bytes that were found good."""

    data: bytes = field(repr=False)
    content_type: str
    width: int
    height: int
    known_sha256: str = field(default="", repr=False, compare=False)

    @cached_property
    def sha256(self) -> str:
        return self.known_sha256 or hashlib.sha256(self.data).hexdigest()

    @property
    def suffix(self) -> str:
        return SUFFIXES[self.content_type]


@dataclass(frozen=True, kw_only=True)
class Previews:
    """`placeholder` is a data URI of some 200 characters, fit for an <img>."""

    small: bytes = field(repr=False)
    large: bytes = field(repr=False)
    placeholder: str


def normalise(data: bytes) -> Picture:
    """A person's photo as we keep it: upright, sRGB, without EXIF, GPS, XMP or text.

    JPEG and opaque, lossy WebP become JPEG (quality 95), in a tenth of the time and the
    bytes that PNG would take; all else becomes PNG. Raises PictureError.
    """
    if not data:
        raise PictureError("This file is empty.")
    if len(data) > MAX_BYTES:
        raise PictureError("This file is larger than 20 MB.")
    opened = _decode(data)
    upright = pixels.upright(opened)
    if opened.format == "JPEG" or (opened.mode == "RGB" and data[12:16] in _LOSSY_WEBP):
        return _encode(pixels.to_srgb(upright).convert("RGB"), "JPEG", quality=95, subsampling=0)
    return lossless(pixels.plain(pixels.to_srgb(upright)))


def verify(data: bytes) -> Picture:
    """An engine's result, to be kept byte for byte once it was found whole. Raises PictureError."""
    image = _decode(data, reads=png.check_pixels if data.startswith(png.SIGNATURE) else None)
    return Picture(
        data=data, content_type=TYPES[str(image.format)], width=image.width, height=image.height
    )


def previews(data: bytes) -> Previews:
    """512 and 1024 px WebP and the placeholder, from one decoding."""
    image = pixels.plain(_decode(data, enough=1024))
    large = pixels.fit(image, 1024)
    small = pixels.fit(large, 512)
    return Previews(
        small=_webp(small, quality=80), large=_webp(large, quality=85), placeholder=_tiny(small)
    )


def mask(data: bytes) -> Picture:
    """As `normalise`. Raises PictureError also if an edit by this mask would change nothing."""
    picture = normalise(data)
    kept = pixels.plain(_decode(picture.data))
    if kept.mode != "RGBA" or kept.getchannel("A").getextrema() == (255, 255):
        raise PictureError(
            "Nothing in this mask is see-through. Make transparent what is to be changed."
        )
    return picture


def convert(data: bytes, *, side: int, content_type: str) -> Picture:
    """Another size or format of a picture, at most `side` pixels a side. Raises PictureError.

    What is see-through lies on white in a JPEG.
    """
    image = pixels.fit(pixels.plain(_decode(data, enough=side)), side)
    if content_type == "image/png":
        return _encode(image, "PNG", compress_level=6)
    if content_type == "image/webp":
        return _encode(image, "WEBP", quality=90, method=3)
    if image.mode == "RGBA":
        ground = Pillow.new("RGBA", image.size, "white")
        image = Pillow.alpha_composite(ground, image).convert("RGB")
    return _encode(image, "JPEG", quality=92, subsampling=0)


def decode(data: bytes) -> ImageFile:
    """The picture, decoded whole. Raises PictureError."""
    return _decode(data)


def _decode(
    data: bytes, *, enough: int = 0, reads: Callable[[ImageFile, bytes], None] | None = None
) -> ImageFile:
    """The picture, decoded whole; a JPEG perhaps smaller, but `enough` pixels a side.

    `reads` may take the place of decoding.
    """
    try:
        image = header_of(data)
        if enough:
            image.draft(None, (enough, enough))
        if reads:
            reads(image, data)
        else:
            image.load()
    except PictureError:
        raise
    except BROKEN as error:
        raise PictureError(DAMAGED) from error
    return image


def lossless(image: Pillow.Image) -> Picture:
    """A PNG of RGB or RGBA, quickly written."""
    return Picture(
        data=png_writing.png(image),
        content_type=TYPES["PNG"],
        width=image.width,
        height=image.height,
    )


def _encode(image: Pillow.Image, form: str, **options: int) -> Picture:
    image.info = {}  # Pillow would write the profile, the comment and more from here
    file = io.BytesIO()
    image.save(file, form, **options)
    return Picture(
        data=file.getvalue(), content_type=TYPES[form], width=image.width, height=image.height
    )


def _webp(image: Pillow.Image, *, quality: int) -> bytes:
    file = io.BytesIO()
    image.info = {}
    image.save(file, "WEBP", quality=quality, method=0)
    return file.getvalue()


def _tiny(image: Pillow.Image) -> str:
    return (
        "data:image/webp;base64,"
        + base64.b64encode(_webp(pixels.fit(image.convert("RGB"), 20), quality=40)).decode()
    )
