"""Paint: colours as floats 0..1 in (height, width, 3), laid through masks, sent as PNG."""

import io

import numpy as np
from PIL import Image

from .noise import Field, softened

LUMA = np.array([0.299, 0.587, 0.114], np.float32)

# A fixed 8x8 order of thresholds: it breaks up bands as noise would, and packs far smaller.
_BAYER = np.array([[0, 2], [3, 1]], np.float32)
for _ in range(2):
    _BAYER = np.block([[4 * _BAYER, 4 * _BAYER + 2], [4 * _BAYER + 3, 4 * _BAYER + 1]])
_DITHER: Field = ((_BAYER + 0.5) / 64.0).astype(np.float32)


def colour(code: str) -> Field:
    """ "#rrggbb" as three floats."""
    return np.array([int(code[at : at + 2], 16) for at in (1, 3, 5)], np.float32) / 255.0


def mixed(one: Field, other: Field, part: float) -> Field:
    blend: Field = (one * (1.0 - part) + other * part).astype(np.float32)
    return blend


def gradient(stops: list[Field], length: int) -> Field:
    """(length, 1, 3), eased between evenly spaced stops."""
    at = np.linspace(0.0, len(stops) - 1.0, length, dtype=np.float32)
    places = np.arange(len(stops), dtype=np.float32)
    table = np.stack(stops)
    channels = [np.interp(at, places, table[:, channel]) for channel in range(3)]
    ramp = np.stack(channels, axis=-1).astype(np.float32)
    kernel = np.ones(max(1, length // (len(stops) * 2)), np.float32)
    kernel /= kernel.size
    reach = kernel.size // 2
    for channel in range(3):
        wide = np.pad(ramp[:, channel], (reach, kernel.size - 1 - reach), mode="edge")
        ramp[:, channel] = np.convolve(wide, kernel, mode="valid")
    return ramp[:, None, :]


def lay(canvas: Field, paint: Field, mask: Field | float) -> None:
    """Cover `canvas` in place; `mask` is 0..1, (height, width) or one number."""
    cover = mask[..., None] if isinstance(mask, np.ndarray) else np.float32(mask)
    canvas += (paint - canvas) * cover


def stamp(canvas: Field, paint: Field, mask: Field, *, left: int, top: int) -> None:
    """Lay a small picture (or one colour) with its corner there; what falls outside is cut."""
    row, column = max(0, -top), max(0, -left)
    height = min(mask.shape[0], canvas.shape[0] - top) - row
    width = min(mask.shape[1], canvas.shape[1] - left) - column
    if height <= 0 or width <= 0:
        return
    part = (slice(row, row + height), slice(column, column + width))
    patch = canvas[top + row : top + row + height, left + column : left + column + width]
    lay(patch, paint[part] if paint.ndim == 3 else paint, mask[part])


def shine(canvas: Field, light: Field, mask: Field) -> None:
    """Add light in place the way a screen does: never past white."""
    canvas += (1.0 - canvas) * (light * mask[..., None])


def bloom(canvas: Field, *, above: float, strength: float, radius: float) -> None:
    """Let what is bright spill over its edges."""
    height, width = canvas.shape[:2]
    step = 4
    small = canvas[::step, ::step]
    extra = np.clip(small - above, 0.0, None) / (1.0 - above)
    for channel in range(3):
        spill = softened(extra[..., channel], max(1.0, radius / step))
        wide = np.asarray(Image.fromarray(spill).resize((width, height), Image.Resampling.BILINEAR))
        canvas[..., channel] += (1.0 - canvas[..., channel]) * wide * strength


def graded(canvas: Field, *, saturation: float, contrast: float) -> Field:
    grey: Field = (canvas @ LUMA)[..., None]
    out: Field = grey + (canvas - grey) * np.float32(saturation)
    out -= 0.5
    out *= contrast
    out += 0.5
    return out


def to_image(canvas: Field) -> Image.Image:
    height, width = canvas.shape[:2]
    tile = np.tile(_DITHER, (height // 8 + 1, width // 8 + 1))[:height, :width, None]
    levels = canvas * np.float32(255.0)
    levels += tile
    np.clip(levels, 0.0, 255.0, out=levels)
    return Image.fromarray(levels.astype(np.uint8))


def to_floats(image: Image.Image) -> Field:
    floats: Field = np.asarray(image, np.uint8).astype(np.float32)
    floats *= np.float32(1.0 / 255.0)
    return floats


def to_png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
