"""Reads and normalises pictures that come from outside. Knows no model and no storage.

A picture is judged by its header before a pixel is decoded: exact format, one frame, both
sides. What is kept is always written anew from pixels, so nothing hidden survives.

    PictureError           carries a sentence fit for the user
"""

import base64
import hashlib
import io
from dataclasses import dataclass, field

from PIL import Image as Pillow
from PIL import ImageCms, ImageOps, UnidentifiedImageError

MAX_SIDE = 4096
MAX_BYTES = 20 * 1024 * 1024
_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_UNREADABLE = "This file cannot be read as a JPEG, PNG or WebP picture."


class PictureError(ValueError):
    @property
    def sentence(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Encoded bytes that were decoded whole and found good."""

    data: bytes = field(repr=False)
    content_type: str
    width: int
    height: int

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def suffix(self) -> str:
        return {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}[self.content_type]


@dataclass(frozen=True, kw_only=True)
class Previews:
    """`placeholder` is a data URI of some 200 characters, fit for an <img>."""

    small: bytes = field(repr=False)
    large: bytes = field(repr=False)
    placeholder: str


def normalise(data: bytes) -> Picture:
    """A person's photo as we keep it: upright, sRGB, without EXIF, GPS, XMP or text.

    JPEG stays JPEG (quality 95); all else becomes PNG. Raises PictureError.
    """
    if len(data) > MAX_BYTES:
        raise PictureError("This file is larger than 20 MB.")
    source, form = _decode(data)
    upright = _to_srgb(ImageOps.exif_transpose(source))
    if form == "JPEG":
        upright = upright.convert("RGB")
        return _encode(upright, "JPEG", quality=95, subsampling=0)
    return _encode(_without_oddities(upright), "PNG", compress_level=3)


def verify(data: bytes) -> Picture:
    """An engine's result, kept byte for byte once it has decoded whole. Raises PictureError."""
    image, form = _decode(data)
    return Picture(data=data, content_type=_TYPES[form], width=image.width, height=image.height)


def previews(data: bytes) -> Previews:
    """512 and 1024 px WebP and the placeholder, from one decoding."""
    image, _ = _decode(data)
    image = _without_oddities(image)
    if image.mode != "RGBA":
        image = image.convert("RGB")
    large = _fit(image, 1024)
    small = _fit(large, 512)
    return Previews(
        small=_webp(small, quality=80), large=_webp(large, quality=85), placeholder=_tiny(small)
    )


def _decode(data: bytes) -> tuple[Pillow.Image, str]:
    try:
        image = Pillow.open(io.BytesIO(data))
        _check_header(image)
        image.load()
    except PictureError:
        raise
    except UnidentifiedImageError as error:
        raise PictureError(_UNREADABLE) from error
    except (OSError, SyntaxError, ValueError, EOFError, Pillow.DecompressionBombError) as error:
        raise PictureError("This picture is damaged and cannot be read.") from error
    return image, str(image.format)


def _check_header(image: Pillow.Image) -> None:
    if image.format not in _TYPES:
        raise PictureError(f"{image.format} files are not taken; use JPEG, PNG or WebP.")
    if getattr(image, "n_frames", 1) != 1:
        raise PictureError("Moving pictures are not taken; use one with a single frame.")
    width, height = image.size
    if max(width, height) > MAX_SIDE:
        raise PictureError(
            f"This picture is {width} x {height} pixels; at most {MAX_SIDE} x {MAX_SIDE} are taken."
        )


def _to_srgb(image: Pillow.Image) -> Pillow.Image:
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "RGBA", "CMYK", "L"}:
        return image
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode=mode)
    except ImageCms.PyCMSError:
        return image
    return converted or image


def _without_oddities(image: Pillow.Image) -> Pillow.Image:
    """8 bits a channel, RGB or RGBA."""
    if image.mode in {"RGB", "RGBA"}:
        return image
    if image.mode.startswith("I"):
        image = image.point(lambda value: value / 257).convert("L")
    has_alpha = "A" in image.getbands() or "transparency" in image.info
    return image.convert("RGBA" if has_alpha else "RGB")


def _encode(image: Pillow.Image, form: str, **options: int) -> Picture:
    clean = Pillow.frombytes(image.mode, image.size, image.tobytes())
    file = io.BytesIO()
    clean.save(file, form, **options)
    return Picture(
        data=file.getvalue(), content_type=_TYPES[form], width=clean.width, height=clean.height
    )


def _fit(image: Pillow.Image, side: int) -> Pillow.Image:
    smaller = image.copy()
    smaller.thumbnail((side, side), Pillow.Resampling.LANCZOS, reducing_gap=1.0)
    return smaller


def _webp(image: Pillow.Image, *, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "WEBP", quality=quality, method=0)
    return file.getvalue()


def _tiny(image: Pillow.Image) -> str:
    file = io.BytesIO()
    _fit(image.convert("RGB"), 20).save(file, "WEBP", quality=40, method=6)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()
