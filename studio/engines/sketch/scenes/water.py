"""Water: what stands above it, turned over and broken by ripples that grow near."""

import numpy as np
from PIL import Image, ImageDraw

from ..canvas import colour, lay, mixed, shine, stamp
from ..noise import Field, resized, smoothstep
from .stage import Stage


def paint_water(stage: Stage, *, rough: float) -> None:
    """`rough` 0 is a mirror, 1 an open sea."""
    rng = stage.dice.stream("water")
    horizon = stage.horizon
    height = stage.height - horizon
    if height < 4:
        return
    ripple = _ripples(stage, rng, height)
    depth = np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None]
    _reflect(stage, ripple, depth, rough)
    water = stage.canvas[horizon:]
    veil = 0.10 + (0.42 + 0.28 * rough) * depth ** (1.0 - 0.4 * rough)
    lay(water, stage.palette.water, np.broadcast_to(veil.astype(np.float32), ripple.shape))
    _glints(stage, water, ripple, depth, rough)
    _far_shore(stage, water)


def _ripples(stage: Stage, rng: np.random.Generator, height: int) -> Field:
    """Long across, and closer together with distance: rows are read through a perspective."""
    total: Field = np.zeros((height, stage.width), np.float32)
    away = np.linspace(0.03, 1.0, height, dtype=np.float32)
    place = np.log(away / away[0])
    place *= 1.0 / place[-1]
    for lines, columns, weight in ((34, 5, 0.5), (80, 12, 0.32), (170, 30, 0.22)):
        count = int(lines * (0.6 + 0.6 * stage.detail))
        texture = rng.random((count + 2, int(columns * stage.width / stage.height) + 3), np.float32)
        wide = resized(texture * 2.0 - 1.0, (count + 2, stage.width))
        at = place * count
        row = at.astype(np.int32)
        part = (at - row)[:, None]
        part = part * part * (3.0 - 2.0 * part)
        total += weight * (wide[row] * (1.0 - part) + wide[row + 1] * part)
    return total


def _reflect(stage: Stage, ripple: Field, depth: Field, rough: float) -> None:
    horizon, height = stage.horizon, ripple.shape[0]
    stretch = min(1.15, (horizon - 1) / height)
    swing = stage.unit * (3.0 + (26.0 + 30.0 * rough) * depth)
    rows = horizon - 1 - np.arange(height, dtype=np.float32)[:, None] * stretch + ripple * swing
    sway = (ripple * stage.unit * 7.0 * (0.2 + depth)).astype(np.int32)
    columns = np.clip(np.arange(stage.width)[None, :] + sway, 0, stage.width - 1)
    stage.canvas[horizon:] = stage.canvas[np.clip(rows, 0, horizon - 1).astype(np.int32), columns]


def _glints(stage: Stage, water: Field, ripple: Field, depth: Field, rough: float) -> None:
    palette = stage.palette
    slope = ripple - np.roll(ripple, max(1, int(2 * stage.unit)), axis=0)
    crest = smoothstep(ripple, 0.22, 0.62)
    trough = smoothstep(ripple, -0.15, -0.6)
    sky = mixed(palette.sky[-1], palette.light, 0.3)
    lay(water, sky, crest * (0.07 + 0.16 * rough + 0.08 * depth))
    lay(
        water,
        palette.water * np.float32(0.72),
        trough * (0.12 + 0.30 * rough) * (0.4 + 0.6 * depth),
    )
    away = np.abs(np.arange(stage.width, dtype=np.float32) - stage.sun[0])[None, :]
    spread = stage.unit * (38.0 + 150.0 * depth)
    column = np.exp(-((away / spread) ** 2)).astype(np.float32)
    spark = smoothstep(ripple + 1.6 * slope + 0.55 * column, 0.52, 0.86) * column
    shine(water, palette.light, spark * np.float32(0.55 if palette.is_dark else 0.85))


def _far_shore(stage: Stage, water: Field) -> None:
    """A breath of mist where the water meets the land."""
    reach = max(2, int(16 * stage.unit))
    rows = np.arange(min(reach * 4, water.shape[0]), dtype=np.float32)[:, None]
    haze = np.exp(-rows / reach).astype(np.float32) * np.float32(0.55)
    lay(water[: rows.size], stage.palette.mist, np.broadcast_to(haze, (rows.size, stage.width)))


def paint_boat(stage: Stage) -> None:
    """One sail, and its broken likeness beneath."""
    rng = stage.dice.stream("boat")
    scale, size = 3, stage.unit * rng.uniform(70, 120)
    side = int(size * 2)
    hull, sail = (Image.new("L", (side * scale, side * scale)) for _ in range(2))
    reach, middle = size * scale, side * scale / 2

    def points(*pairs: tuple[float, float]) -> list[tuple[float, float]]:
        return [(middle + x * reach, middle + y * reach) for x, y in pairs]

    ImageDraw.Draw(hull).polygon(
        points((-0.34, 0.0), (0.36, 0.0), (0.27, 0.10), (-0.24, 0.10)), fill=255
    )
    ImageDraw.Draw(hull).line(points((0.0, 0.02), (0.0, -0.86)), fill=255, width=max(2, scale))
    pen = ImageDraw.Draw(sail)
    pen.polygon(points((0.03, -0.84), (0.34, -0.12), (0.03, -0.06)), fill=255)
    pen.polygon(points((-0.03, -0.74), (-0.26, -0.10), (-0.03, -0.06)), fill=205)
    x = float(
        np.clip(stage.sun[0] + rng.uniform(-0.3, 0.3) * stage.width, side, stage.width - side)
    )
    y = stage.horizon + rng.uniform(0.12, 0.3) * (stage.height - stage.horizon)
    left, top = int(x - side / 2), int(y - side / 2)
    white = mixed(stage.palette.cloud, colour("#ffffff"), 0.0 if stage.palette.is_dark else 0.5)
    for sprite, paint in ((hull, stage.palette.near), (sail, white)):
        mask = np.asarray(sprite.reduce(scale), np.uint8).astype(np.float32) / 255.0
        stamp(stage.canvas, paint, mask, left=left, top=top)
        mirrored = np.roll(mask[::-1], int(size * 0.2), axis=0) * np.float32(0.4)
        stripes = 0.55 + 0.45 * np.sin(
            np.arange(side, dtype=np.float32) * 0.9 / max(stage.unit, 0.3)
        )
        stamp(stage.canvas, paint, mirrored * stripes[:, None], left=left, top=top)
