"""Edits of sharpness: the blurred background, softening and sharpening."""

import numpy as np
from PIL import Image, ImageFilter

from ..noise import Field, slopes, softened
from .job import Job


def blur_background(image: Image.Image, job: Job) -> Image.Image:
    """Keeps what looks like the subject; the rest goes out of focus."""
    radius = min(image.size) * 0.017 * job.strength
    blurred = blurred_by(blurred_by(image, radius), radius * 0.6)
    mask = Image.fromarray((subject(image) * 255.0).astype(np.uint8))
    return Image.composite(image, blurred, mask.resize(image.size, Image.Resampling.BICUBIC))


def subject(image: Image.Image) -> Field:
    """0..1 on a small grid: near the middle, sharp, and unlike the colours of the border."""
    scale = 192 / max(image.size)
    small = image.resize(
        (max(8, round(image.width * scale)), max(8, round(image.height * scale))),
        Image.Resampling.BOX,
    )
    pixels = np.asarray(small, np.uint8).astype(np.float32) / 255.0
    shape = pixels.shape[:2]
    down = np.linspace(-1.0, 1.0, shape[0], dtype=np.float32)[:, None]
    across = np.linspace(-1.0, 1.0, shape[1], dtype=np.float32)[None, :]
    central = np.exp(-((across / 0.70) ** 2) - ((down - 0.04) / 0.74) ** 2)
    telling = _sharpness(pixels) * (0.35 + 0.65 * _unlike_border(pixels))
    found = central * (0.24 + 0.30 * _unlike_border(pixels)) + 0.62 * telling * np.sqrt(central)
    found = softened(found.astype(np.float32), 5.0)
    cut = float(np.quantile(found, 0.70))
    peak = max(float(found.max()), cut + 1e-4)
    inside = np.clip((found - cut * 0.80) / ((peak - cut * 0.80) * 0.42), 0.0, 1.0)
    # The frame itself is always background, whatever the photo holds there.
    edge = np.clip((1.0 - np.maximum(np.abs(across), np.abs(down))) / 0.14 - 0.35, 0.0, 1.0)
    return softened((inside * edge).astype(np.float32), 3.0).clip(0.0, 1.0)


def _sharpness(pixels: Field) -> Field:
    grey = pixels.mean(axis=-1)
    down, across = slopes(grey)
    edges = softened(np.sqrt(down**2 + across**2).astype(np.float32), 8.0)
    sharp: Field = np.clip(edges / max(float(np.quantile(edges, 0.95)), 1e-4), 0.0, 1.0)
    return sharp


def _unlike_border(pixels: Field) -> Field:
    """Distance from the nearest of the colours found along the top and the sides."""
    rim = np.concatenate(
        [part.reshape(-1, 3) for part in (pixels[:6], pixels[:, :6], pixels[:, -6:])]
    )
    samples = rim[:: max(1, len(rim) // 24)]
    far = np.min(np.abs(pixels[..., None, :] - samples).sum(axis=-1), axis=-1)
    far = softened(far.astype(np.float32), 4.0)
    unlike: Field = np.clip(far / max(float(np.quantile(far, 0.95)), 1e-4), 0.0, 1.0)
    return unlike


def blur(image: Image.Image, job: Job) -> Image.Image:
    return blurred_by(image, min(image.size) * 0.007 * job.strength)


def blurred_by(image: Image.Image, radius: float) -> Image.Image:
    """A wide blur is made small and brought back: nothing shows but the time saved."""
    factor = max(1, int(radius / 3))
    if factor == 1:
        return image.filter(ImageFilter.GaussianBlur(radius))
    small = image.reduce(factor).filter(ImageFilter.GaussianBlur(radius / factor))
    return small.resize(image.size, Image.Resampling.BICUBIC)


def sharpen(image: Image.Image, job: Job) -> Image.Image:
    radius = max(0.8, min(image.size) * 0.0016)
    return image.filter(ImageFilter.UnsharpMask(radius, round(120 * job.strength), 2))
