"""Ranges of mountains, with lit faces and snow."""

from dataclasses import dataclass

import numpy as np

from ..canvas import colour, lay, mixed
from ..noise import Field, fractal, fractal_line, resized, smoothstep
from .stage import Stage, fill_below, land_colour


@dataclass(frozen=True, kw_only=True)
class _Rock:
    """One range as laid down: `mask`, `lit` and `below` start at row `first`.

    `lit` 0..1 is how far a face looks to the light; `below` is the distance in pixels
    under the crest, blurred a little by chance.
    """

    land: Field
    mask: Field
    paint: Field
    depth: float
    lit: Field
    below: Field


def paint_mountains(stage: Stage, *, foot: float) -> None:
    """Ranges standing on row `foot`, the farthest first and highest."""
    rng = stage.dice.stream("mountains")
    layers = stage.octaves(3, 5)
    tallest = rng.uniform(0.50, 0.74) * foot
    peak = rng.uniform(0.25, 0.75)
    for layer in range(layers):
        depth = layer / layers
        rise = tallest * (1.0 - 0.74 * depth)
        line = foot - _crest(stage, rng, rise, peak if layer == 0 else None)
        paint = land_colour(stage, 0.10 + 0.62 * depth)
        mist = mixed(paint, stage.palette.mist, 0.72 - 0.35 * depth)
        first, mask = fill_below(stage, line, paint, mist, fade=foot - line.min())
        last = int(min(mask.shape[0], foot - first + 2))
        _light(stage, _rock(stage, rng, line, first, mask[:last], paint=paint, depth=depth))


def _crest(stage: Stage, rng: np.random.Generator, rise: float, peak: float | None) -> Field:
    """Heights above the foot; with a `peak`, 0..1 across, they gather around one summit."""
    at = np.linspace(0.0, 1.0, stage.width, dtype=np.float32)
    aspect = stage.width / stage.height
    knots = (2.2 if peak else 3.4) * aspect
    rough = fractal_line(rng, stage.width, knots, stage.octaves(4, 8), 0.50, ridged=True)
    summit = 0.4 if peak is None else np.exp(-(((at - peak) * aspect / 0.42) ** 2))
    line = rise * (0.34 + 0.36 * rough + 0.36 * summit)
    crest: Field = np.maximum(line, rise * 0.04).astype(np.float32)
    return crest


def _rock(
    stage: Stage,
    rng: np.random.Generator,
    line: Field,
    first: int,
    mask: Field,
    *,
    paint: Field,
    depth: float,
) -> _Rock:
    """Spurs run down from the crest, so a slope met higher up lights what lies below it."""
    height = mask.shape[0]
    rows = np.arange(first, first + height, 2, dtype=np.float32)[:, None]
    skyline = line[::2]
    shape = (rows.size, skyline.size)
    below = np.clip(rows - skyline, 0.0, None)
    cells = (height / stage.unit / 170, stage.width / stage.unit / 120)
    wander = fractal(rng, shape, cells, stage.octaves(2, 4), 0.55)
    reach = np.clip(below, 0.0, 170.0 * stage.unit)
    broad = np.tanh(5.0 * np.gradient(_eased(skyline, 26.0 * stage.unit))).astype(np.float32)
    source = np.arange(shape[1], dtype=np.float32) - reach * 0.24 * broad
    source = source + wander * (3.0 * stage.unit + 0.11 * reach)
    slope = np.gradient(_eased(skyline, 7.0 * stage.unit)).astype(np.float32)
    facing = 1.0 if stage.sun[0] > stage.width / 2 else -1.0
    met = slope[np.clip(source, 0, shape[1] - 1).astype(np.int32)]
    return _Rock(
        land=stage.canvas[first : first + height],
        mask=mask,
        paint=paint,
        depth=depth,
        lit=smoothstep(met * facing + 0.16 * wander, -0.14, 0.20),
        below=(below + wander * 30 * stage.unit).astype(np.float32),
    )


def _eased(line: Field, radius: float) -> Field:
    size = max(1, int(radius)) * 2 + 1
    wide = np.pad(line, size // 2, mode="edge")
    return np.convolve(wide, np.full(size, 1.0 / size, np.float32), mode="valid").astype(np.float32)


def _light(stage: Stage, rock: _Rock) -> None:
    fade = np.exp(-np.clip(rock.below, 0.0, None) / (stage.height * 0.24)).astype(np.float32)
    fade *= np.float32(0.85 - 0.4 * rock.depth)
    tint = mixed(rock.paint, stage.palette.light, 0.24 if stage.palette.is_dark else 0.42)
    dark = mixed(rock.paint, stage.palette.near, 0.6)
    shape = rock.mask.shape
    lay(rock.land, tint, resized(rock.lit * fade, shape) * rock.mask)
    lay(rock.land, dark, resized((1.0 - rock.lit) * fade * np.float32(0.34), shape) * rock.mask)
    if stage.is_snowy or rock.depth < 0.45:
        _cap(stage, rock)


def _cap(stage: Stage, rock: _Rock) -> None:
    """Snow lies high up: white where it is lit, blue in the shade."""
    rows = np.arange(rock.below.shape[0], dtype=np.float32)[:, None] * 2
    reach = stage.height * (0.34 if stage.is_snowy else 0.13) * (1.0 - 0.3 * rock.depth)
    cover = smoothstep(rows + rock.below * 0.9, reach * 1.2, reach * 0.85)
    white = mixed(colour("#ffffff"), stage.palette.light, 0.35)
    shadow = mixed(stage.palette.shade, stage.palette.sky[0], 0.35)
    if stage.palette.is_dark:
        white, shadow = mixed(white, stage.palette.far, 0.45), mixed(shadow, stage.palette.far, 0.4)
    shape = rock.mask.shape
    paint = shadow + (white - shadow) * resized(rock.lit, shape)[..., None]
    lay(rock.land, paint, resized(cover, shape) * rock.mask * np.float32(0.88))
