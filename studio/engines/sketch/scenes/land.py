"""Land: ranges of mountains with lit faces and snow, and soft hills."""

import numpy as np

from ..canvas import colour, lay, mixed
from ..noise import Field, fractal, fractal_line, resized, smooth_line, smoothstep
from .stage import Stage, fill_below, land_colour


def paint_mountains(stage: Stage, *, foot: float) -> None:
    """Ranges standing on row `foot`, the farthest first and highest."""
    rng = stage.dice.stream("mountains")
    layers = stage.octaves(3, 5)
    tallest = rng.uniform(0.50, 0.74) * foot
    peak = rng.uniform(0.25, 0.75)
    for layer in range(layers):
        depth = layer / layers
        rise = tallest * (1.0 - 0.74 * depth)
        line = foot - _range(stage, rng, rise, peak, layer)
        paint = land_colour(stage, 0.10 + 0.62 * depth)
        mist = mixed(paint, stage.palette.mist, 0.72 - 0.35 * depth)
        first, mask = fill_below(stage, line, paint, mist, fade=foot - line.min())
        _faces(stage, rng, line, first, mask, paint, depth)
        peak = rng.uniform(0.1, 0.9)


def _range(stage: Stage, rng: np.random.Generator, rise: float, peak: float, layer: int) -> Field:
    """Heights above the foot; the first range gathers around one summit."""
    at = np.linspace(0.0, 1.0, stage.width, dtype=np.float32)
    aspect = stage.width / stage.height
    rough = fractal_line(rng, stage.width, 2.2 * aspect + layer, stage.octaves(4, 8), 0.50, ridged=True)
    summit = np.exp(-(((at - peak) * aspect / 0.42) ** 2)) if layer == 0 else 0.4
    line: Field = rise * (0.34 + 0.36 * rough + 0.36 * summit)
    return np.maximum(line, rise * 0.04).astype(np.float32)


def _faces(
    stage: Stage,
    rng: np.random.Generator,
    line: Field,
    first: int,
    mask: Field,
    paint: Field,
    depth: float,
) -> None:
    """Spurs run down from the crest, so a slope met higher up lights what lies below it."""
    rows = np.arange(first, stage.height, 2, dtype=np.float32)[:, None]
    shape = (rows.size, (stage.width + 1) // 2)
    skyline = line[::2]
    below = np.clip(rows - skyline, 0.0, None)
    wander = fractal(rng, shape, (rows.size / 60 / stage.unit, 9), 3)
    columns = np.arange(shape[1], dtype=np.float32)
    source = columns + below * 0.18 * np.sign(wander) + wander * (6.0 * stage.unit + below * 0.30)
    slope = np.gradient(_eased(skyline, 4.0 * stage.unit)).astype(np.float32)
    facing = 1.0 if stage.sun[0] > stage.width / 2 else -1.0
    met = slope[np.clip(source, 0, shape[1] - 1).astype(np.int32)]
    lit = smoothstep(met * facing + 0.10 * wander, -0.30, 0.42)
    _light_faces(stage, lit, below, first, mask, paint, depth)
    if stage.is_snowy or depth < 0.45:
        _snow_caps(stage, lit, below + wander * 26 * stage.unit, first, mask, depth)


def _eased(line: Field, radius: float) -> Field:
    size = max(1, int(radius)) * 2 + 1
    wide = np.pad(line, size // 2, mode="edge")
    return np.convolve(wide, np.full(size, 1.0 / size, np.float32), mode="valid").astype(np.float32)


def _light_faces(
    stage: Stage, lit: Field, below: Field, first: int, mask: Field, paint: Field, depth: float
) -> None:
    fade = np.exp(-below / (stage.height * 0.24)).astype(np.float32)
    tint = mixed(paint, stage.palette.light, 0.24 if stage.palette.is_dark else 0.42)
    strength = 0.85 - 0.4 * depth
    height = mask.shape[0]
    bright = resized(lit * fade * np.float32(strength), mask.shape)
    dark = resized((1.0 - lit) * fade * np.float32(0.30 * strength), mask.shape)
    land = stage.canvas[first : first + height]
    lay(land, tint, bright * mask)
    lay(land, mixed(paint, stage.palette.near, 0.6), dark * mask)


def _snow_caps(
    stage: Stage, lit: Field, below: Field, first: int, mask: Field, depth: float
) -> None:
    top = float(first)
    rows = np.arange(first, stage.height, 2, dtype=np.float32)[:, None]
    reach = stage.height * (0.34 if stage.is_snowy else 0.13) * (1.0 - 0.3 * depth)
    cover = smoothstep(rows - top + below * 0.9, reach * 1.25, reach * 0.75)
    white = mixed(colour("#ffffff"), stage.palette.light, 0.35)
    shadow = mixed(stage.palette.shade, stage.palette.sky[0], 0.35)
    if stage.palette.is_dark:
        white, shadow = mixed(white, stage.palette.far, 0.45), mixed(shadow, stage.palette.far, 0.4)
    paint = shadow + (white - shadow) * resized(lit, mask.shape)[..., None]
    lay(stage.canvas[first:], paint, resized(cover, mask.shape) * mask * np.float32(0.88))


def paint_hills(stage: Stage, *, top: float, bottom: float, layers: int, name: str) -> None:
    """Rolling land between two rows, far to near."""
    rng = stage.dice.stream(name)
    for layer in range(layers):
        depth = (layer + 1) / layers
        middle = top + (bottom - top) * layer / layers
        swing = stage.unit * (26 + 46 * depth)
        line = middle + swing * (
            0.8 * smooth_line(rng, stage.width, 2.0 + rng.random())
            + 0.3 * fractal_line(rng, stage.width, 5, stage.octaves(2, 4))
        )
        paint = land_colour(stage, 0.22 + 0.70 * depth)
        low = mixed(paint, stage.palette.mist, 0.5 * (1.0 - depth) + 0.08)
        crest = mixed(paint, stage.palette.light, 0.20 if stage.palette.is_dark else 0.30)
        first, mask = fill_below(
            stage, line.astype(np.float32), paint, low, fade=(bottom - top) / 2
        )
        _rim(stage, line.astype(np.float32), first, mask, crest)


def _rim(stage: Stage, line: Field, first: int, mask: Field, crest: Field) -> None:
    """The light that grazes the top of a hill."""
    rows = np.arange(first, first + mask.shape[0], dtype=np.float32)[:, None]
    reach = 46.0 * stage.unit
    last = int(min(mask.shape[0], line.max() - first + 3 * reach))
    edge = np.exp(-np.clip(rows[:last] - line, 0.0, None) / reach).astype(np.float32)
    lay(stage.canvas[first : first + last], crest, edge * mask[:last] * np.float32(0.75))
