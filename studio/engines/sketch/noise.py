"""Smooth chance in one and two dimensions."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.float32]


def smoothstep(values: Field, low: float, high: float) -> Field:
    """0 below `low`, 1 above `high`, an S between; `low` above `high` turns it round."""
    t = np.clip((values - low) / (high - low), 0.0, 1.0).astype(np.float32)
    eased: Field = t * t * (3.0 - 2.0 * t)
    return eased


def resized(field: Field, shape: tuple[int, int]) -> Field:
    height, width = shape
    image = Image.fromarray(np.ascontiguousarray(field, dtype=np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))


def smooth_field(
    rng: np.random.Generator, shape: tuple[int, int], cells: tuple[float, float]
) -> Field:
    """About -1..1, changing over (rows, columns) / `cells` pixels."""
    rows, columns = (max(2, round(count)) + 1 for count in cells)
    return resized(rng.random((rows, columns), dtype=np.float32) * 2.0 - 1.0, shape)


def fractal(
    rng: np.random.Generator,
    shape: tuple[int, int],
    cells: tuple[float, float],
    octaves: int,
    gain: float = 0.5,
) -> Field:
    """Layers of smooth fields, each twice as fine and `gain` times as strong; about -1..1."""
    total: Field = np.zeros(shape, np.float32)
    weight, weights = 1.0, 0.0
    for octave in range(octaves):
        finer = (cells[0] * 2**octave, cells[1] * 2**octave)
        total += weight * smooth_field(rng, shape, finer)
        weights += weight
        weight *= gain
    total *= 1.6 / weights
    return total


def smooth_line(rng: np.random.Generator, length: int, knots: float) -> Field:
    """-1..1 along a line, eased between `knots` random values."""
    count = max(2, round(knots)) + 2
    values = rng.random(count, dtype=np.float32) * 2.0 - 1.0
    at = np.linspace(rng.random(), count - 1.001, length, dtype=np.float32)
    left = at.astype(np.int32)
    part = at - left
    part = part * part * (3.0 - 2.0 * part)
    line: Field = values[left] * (1.0 - part) + values[left + 1] * part
    return line


def fractal_line(
    rng: np.random.Generator,
    length: int,
    knots: float,
    octaves: int,
    gain: float = 0.5,
    *,
    ridged: bool = False,
) -> Field:
    """A skyline, about -1..1. `ridged` folds it into peaks."""
    total: Field = np.zeros(length, np.float32)
    weight, weights = 1.0, 0.0
    for octave in range(octaves):
        line = smooth_line(rng, length, knots * 2**octave)
        total += weight * (1.0 - 2.0 * np.abs(line) if ridged else line)
        weights += weight
        weight *= gain
    total /= weights
    return total


def softened(field: Field, radius: float) -> Field:
    """Blurred by about `radius` pixels, worked at the resolution where that shows."""
    height, width = field.shape
    factor = max(1, int(radius / 2))
    small = Image.fromarray(np.ascontiguousarray(field, dtype=np.float32)).reduce(factor)
    values = np.asarray(small)
    for axis in (0, 1):
        values = _kernel(values, axis)
    return resized(values, (height, width))


def shifted(field: Field, down: int, right: int) -> Field:
    """Moved, with its edges drawn out rather than wrapped round."""
    height, width = field.shape
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - right, 0, width - 1)
    moved: Field = field[rows][:, columns]
    return moved


def slopes(field: Field) -> tuple[Field, Field]:
    """How the field rises down and across; a single row or column does not."""
    wide = np.pad(field, 1, mode="edge")
    down = (wide[2:, 1:-1] - wide[:-2, 1:-1]) * np.float32(0.5)
    across = (wide[1:-1, 2:] - wide[1:-1, :-2]) * np.float32(0.5)
    return down, across


def _kernel(values: Field, axis: int) -> Field:
    pad = [(0, 0), (0, 0)]
    pad[axis] = (3, 3)
    wide = np.pad(values, pad, mode="edge")
    length = values.shape[axis]
    total: Field = np.zeros_like(values)
    for shift, weight in enumerate((0.03, 0.11, 0.22, 0.28, 0.22, 0.11, 0.03)):
        part = wide[shift : shift + length] if axis == 0 else wide[:, shift : shift + length]
        total += weight * part
    return total
