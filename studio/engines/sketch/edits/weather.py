"""Weather laid over a photo."""

import numpy as np
from PIL import Image

from ..canvas import LUMA, colour
from ..noise import Field, smoothstep
from ..scenes.weather import fog, rainfall, snowfall
from .job import Job
from .tone import by_strips, curved, saturated, tinted

_LARGEST = 2048


def snow(image: Image.Image, job: Job) -> Image.Image:
    """Winter: colour drains, what faces the sky turns white, and flakes fall."""
    part = np.float32(min(1.0, 0.9 * job.strength))
    white = colour("#f3f7fc")

    def paint(floats: Field, down: Field, across: Field) -> Field:  # noqa: ARG001
        grey = (floats @ LUMA)[..., None]
        cold = (floats * 0.42 + grey * 0.58) * np.array([0.96, 1.0, 1.06], np.float32) + 0.05
        leafy = floats[..., 1:2] - np.maximum(floats[..., :1] * 0.85, floats[..., 2:])
        lying = smoothstep(grey + 1.4 * np.clip(leafy, 0.0, 0.3), 0.34, 0.86)
        lying = lying * (0.35 + 0.40 * smoothstep(down, -0.5, 0.7))[..., None]
        made = cold + (white * (0.72 + 0.28 * grey) - cold) * lying
        return np.asarray(floats + (made - floats) * part, np.float32)

    winter = by_strips(image, paint)
    return _over(
        winter, snowfall(job.rng, _shape(image), amount=0.7 + 0.6 * job.detail), (250, 252, 255)
    )


def rain(image: Image.Image, job: Job) -> Image.Image:
    """Grey, wet contrast, streaks."""
    grey = saturated(image, max(0.2, 1.0 - 0.5 * job.strength))
    dim = curved(grey, lambda x: 0.03 + 0.80 * x ** np.float32(1.0 + 0.22 * job.strength))
    wet = tinted(dim, colour("#8aa4c0"), 0.24)
    misty = _over(wet, fog(job.rng, _shape(image), amount=0.34), (150, 162, 174))
    streaks = rainfall(job.rng, _shape(image), amount=0.8 + 0.8 * job.detail)
    return _over(misty, streaks * np.float32(min(1.0, 0.85 * job.strength)), (222, 230, 238))


def mist(image: Image.Image, job: Job) -> Image.Image:
    pale = saturated(image, 0.8)
    hidden = fog(job.rng, _shape(image), amount=min(1.2, 0.8 * job.strength))
    return _over(pale, np.clip(hidden + 0.14, 0.0, 0.95), (226, 231, 234))


def _shape(image: Image.Image) -> tuple[int, int]:
    """Weather is soft: past this size it is drawn smaller and stretched."""
    scale = min(1.0, _LARGEST / max(image.size))
    return max(1, round(image.height * scale)), max(1, round(image.width * scale))


def _over(image: Image.Image, cover: Field, ink: tuple[int, int, int]) -> Image.Image:
    mask = Image.fromarray(np.clip(cover * 255.0, 0, 255).astype(np.uint8))
    if mask.size != image.size:
        mask = mask.resize(image.size, Image.Resampling.BICUBIC)
    out = image.copy()
    out.paste(ink, (0, 0), mask)
    return out
