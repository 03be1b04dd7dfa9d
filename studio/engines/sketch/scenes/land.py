"""Soft hills, one behind the other."""

import numpy as np

from ..canvas import lay, mixed
from ..noise import Field, fractal_line, smooth_line
from .stage import Stage, fill_below, land_colour


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
