"""Reading the photo to edit."""

import io
import struct

from PIL import Image, ImageOps

from studio.engines.contract import Refused

_FORMATS = ("PNG", "JPEG", "WEBP")
_UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    Image.DecompressionBombError,
)


def read_photo(data: bytes | None) -> Image.Image:
    """Upright, in RGB; what was transparent becomes white.

    Raises `Refused` for bytes that are no whole PNG, JPEG or WebP image.
    """
    try:
        with Image.open(io.BytesIO(data or b""), formats=_FORMATS) as opened:
            opened.load()
            upright = ImageOps.exif_transpose(opened)
    except _UNREADABLE as cause:
        raise Refused("The photo could not be read.", detail=type(cause).__name__) from cause
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        paper = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(paper, layer).convert("RGB")
    return upright.convert("RGB")
