"""What is done to pixels before they are kept, shown or composed."""

import io

from PIL import Image as Pillow
from PIL import ImageCms
from PIL.ImageFile import ImageFile

from gallery.headers import BROKEN

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


def upright(image: ImageFile) -> Pillow.Image:
    """A photo whose EXIF cannot be read is taken as it lies."""
    try:
        orientation = image.getexif().get(_ORIENTATION)
        return image.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else image
    except BROKEN:
        return image


def to_srgb(image: Pillow.Image) -> Pillow.Image:
    """The colours of its profile in sRGB; a profile that cannot be applied is ignored."""
    profile = image.info.get("icc_profile")
    if not profile:
        return image
    if image.mode not in {"L", "CMYK"}:
        image = plain(image)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if image.mode == "RGB" and ImageCms.getProfileDescription(source).startswith("sRGB"):
            return image
        mode = image.mode if image.mode == "RGBA" else "RGB"
        return ImageCms.profileToProfile(image, source, _SRGB, outputMode=mode) or image
    except (ImageCms.PyCMSError, *BROKEN):
        return image


def plain(image: Pillow.Image) -> Pillow.Image:
    """8 bits a channel, RGB or RGBA. 16 bits are scaled, where `convert` would cut."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value / 257).convert("L").convert("RGB")
    if "A" in image.getbands() or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("RGB")


def fit(image: Pillow.Image, side: int) -> Pillow.Image:
    if max(image.size) <= side:
        return image
    smaller = image.copy()
    smaller.thumbnail((side, side), Pillow.Resampling.LANCZOS, reducing_gap=1.0)
    return smaller
