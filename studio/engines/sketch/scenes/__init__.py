"""From a brief to a picture."""

import numpy as np
from PIL import Image

from ..canvas import bloom, colour, graded, lay, mixed, to_image
from ..dice import Dice
from ..noise import Field, smoothstep
from ..palettes import choose_palette
from ..words import Brief
from .abstract import paint_abstract
from .city import paint_city
from .flowers import paint_flowers
from .land import paint_hills
from .mountains import paint_mountains
from .portrait import paint_figures, paint_portrait
from .sky import paint_sky
from .stage import Stage
from .trees import paint_belt, paint_grove
from .water import paint_boat, paint_water
from .weather import fog, rainfall, snowfall

# Strokes and slopes need a few pixels; a smaller picture is cut from one of this side.
_SMALLEST = 32
_LAND = ("lake", "mountains", "sea", "forest", "city", "flowers")


def paint(
    brief: Brief, dice: Dice, *, size: tuple[int, int], detail: float, strength: float
) -> Image.Image:
    """`detail` 0..1 adds octaves and strokes; `strength` 1 and up deepens the colours."""
    width, height = (max(side, _SMALLEST) for side in size)
    palette = choose_palette(brief, dice.stream("palette"))
    stage = Stage(
        brief=brief, dice=dice, palette=palette, height=height, width=width, detail=detail
    )
    _compose(stage)
    _weather(stage)
    _finish(stage)
    stage.canvas = graded(
        stage.canvas,
        saturation=1.04 + 0.06 * (strength - 1.0),
        contrast=1.02 + 0.02 * (strength - 1.0),
    )
    return to_image(stage.canvas).crop((0, 0, *size))


def _compose(stage: Stage) -> None:
    if stage.has("portrait") or (stage.has("person") and not stage.has(*_LAND)):
        scene = _inner_scene(stage) if stage.has(*_LAND, "stars", "aurora") else None
        paint_portrait(stage, scene=scene)
    elif stage.has("abstract") and not stage.has(*_LAND):
        paint_abstract(stage)
    else:
        _landscape(stage)


def _inner_scene(stage: Stage) -> Field:
    _landscape(stage)
    return stage.canvas.copy()


def _landscape(stage: Stage) -> None:
    """Back to front."""
    _place(stage)
    paint_sky(stage)
    _background(stage)
    if stage.has("lake", "sea"):
        paint_water(stage, rough=1.0 if stage.has("sea") else 0.12)
        if stage.has("boat"):
            paint_boat(stage)
    _foreground(stage)


def _place(stage: Stage) -> None:
    rng = stage.dice.stream("place")
    has_water = stage.has("lake", "sea")
    low, high = (0.46, 0.62) if has_water else (0.58, 0.72)
    if stage.has("flowers"):
        low, high = 0.40, 0.52
    if stage.has("city") and not has_water:
        low, high = 0.86, 0.94
    stage.horizon = int(stage.height * rng.uniform(low, high))
    is_low = stage.brief.time in ("sunset", "dawn")
    height = rng.uniform(0.62, 0.84) if is_low else rng.uniform(0.20, 0.42)
    if is_low and stage.has("mountains", "forest", "city"):
        height = rng.uniform(0.42, 0.62)
    side = rng.choice((rng.uniform(0.20, 0.42), rng.uniform(0.58, 0.80)))
    stage.sun = (float(side * stage.width), float(height * stage.horizon))


def _background(stage: Stage) -> None:
    foot = stage.horizon
    if stage.has("mountains"):
        paint_mountains(stage, foot=foot * (1.0 if stage.has("lake", "sea") else 1.08))
    elif not stage.has("city", "sea"):
        paint_hills(stage, top=foot * 0.82, bottom=foot * 1.0, layers=2, name="far-hills")
    if stage.has("city"):
        paint_city(stage, foot=foot)
    if stage.has("forest"):
        _woods(stage)
    elif stage.has("lake") and not stage.has("city"):
        _shore(stage)


def _woods(stage: Stage) -> None:
    """Belts from the far to the near; over water they all stand on the shore."""
    has_water = stage.has("lake", "sea")
    layers = stage.octaves(3, 5)
    end = stage.horizon if has_water else stage.height
    for layer in range(layers):
        depth = (layer + 1) / layers
        base = stage.horizon * 0.90 + (end - stage.horizon * 0.90) * depth**1.3
        size = stage.unit * (70 + (90 if has_water else 300) * depth)
        if has_water and depth == 1.0:
            base = stage.horizon - 2 * stage.unit
        near = 0.25 + (0.45 if has_water else 0.72) * depth
        if stage.brief.season in ("autumn", "spring") and layer % 2 == 0 and not stage.is_snowy:
            paint_grove(stage, base=base, size=size * 0.8, depth=near, name=f"grove-{layer}")
        paint_belt(
            stage,
            base=base,
            size=size,
            depth=near,
            name=f"belt-{layer}",
            fade=0.75 * (1.0 - near) + 0.2,
        )


def _shore(stage: Stage) -> None:
    size = stage.unit * 62
    base = stage.horizon - 2 * stage.unit
    if stage.brief.season in ("autumn", "spring") and not stage.is_snowy:
        paint_grove(stage, base=base, size=size * 1.1, depth=0.6, name="shore-grove")
    paint_belt(stage, base=base, size=size, depth=0.62, name="shore", fade=0.25)


def _foreground(stage: Stage) -> None:
    if stage.has("flowers"):
        _flower_ground(stage)
    elif stage.has("lake", "sea"):
        _near_bank(stage)
    elif stage.has("city"):
        top = stage.horizon - 34 * stage.unit
        paint_hills(stage, top=top, bottom=stage.height * 1.1, layers=1, name="park")
        paint_belt(
            stage, base=stage.height, size=76 * stage.unit, depth=1.0, name="avenue", fade=0.0
        )
    elif not stage.has("forest"):
        paint_hills(
            stage, top=stage.horizon * 1.04, bottom=stage.height, layers=3, name="near-hills"
        )
        _lone_trees(stage)
    if stage.has("person"):
        paint_figures(stage, foot=stage.height * 0.95)


def _flower_ground(stage: Stage) -> None:
    over_water = stage.has("lake", "sea")
    top = stage.horizon + (stage.height - stage.horizon) * (0.58 if over_water else 0.02)
    paint_hills(stage, top=top, bottom=top + 60 * stage.unit, layers=1, name="meadow")
    paint_flowers(stage, top=top + 26 * stage.unit)


def _near_bank(stage: Stage) -> None:
    rng = stage.dice.stream("bank")
    if stage.has("person"):
        paint_hills(stage, top=stage.height * 0.94, bottom=stage.height, layers=1, name="bank")
    elif stage.has("lake") and rng.random() < 0.8:
        size, base = stage.unit * rng.uniform(300, 430), stage.height * 1.02
        paint_belt(stage, base=base, size=size, depth=1.0, name="near-belt", fade=0.0, frame=0.8)


def _lone_trees(stage: Stage) -> None:
    """A wood at the foot of the range, and taller trees that frame the view."""
    unit, height = stage.unit, stage.height
    middle = stage.horizon + (height - stage.horizon) * 0.36
    paint_belt(stage, base=middle, size=62 * unit, depth=0.60, name="far-belt", fade=0.4)
    middle = stage.horizon + (height - stage.horizon) * 0.66
    paint_hills(stage, top=middle, bottom=height, layers=1, name="clearing")
    if stage.brief.season and not stage.is_snowy:
        paint_grove(stage, base=height * 0.97, size=130 * unit, depth=0.9, name="near-grove")
    size = 340 * unit
    paint_belt(
        stage, base=height * 1.01, size=size, depth=0.98, name="near-belt", fade=0.0, frame=0.78
    )


def _weather(stage: Stage) -> None:
    rng = stage.dice.stream("weather")
    veil = mixed(stage.palette.mist, stage.palette.cloud, 0.3)
    if stage.has("fog"):
        lay(stage.canvas, veil, fog(rng, stage.shape, amount=0.72))
    if stage.has("rain"):
        lay(stage.canvas, veil, fog(rng, stage.shape, amount=0.45))
        tint = mixed(stage.palette.mist, colour("#ffffff"), 0.35)
        lay(stage.canvas, tint, rainfall(rng, stage.shape, amount=1.0))
    if stage.has("snow"):
        white = mixed(colour("#ffffff"), stage.palette.mist, 0.12)
        lay(stage.canvas, white, snowfall(rng, stage.shape, amount=1.0))


def _finish(stage: Stage) -> None:
    """A little glow, and corners a touch darker, to hold the eye."""
    if not stage.has("abstract", "portrait"):
        bloom(stage.canvas, above=0.78, strength=0.22, radius=26 * stage.unit)
    rows = np.linspace(-1.0, 1.0, stage.height, dtype=np.float32)[:, None]
    columns = np.linspace(-1.0, 1.0, stage.width, dtype=np.float32)[None, :]
    corner = smoothstep(np.sqrt(rows**2 + columns**2), 0.75, 1.5)
    stage.canvas *= (1.0 - 0.22 * corner)[..., None]
