"""Reads and normalises pictures that come from outside. Knows no model and no storage.

A picture is judged by its header before a pixel is decoded: exact format, one frame, both
sides. What is kept is always written anew from pixels, so nothing hidden survives.

    PictureError           carries a sentence fit for the user
"""

import base64
import functools
import hashlib
import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from isal.igzip_lib import IsalError
from PIL import Image as Pillow
from PIL import ImageChops, ImageCms, ImageFilter
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from gallery import png

MAX_SIDE = 4096
MAX_BYTES = 20 * 1024 * 1024
# Each scan of a progressive JPEG costs a pass over all pixels; cameras write some ten.
_MAX_SCANS = 200
# The seam of a masked edit is as wide as this part of the shorter side, if nobody says otherwise.
_FEATHER = 64
# What differs by no more than this, of 255, nobody sees; every engine's encoding does that much.
_UNSEEN = 8
_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
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
_LOSSY_WEBP = {b"VP8 ", b"VP8X"}
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}
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
_DAMAGED = "This picture is damaged and cannot be read."
_MOVING = "Moving pictures are not taken; use one with a single frame."


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
        return SUFFIXES[self.content_type]


@dataclass(frozen=True, kw_only=True)
class Previews:
    """`placeholder` is a data URI of some 200 characters, fit for an <img>."""

    small: bytes = field(repr=False)
    large: bytes = field(repr=False)
    placeholder: str


@dataclass(frozen=True, kw_only=True)
class Composed:
    """A masked edit, and how much of what was put back the result would have changed."""

    picture: Picture
    changed_outside_percent: float


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
    upright = _upright(opened)
    if opened.format == "JPEG" or (opened.mode == "RGB" and data[12:16] in _LOSSY_WEBP):
        return _encode(_to_srgb(upright).convert("RGB"), "JPEG", quality=95, subsampling=0)
    return _encode(_plain(_to_srgb(upright)), "PNG", compress_level=3)


def verify(data: bytes) -> Picture:
    """An engine's result, to be kept byte for byte once it was found whole. Raises PictureError."""
    image = _decode(data, reads=png.check_pixels if data.startswith(png.SIGNATURE) else None)
    return Picture(
        data=data, content_type=_TYPES[str(image.format)], width=image.width, height=image.height
    )


def previews(data: bytes) -> Previews:
    """512 and 1024 px WebP and the placeholder, from one decoding."""
    image = _plain(_decode(data, enough=1024))
    large = _fit(image, 1024)
    small = _fit(large, 512)
    return Previews(
        small=_webp(small, quality=80), large=_webp(large, quality=85), placeholder=_tiny(small)
    )


def mask(data: bytes) -> Picture:
    """As `normalise`. Raises PictureError also if an edit by this mask would change nothing."""
    picture = normalise(data)
    kept = _plain(_decode(picture.data))
    if kept.mode != "RGBA" or kept.getchannel("A").getextrema() == (255, 255):
        raise PictureError(
            "Nothing in this mask is see-through. Make transparent what is to be changed."
        )
    return picture


def header_of(data: bytes) -> ImageFile:
    """The picture, opened and not decoded, for who looks at what it says. Raises PictureError."""
    try:
        image = _open(data)
        _check_header(image)
    except PictureError:
        raise
    except BROKEN as error:
        raise PictureError(_DAMAGED) from error
    return image


def type_of(image: ImageFile) -> str:
    return _TYPES[str(image.format)]


def convert(data: bytes, *, side: int, content_type: str) -> Picture:
    """Another size or format of a picture, at most `side` pixels a side. Raises PictureError.

    What is see-through lies on white in a JPEG.
    """
    image = _fit(_plain(_decode(data, enough=side)), side)
    if content_type == "image/png":
        return _encode(image, "PNG", compress_level=6)
    if content_type == "image/webp":
        return _encode(image, "WEBP", quality=90, method=3)
    if image.mode == "RGBA":
        ground = Pillow.new("RGBA", image.size, "white")
        image = Pillow.alpha_composite(ground, image).convert("RGB")
    return _encode(image, "JPEG", quality=92, subsampling=0)


def usual_feather(width: int, height: int) -> int:
    """How many pixels wide the seam of a masked edit is in a picture of this size."""
    return max(2, min(width, height) // _FEATHER)


def compose(*, original: bytes, result: bytes, mask: bytes, feather: int) -> Composed:
    """The result where the mask is see-through, the original elsewhere.

    What lies more than `feather` pixels from the see-through part stays the original's, pixel
    for pixel. A result or a mask of another size is brought to the original's. Raises
    PictureError.
    """
    kept, made = (_plain(_to_srgb(_upright(_decode(data)))) for data in (original, result))
    if made.size != kept.size:
        made = made.resize(kept.size, Pillow.Resampling.LANCZOS)
    if made.mode != kept.mode:
        made, kept = made.convert("RGBA"), kept.convert("RGBA")
    region = _feathered(_region(mask, kept.size), feather)
    composed = Pillow.composite(made, kept, region)
    return Composed(
        picture=_encode(composed, "PNG", compress_level=1),
        changed_outside_percent=_changed_outside(kept, made, region),
    )


def _region(mask: bytes, size: tuple[int, int]) -> Pillow.Image:
    """White where the mask is see-through."""
    alpha = _plain(_decode(mask)).convert("RGBA").getchannel("A")
    region = ImageChops.invert(alpha)
    if region.size == size:
        return region
    return region.resize(size, Pillow.Resampling.BILINEAR).point(_white_from(128))


def _feathered(region: Pillow.Image, feather: int) -> Pillow.Image:
    """Pillow's blur is three boxes of about its radius, so it reaches some three times as far."""
    radius = (feather - 1.5) / 3
    return region.filter(ImageFilter.GaussianBlur(radius)) if radius > 0 else region


def _changed_outside(kept: Pillow.Image, made: Pillow.Image, region: Pillow.Image) -> float:
    """Percent of the pixels that the region leaves alone and the result would visibly change."""
    outside = ImageChops.invert(region.point(_white_from(1)))
    area = outside.histogram()[255]
    most = functools.reduce(ImageChops.lighter, ImageChops.difference(kept, made).split())
    changed = ImageChops.darker(most.point(_white_from(_UNSEEN + 1)), outside).histogram()[255]
    return 100 * changed / area if area else 0.0


def _white_from(least: int) -> list[int]:
    return [255 * (value >= least) for value in range(256)]


def _decode(
    data: bytes, *, enough: int = 0, reads: Callable[[ImageFile, bytes], None] | None = None
) -> ImageFile:
    """The picture, decoded whole; a JPEG perhaps smaller, but `enough` pixels a side.

    `reads` may take the place of decoding.
    """
    try:
        image = _open(data)
        _check_header(image)
        if enough:
            image.draft(None, (enough, enough))
        if reads:
            reads(image, data)
        else:
            image.load()
    except PictureError:
        raise
    except BROKEN as error:
        raise PictureError(_DAMAGED) from error
    return image


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


def _upright(image: ImageFile) -> Pillow.Image:
    """A photo whose EXIF cannot be read is taken as it lies."""
    try:
        orientation = image.getexif().get(_ORIENTATION)
        return image.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else image
    except BROKEN:
        return image


def _to_srgb(image: Pillow.Image) -> Pillow.Image:
    """The colours of its profile in sRGB; a profile that cannot be applied is ignored."""
    profile = image.info.get("icc_profile")
    if not profile:
        return image
    if image.mode not in {"L", "CMYK"}:
        image = _plain(image)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if image.mode == "RGB" and ImageCms.getProfileDescription(source).startswith("sRGB"):
            return image
        mode = image.mode if image.mode == "RGBA" else "RGB"
        return ImageCms.profileToProfile(image, source, _SRGB, outputMode=mode) or image
    except (ImageCms.PyCMSError, *BROKEN):
        return image


def _plain(image: Pillow.Image) -> Pillow.Image:
    """8 bits a channel, RGB or RGBA. 16 bits are scaled, where `convert` would cut."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value / 257).convert("L").convert("RGB")
    if "A" in image.getbands() or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("RGB")


def _encode(image: Pillow.Image, form: str, **options: int) -> Picture:
    image.info = {}  # Pillow would write the profile, the comment and more from here
    file = io.BytesIO()
    image.save(file, form, **options)
    return Picture(
        data=file.getvalue(), content_type=_TYPES[form], width=image.width, height=image.height
    )


def _fit(image: Pillow.Image, side: int) -> Pillow.Image:
    if max(image.size) <= side:
        return image
    smaller = image.copy()
    smaller.thumbnail((side, side), Pillow.Resampling.LANCZOS, reducing_gap=1.0)
    return smaller


def _webp(image: Pillow.Image, *, quality: int) -> bytes:
    file = io.BytesIO()
    image.info = {}
    image.save(file, "WEBP", quality=quality, method=0)
    return file.getvalue()


def _tiny(image: Pillow.Image) -> str:
    return (
        "data:image/webp;base64,"
        + base64.b64encode(_webp(_fit(image.convert("RGB"), 20), quality=40)).decode()
    )
