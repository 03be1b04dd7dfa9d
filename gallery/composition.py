"""Keeps the original outside of the region that was to be edited."""

import functools
from dataclasses import dataclass

from PIL import Image as Pillow
from PIL import ImageChops, ImageFilter

from gallery import pictures, pixels

# The seam of a masked edit is as wide as this part of the shorter side, if nobody says otherwise.
_FEATHER = 64
# What differs by no more than this, of 255, nobody sees; every engine's encoding does that much.
_UNSEEN = 8


@dataclass(frozen=True, kw_only=True)
class Composed:
    """A masked edit, and how much of what was put back the result would have changed."""

    picture: pictures.Picture
    changed_outside_percent: float


def usual_feather(width: int, height: int) -> int:
    """How many pixels wide the seam of a masked edit is in a picture of this size."""
    return max(2, min(width, height) // _FEATHER)


def compose(*, original: bytes, result: bytes, mask: bytes, feather: int) -> Composed:
    """The result where the mask is see-through, the original elsewhere.

    What lies more than `feather` pixels from the see-through part stays the original's, pixel
    for pixel. A result or a mask of another size is brought to the original's. Raises
    PictureError.
    """
    kept, made = (
        pixels.plain(pixels.to_srgb(pixels.upright(pictures.decode(data))))
        for data in (original, result)
    )
    if made.size != kept.size:
        made = made.resize(kept.size, Pillow.Resampling.LANCZOS)
    if made.mode != kept.mode:
        made, kept = made.convert("RGBA"), kept.convert("RGBA")
    region = _feathered(_region(mask, kept.size), feather)
    composed = Pillow.composite(made, kept, region)
    return Composed(
        picture=pictures.lossless(composed),
        changed_outside_percent=_changed_outside(kept, made, region),
    )


def _region(mask: bytes, size: tuple[int, int]) -> Pillow.Image:
    """White where the mask is see-through."""
    alpha = pixels.plain(pictures.decode(mask)).convert("RGBA").getchannel("A")
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
