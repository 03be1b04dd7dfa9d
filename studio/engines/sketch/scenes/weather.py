"""What falls and drifts in front of everything: snow, rain, fog."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from ..noise import Field, fractal, resized


def snowfall(rng: np.random.Generator, shape: tuple[int, int], *, amount: float) -> Field:
    """How white each pixel is: far flakes small and many, near ones large and soft."""
    height, width = shape
    unit = min(height, width) / 1000.0
    total: Field = np.zeros(shape, np.float32)
    for count, radius, blur, strength in (
        (620, 1.5, 0.4, 0.75),
        (170, 3.4, 1.2, 0.8),
        (26, 11, 6, 0.42),
    ):
        layer = Image.new("L", (width, height))
        pen = ImageDraw.Draw(layer)
        many = int(count * amount * _spread(shape))
        spots = rng.random((many, 3))
        for x, y, size in spots:
            reach = max(0.6, radius * unit * (0.55 + 0.9 * size))
            at_x, at_y = x * width, y * height
            pen.ellipse((at_x - reach, at_y - reach, at_x + reach, at_y + reach), fill=255)
        soft = layer.filter(ImageFilter.BoxBlur(max(0.35, blur * unit)))
        part = np.asarray(soft, np.uint8).astype(np.float32) * np.float32(strength / 255.0)
        total += (1.0 - total) * part
    return total


def rainfall(rng: np.random.Generator, shape: tuple[int, int], *, amount: float) -> Field:
    """How bright each pixel is: slanted streaks in three depths."""
    height, width = shape
    unit = min(height, width) / 1000.0
    lean = rng.uniform(0.10, 0.24) * rng.choice([-1, 1])
    total: Field = np.zeros(shape, np.float32)
    for count, length, ink in ((900, 26, 60), (420, 52, 90), (90, 120, 80)):
        layer = Image.new("L", (width * 2, height * 2) if unit < 1.3 else (width, height))
        scale = layer.width / width
        pen = ImageDraw.Draw(layer)
        many = int(count * amount * _spread(shape))
        for x, y, part in rng.random((many, 3)):
            reach = length * unit * (0.6 + 0.8 * part) * scale
            start = ((x * 1.3 - 0.15) * layer.width, (y * 1.15 - 0.15) * layer.height)
            thick = max(1, round(length / 44 * unit * scale))
            pen.line((start, (start[0] + lean * reach, start[1] + reach)), fill=ink, width=thick)
        fitted = layer.reduce(2) if scale > 1 else layer
        total += np.asarray(fitted, np.uint8).astype(np.float32) * np.float32(1.0 / 255.0)
    return np.clip(total, 0.0, 0.8)


def _spread(shape: tuple[int, int]) -> float:
    """How many squares the picture holds: a long one needs more flakes, within reason."""
    return min(4.0, max(shape) / min(shape))


def fog(rng: np.random.Generator, shape: tuple[int, int], *, amount: float) -> Field:
    """How hidden each pixel is: banks, thicker low down."""
    height, width = shape
    small = (max(8, height // 8), max(8, width // 8))
    banks = 0.5 + 0.7 * fractal(rng, small, (7, 2.5), 4)
    low = np.linspace(0.0, 1.0, small[0], dtype=np.float32)[:, None]
    depth = np.exp(-(((low - 0.62) / 0.34) ** 2))
    hidden = np.clip(amount * depth * (0.45 + 0.55 * banks), 0.0, 0.92).astype(np.float32)
    return np.clip(resized(hidden, shape), 0.0, 1.0)
