"""Edits of tone and colour: curves, tints and light. Each keeps to 8 bits or to strips.

A strip of rows at a time holds the floats of a 4096 x 4096 photo to a few megabytes.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image

from ..canvas import LUMA, colour, mixed
from ..noise import Field, smoothstep
from .job import Job

_STRIP_PIXELS = 1 << 20
Paint = Callable[[Field, Field, Field], Field]


def by_strips(image: Image.Image, paint: Paint) -> Image.Image:
    """`paint` gets floats 0..1 with each pixel's place, -1..1 down and across."""
    pixels = np.asarray(image)
    height, width = pixels.shape[:2]
    out = np.empty_like(pixels)
    across = np.linspace(-1.0, 1.0, width, dtype=np.float32)[None, :]
    down = np.linspace(-1.0, 1.0, height, dtype=np.float32)[:, None]
    step = max(8, _STRIP_PIXELS // width)
    for top in range(0, height, step):
        floats = pixels[top : top + step].astype(np.float32) * np.float32(1 / 255)
        made = paint(floats, down[top : top + step], across)
        made = made * np.float32(255.0) + np.float32(0.5)
        out[top : top + step] = np.clip(made, 0.0, 255.0)
    return Image.fromarray(out)


def curved(image: Image.Image, *curves: Callable[[Field], Field]) -> Image.Image:
    """Through one curve, or one each for red, green and blue; a curve maps 0..1."""
    at = np.linspace(0.0, 1.0, 256, dtype=np.float32)
    tables = [np.clip(np.rint(curve(at) * 255.0), 0, 255).astype(int).tolist() for curve in curves]
    if len(tables) == 1:
        tables *= 3
    return image.point([level for table in tables for level in table])


def s_curve(amount: float) -> Callable[[Field], Field]:
    """Steeper in the middle; the ends stay."""

    def curve(x: Field) -> Field:
        smooth = x * x * (3.0 - 2.0 * x)
        return x + (smooth - x) * np.float32(amount)

    return curve


def saturated(image: Image.Image, by: float) -> Image.Image:
    red, green, blue = (float(part) for part in LUMA)
    rest = 1.0 - by
    matrix = []
    for channel in range(3):
        row = [red * rest, green * rest, blue * rest, 0.0]
        row[channel] += by
        matrix += row
    return image.convert("RGB", tuple(matrix))


def black_and_white(image: Image.Image, job: Job) -> Image.Image:
    grey = image.convert("L").convert("RGB")
    return curved(grey, s_curve(0.45 * job.strength))


def sepia(image: Image.Image, job: Job) -> Image.Image:
    grey = image.convert("L").convert("RGB")
    toned = curved(
        grey,
        lambda x: 0.13 + 0.86 * x**0.86,
        lambda x: 0.09 + 0.80 * x**0.98,
        lambda x: 0.06 + 0.64 * x**1.12,
    )
    kept = Image.blend(image, toned, min(1.0, 0.92 * job.strength))
    return vignette(kept, job.gentler(0.5))


def warmer(image: Image.Image, job: Job) -> Image.Image:
    return _tempered(image, 0.13 * job.strength)


def cooler(image: Image.Image, job: Job) -> Image.Image:
    return _tempered(image, -0.13 * job.strength)


def _tempered(image: Image.Image, by: float) -> Image.Image:
    """Red and blue bend apart; black and white stay put."""
    return curved(
        image,
        lambda x: x ** np.float32(1.0 - by * 1.2),
        lambda x: x ** np.float32(1.0 - by * 0.15),
        lambda x: x ** np.float32(1.0 + by * 1.5),
    )


def brighter(image: Image.Image, job: Job) -> Image.Image:
    return curved(image, lambda x: x ** np.float32(1.0 / (1.0 + 0.45 * job.strength)))


def darker(image: Image.Image, job: Job) -> Image.Image:
    return curved(image, lambda x: x ** np.float32(1.0 + 0.55 * job.strength))


def more_contrast(image: Image.Image, job: Job) -> Image.Image:
    return curved(image, s_curve(0.8 * job.strength))


def less_contrast(image: Image.Image, job: Job) -> Image.Image:
    keep = max(0.3, 1.0 - 0.34 * job.strength)
    return curved(image, lambda x: 0.5 + (x - 0.5) * np.float32(keep))


def more_colour(image: Image.Image, job: Job) -> Image.Image:
    return saturated(image, 1.0 + 0.5 * job.strength)


def less_colour(image: Image.Image, job: Job) -> Image.Image:
    return saturated(image, max(0.15, 1.0 - 0.45 * job.strength))


def inverted(image: Image.Image, job: Job) -> Image.Image:  # noqa: ARG001
    return curved(image, lambda x: 1.0 - x)


def vignette(image: Image.Image, job: Job) -> Image.Image:
    depth = np.float32(min(0.92, 0.62 * job.strength))

    def paint(floats: Field, down: Field, across: Field) -> Field:
        corner = smoothstep(np.sqrt(down**2 + across**2), 0.55, 1.42)
        return floats * (1.0 - depth * corner)[..., None]

    return by_strips(image, paint)


def faded(image: Image.Image, job: Job) -> Image.Image:
    """An old print: lifted blacks, a yellow white, less colour."""
    pale = saturated(image, max(0.3, 1.0 - 0.4 * job.strength))
    return curved(
        pale,
        lambda x: 0.09 + 0.89 * x**0.92,
        lambda x: 0.07 + 0.88 * x,
        lambda x: 0.13 + 0.70 * x,
    )


def sunset(image: Image.Image, job: Job) -> Image.Image:
    """Violet from above, gold low down, and a sun's glow behind the horizon."""
    part = np.float32(min(1.0, 0.78 * job.strength))
    violet, gold, glow = colour("#5a2d6e"), colour("#ff8a3c"), colour("#ffc46e")
    side = float(job.rng.uniform(-0.5, 0.5))

    def paint(floats: Field, down: Field, across: Field) -> Field:
        low = smoothstep(down, -1.0, 0.35)[..., None]
        tint = violet + (gold - violet) * low
        grey = (floats @ LUMA)[..., None]
        toned = _soft_light(floats * 0.55 + grey * 0.45, tint)
        far = np.sqrt((across - side) ** 2 + ((down + 0.15) * 1.2) ** 2)
        light = np.exp(-((far / 0.75) ** 2)).astype(np.float32)[..., None] * (0.25 + 0.75 * grey)
        toned = toned * np.float32(0.93) + (1.0 - toned) * glow * light * np.float32(0.55)
        return floats + (toned - floats) * part

    return by_strips(image, paint)


def _soft_light(base: Field, tint: Field) -> Field:
    out: Field = (1.0 - 2.0 * tint) * base * base + 2.0 * tint * base
    return out


def night(image: Image.Image, job: Job) -> Image.Image:
    """Dark and blue; what was brightest still gives light."""
    part = np.float32(min(1.0, 0.9 * job.strength))
    blue = colour("#5f86d8")

    def paint(floats: Field, down: Field, across: Field) -> Field:  # noqa: ARG001
        grey = (floats @ LUMA)[..., None]
        dim = (grey * 0.72 + floats * 0.28) ** np.float32(1.35) * np.float32(0.58)
        sky = 0.85 + 0.25 * smoothstep(down, -1.0, 0.6)[..., None]
        made = dim * blue * np.float32(1.5) * sky
        lamps = smoothstep(grey, 0.86, 1.0) * floats * np.float32(0.25)
        made = made + lamps
        return np.asarray(floats + (made - floats) * part, np.float32)

    return by_strips(image, paint)


def autumn(image: Image.Image, job: Job) -> Image.Image:
    """Greens turn to amber and rust; skies and skin keep their colour."""
    part = np.float32(min(1.0, 0.95 * job.strength))

    def paint(floats: Field, down: Field, across: Field) -> Field:  # noqa: ARG001
        red, green, blue = floats[..., 0], floats[..., 1], floats[..., 2]
        leafy = smoothstep(green - np.maximum(red * 0.92, blue), 0.0, 0.10) * part
        rust = np.stack([green * 0.98 + 0.05, green * 0.56 + red * 0.14, blue * 0.55], -1)
        # Lighter leaves turn to amber, darker ones to rust, as a wood does from leaf to leaf.
        turned = rust * (1.0 + np.array([0.0, 0.16, 0.0], np.float32) * green[..., None])
        out = floats + (turned - floats) * leafy[..., None]
        out *= np.array([1.03, 1.0, 0.94], np.float32)
        return np.asarray(out, np.float32)

    return by_strips(image, paint)


def gentle_grade(image: Image.Image, job: Job) -> Image.Image:
    """What is given when nothing was understood: a little depth and warmth, no more."""
    deeper = saturated(curved(image, s_curve(0.28 * job.strength)), 1.0 + 0.10 * job.strength)
    warm = _tempered(deeper, 0.03 * job.strength)
    return vignette(warm, job.gentler(0.22))


def tinted(image: Image.Image, tint: Field, part: float) -> Image.Image:
    """Each channel drawn towards a colour; cheap, as it is one curve each."""
    pale = mixed(np.ones(3, np.float32), tint, part)
    return curved(image, *(_scaled(float(share)) for share in pale))


def _scaled(share: float) -> Callable[[Field], Field]:
    return lambda x: x * np.float32(share)
