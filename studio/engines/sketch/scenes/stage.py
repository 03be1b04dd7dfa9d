"""What every painter of a scene shares: the canvas, the brief, the light and the dice."""

from dataclasses import dataclass, field

import numpy as np

from ..canvas import colour, gradient, lay, mixed
from ..dice import Dice
from ..noise import Field
from ..palettes import Palette
from ..words import Brief


@dataclass(kw_only=True)
class Stage:
    """`horizon` is a row; `sun` is (x, y) in pixels; `detail` is 0..1 and grows with steps."""

    brief: Brief
    dice: Dice
    palette: Palette
    height: int
    width: int
    detail: float
    horizon: int = 0
    sun: tuple[float, float] = (0.0, 0.0)
    canvas: Field = field(init=False, repr=False)

    def __post_init__(self) -> None:
        sky = gradient(self.palette.sky, self.height)
        self.canvas = np.repeat(sky, self.width, axis=1)

    @property
    def unit(self) -> float:
        """One thousandth of the shorter side, so strokes keep their look at every size."""
        return min(self.height, self.width) / 1000.0

    @property
    def shape(self) -> tuple[int, int]:
        return self.height, self.width

    def octaves(self, least: int, most: int) -> int:
        return round(least + (most - least) * self.detail)

    def has(self, *concepts: str) -> bool:
        brief = self.brief
        named = {*brief.subjects, *brief.details, *brief.weathers, brief.season, brief.time}
        return bool(named & set(concepts))

    @property
    def is_snowy(self) -> bool:
        return "snow" in self.brief.weathers


def land_colour(stage: Stage, depth: float) -> Field:
    """Air lies between: `depth` 0 is the farthest land, 1 the nearest."""
    palette = stage.palette
    paint = mixed(palette.far, palette.near, depth**0.9)
    if stage.brief.season == "autumn" and not stage.is_snowy:
        return mixed(paint, colour("#8a4420"), 0.30 * depth * (0.4 if palette.is_dark else 1.0))
    if stage.brief.season in ("spring", "summer") and not stage.is_snowy:
        return mixed(paint, colour("#3c7a3a"), 0.30 * depth * (0.3 if palette.is_dark else 1.0))
    if stage.is_snowy:
        snow = mixed(palette.mist, colour("#f4f8ff"), 0.25 if palette.is_dark else 0.75)
        return mixed(paint, snow, 0.62)
    return paint


def fill_below(
    stage: Stage, line: Field, top: Field, bottom: Field, *, fade: float
) -> tuple[int, Field]:
    """Fill under a skyline, from `top` to `bottom` colour over `fade` pixels.

    Returns the first row touched and the mask from there on, for whoever adds texture.
    """
    first = int(np.clip(np.floor(line.min()) - 2, 0, stage.height - 1))
    rows = np.arange(first, stage.height, dtype=np.float32)[:, None]
    steepness = np.sqrt(1.0 + np.gradient(line) ** 2).astype(np.float32)
    mask = np.clip((rows - line) / steepness + 0.5, 0.0, 1.0)
    part = np.clip((rows - line.min()) / max(fade, 1.0), 0.0, 1.0)[..., None]
    lay(stage.canvas[first:], top + (bottom - top) * part, mask)
    return first, mask
