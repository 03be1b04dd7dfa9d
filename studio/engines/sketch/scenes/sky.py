"""Sky: the sun or moon and its glow, stars, clouds, northern lights, birds."""

import numpy as np
from PIL import Image, ImageDraw

from ..canvas import colour, lay, mixed, shine
from ..noise import Field, fractal, fractal_line, resized, shifted, smoothstep
from .stage import Stage


def paint_sky(stage: Stage) -> None:
    if stage.palette.is_dark:
        _stars(stage)
    if stage.has("aurora"):
        _aurora(stage)
    _glow(stage)
    if not stage.has("rain", "fog") or stage.has("sun", "moon"):
        _disc(stage)
    _clouds(stage)
    if stage.has("birds"):
        _birds(stage)


def _glow(stage: Stage) -> None:
    """Wide and faint, then close and strong."""
    step = 4
    height, width = stage.height // step + 1, stage.width // step + 1
    rows = np.arange(height, dtype=np.float32)[:, None] * step - stage.sun[1]
    columns = np.arange(width, dtype=np.float32)[None, :] * step - stage.sun[0]
    reach = stage.unit * 1000.0
    distance = np.sqrt(columns**2 + (rows * 1.25) ** 2) / reach
    dim = 0.45 if stage.palette.is_dark else 1.0
    halo = dim * (0.50 * np.exp(-distance / 0.28) + 0.40 * np.exp(-((distance / 0.11) ** 2)))
    shine(stage.canvas, stage.palette.light, resized(halo.astype(np.float32), stage.shape))


def _disc(stage: Stage) -> None:
    rng = stage.dice.stream("disc")
    low_sun = stage.brief.time in ("sunset", "dawn")
    radius = stage.unit * rng.uniform(52, 84) * (1.0 if low_sun else 0.66)
    x, y = stage.sun
    top, left = max(0, int(y - radius - 2)), max(0, int(x - radius - 2))
    patch = stage.canvas[top : int(y + radius + 3), left : int(x + radius + 3)]
    if not patch.size:
        return
    rows = np.arange(top, top + patch.shape[0], dtype=np.float32)[:, None]
    columns = np.arange(left, left + patch.shape[1], dtype=np.float32)[None, :]
    mask = _round(rows, columns, x, y, radius)
    paint = mixed(stage.palette.light, colour("#ffffff"), 0.35)
    if stage.palette.is_dark:
        if stage.has("moon") and rng.random() < 0.5:
            bite = _round(rows, columns, x + radius * 0.5, y - radius * 0.22, radius * 0.92)
            mask = mask * (1.0 - bite)
        craters = fractal(rng, mask.shape, (3, 3), 3)[..., None]
        lay(patch, paint * (0.95 + 0.07 * craters), mask)
        return
    lay(patch, paint, mask * np.float32(0.96))


def _round(rows: Field, columns: Field, x: float, y: float, radius: float) -> Field:
    distance = np.sqrt((columns - x) ** 2 + (rows - y) ** 2)
    mask: Field = np.clip(radius - distance + 0.5, 0.0, 1.0).astype(np.float32)
    return mask


def _stars(stage: Stage) -> None:
    rng = stage.dice.stream("stars")
    bottom = max(8, int(stage.height * 0.85))
    count = int(360 + 700 * stage.detail) * (2 if stage.has("stars") else 1)
    rows = (rng.random(count) ** 1.25 * (bottom - 4)).astype(np.int32) + 2
    columns = rng.integers(2, max(3, stage.width - 2), count)
    power = (0.12 + 0.88 * rng.random(count) ** 7).astype(np.float32)
    power *= (1.0 - rows / bottom).astype(np.float32) ** 0.6
    spark: Field = np.zeros(stage.shape, np.float32)
    np.maximum.at(spark, (rows, columns), power)
    reach = 0.30 + 0.35 * min(stage.unit, 1.6)
    for row, column in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        near = np.clip(power - 0.25, 0.0, 1.0) * np.float32(reach)
        np.maximum.at(spark, (rows + row, columns + column), near)
    if stage.has("stars"):
        _milky_way(stage, rng)
    shine(stage.canvas, colour("#f4f6ff"), spark)


def _milky_way(stage: Stage, rng: np.random.Generator) -> None:
    height, width = stage.height // 4 + 1, stage.width // 4 + 1
    rows = np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None]
    columns = np.linspace(0.0, 1.0, width, dtype=np.float32)[None, :]
    lean, middle = rng.uniform(0.5, 1.1) * rng.choice([-1, 1]), rng.uniform(0.3, 0.7)
    across = columns - middle + lean * (rows - 0.4)
    band = np.exp(-((across / 0.16) ** 2)) * (0.6 + 0.6 * fractal(rng, (height, width), (5, 5), 5))
    dust = np.exp(-((across / 0.05) ** 2)) * (0.5 + fractal(rng, (height, width), (7, 7), 4))
    haze = np.clip(band - 0.6 * np.clip(dust, 0.0, 1.0), 0.0, 1.0).astype(np.float32)
    shine(stage.canvas, colour("#b9b4ea"), resized(haze * np.float32(0.42), stage.shape))


def _aurora(stage: Stage) -> None:
    """Curtains: a wandering foot, light that rises from it and thins out."""
    rng = stage.dice.stream("aurora")
    height, width = stage.height // 2 + 1, stage.width // 2 + 1
    rows = np.arange(height, dtype=np.float32)[:, None] / height
    for tint, foot, reach in (
        ("#4df0a0", 0.50, 0.34),
        ("#3fd8d0", 0.42, 0.3),
        ("#9a6cf0", 0.34, 0.3),
    ):
        line = foot + 0.10 * fractal_line(rng, width, 3, 3)
        rays = 0.62 + 0.38 * fractal_line(rng, width, 40, 3)
        above = (line[None, :] - rows).astype(np.float32)
        curtain = np.exp(-np.clip(above, 0.0, None) / (reach * 0.5)) * smoothstep(
            above, -0.02, 0.03
        )
        light = (curtain * rays * 0.55).astype(np.float32)
        shine(stage.canvas, colour(tint), resized(light, stage.shape))


def _clouds(stage: Stage) -> None:
    """A fractal, cut soft; lit where it is thinner towards the sun."""
    rng = stage.dice.stream("clouds")
    is_overcast = stage.has("clouds", "rain", "snow")
    cover = 0.62 if is_overcast else float(rng.uniform(0.12, 0.46))
    if stage.palette.is_dark and not is_overcast:
        cover *= 0.4
    height, width = max(8, stage.horizon // 3 + 8), stage.width // 3 + 1
    flat = stage.brief.time in ("sunset", "dawn")
    cells = (7.0, 3.0) if flat else (5.0, 3.8)
    thick = fractal(rng, (height, width), cells, stage.octaves(3, 6), 0.52)
    low = 0.5 - cover
    mask = smoothstep(thick, low, low + 0.55)
    x, y = stage.sun[0] / 3, stage.sun[1] / 3
    rows = np.arange(height, dtype=np.float32)[:, None]
    shift = (4 if y < height * 0.5 else -4, 4 if x < width / 2 else -4)
    lit = np.clip(0.5 + 1.5 * (thick - shifted(thick, *shift)), 0.0, 1.0)
    mask *= 0.86 * smoothstep(rows, height * 1.02, height * 0.45)
    band = stage.canvas[: min(stage.height, height * 3)]
    shape = band.shape[:2]
    lit_full, mask_full = (
        resized(lit, (height * 3, stage.width)),
        resized(mask, (height * 3, stage.width)),
    )
    lit_full, mask_full = lit_full[: shape[0]], np.clip(mask_full[: shape[0]], 0.0, 1.0)
    palette = stage.palette
    lay(band, palette.shade + (palette.cloud - palette.shade) * lit_full[..., None], mask_full)


def _birds(stage: Stage) -> None:
    rng = stage.dice.stream("birds")
    scale = 3
    layer = Image.new("L", (stage.width, stage.height))
    x, y = rng.uniform(0.2, 0.7) * stage.width, rng.uniform(0.12, 0.3) * stage.height
    for _ in range(int(rng.integers(6, 14))):
        span = stage.unit * rng.uniform(9, 22)
        sprite = _bird(span, rng.uniform(0.25, 0.6), scale)
        place = (int(x + rng.normal() * 110 * stage.unit), int(y + rng.normal() * 50 * stage.unit))
        layer.paste(255, place, sprite)
    mask = np.asarray(layer, np.uint8).astype(np.float32) / 255.0
    lay(stage.canvas, stage.palette.near, mask * np.float32(0.9))


def _bird(span: float, lift: float, scale: int) -> Image.Image:
    """Two wings as one bent sickle."""
    side = max(4, int(span * 2.4))
    sprite = Image.new("L", (side * scale, side * scale))
    at = np.linspace(-1.0, 1.0, 25)
    upper = -lift * np.sin(np.abs(at) * 2.2) * 0.9
    thick = 0.13 * (1.0 - np.abs(at)) + 0.015
    middle, reach = side * scale / 2, span * scale
    top = [
        (middle + a * reach, middle + (u - t) * reach)
        for a, u, t in zip(at, upper, thick, strict=True)
    ]
    low = [
        (middle + a * reach, middle + (u + t) * reach)
        for a, u, t in zip(at, upper, thick, strict=True)
    ]
    ImageDraw.Draw(sprite).polygon([*top, *reversed(low)], fill=255)
    return sprite.reduce(scale)
