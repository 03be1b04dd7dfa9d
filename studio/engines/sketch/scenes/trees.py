"""Trees: belts of conifers as silhouettes, and crowns of leaves."""

import numpy as np
from PIL import Image, ImageDraw

from ..canvas import colour, lay, mixed, stamp
from ..noise import Field, fractal, fractal_line, smoothstep
from .stage import Stage, land_colour

_SCALE = 2
_LEAVES = {
    "autumn": ("#e0842c", "#c4502a", "#e8b23c", "#a83a2c", "#d96a2a"),
    "spring": ("#f2b6c6", "#e896b4", "#f8d0d8", "#9cc06a", "#f4c2cc"),
    "": ("#5f9a4a", "#3f7f4c", "#7fae4e", "#2f6b4c", "#8fb85a"),
}


def paint_belt(
    stage: Stage,
    *,
    base: float,
    size: float,
    depth: float,
    name: str,
    fade: float,
    frame: float = 0.0,
) -> None:
    """Conifers on a wavering line at row `base`, `size` pixels tall, paler with distance.

    `fade` 0..1: how far their feet sink into the mist. `frame` 0..1: how much smaller they
    are in the middle of the picture than at one side of it.
    """
    rng = stage.dice.stream(name)
    ground = base + size * 0.14 * fractal_line(rng, stage.width, 3, 3)
    top = int(max(0, base - size * 1.7))
    bottom = stage.height
    sizes = size * _framing(stage, rng, frame)
    mask = _silhouettes(stage, rng, ground, sizes, top)
    rows = np.arange(top, bottom, dtype=np.float32)[:, None, None]
    paint = land_colour(stage, depth)
    if stage.is_snowy:
        paint = mixed(paint, stage.palette.near, 0.45)
    part = np.clip((rows - (base - size)) / (size * 1.5), 0.0, 1.0) * fade
    lay(stage.canvas[top:bottom], paint + (stage.palette.mist - paint) * part, mask)


def _framing(stage: Stage, rng: np.random.Generator, frame: float) -> Field:
    """1 at the heavier side, falling towards a clearing off the middle."""
    clearing = rng.uniform(0.56, 0.72) if rng.random() < 0.5 else rng.uniform(0.28, 0.44)
    at = np.abs(np.linspace(0.0, 1.0, stage.width, dtype=np.float32) - np.float32(clearing))
    return 1.0 - np.float32(frame) * (1.0 - smoothstep(at, 0.10, 0.60))


def _silhouettes(
    stage: Stage, rng: np.random.Generator, ground: Field, sizes: Field, top: int
) -> Field:
    """At twice the resolution, on ground filled down to the bottom edge."""
    sheet = Image.new("L", (stage.width * _SCALE, (stage.height - top) * _SCALE))
    pen = ImageDraw.Draw(sheet)
    at = np.arange(stage.width, dtype=np.float32)
    edge = [(0.0, sheet.height), *zip(at[::4] * _SCALE, (ground[::4] - top) * _SCALE, strict=True)]
    pen.polygon([*edge, (sheet.width, (float(ground[-1]) - top) * _SCALE), sheet.size], fill=255)
    clump = fractal_line(rng, stage.width, 6, 3)
    x = -0.1 * float(sizes[0])
    while x < stage.width + 0.1 * float(sizes[-1]):
        column = int(np.clip(x, 0, stage.width - 1))
        size = float(sizes[column])
        spacing = size * (0.13 + 0.09 * (1.0 - stage.detail))
        tall = size * (0.72 + 0.34 * float(clump[column])) * rng.uniform(0.62, 1.18)
        foot = (float(ground[column]) - top + size * 0.08) * _SCALE
        pen.polygon(
            _conifer(rng, (x + rng.normal() * spacing * 0.4) * _SCALE, foot, tall * _SCALE),
            fill=255,
        )
        x += spacing
    return np.asarray(sheet.reduce(_SCALE), np.uint8).astype(np.float32) / 255.0


def _conifer(
    rng: np.random.Generator, x: float, foot: float, tall: float
) -> list[tuple[float, float]]:
    """Drooping tiers, wider towards the foot, with ragged tips."""
    tiers = int(np.clip(tall / 14, 4, 13))
    spread = tall * rng.uniform(0.15, 0.22)
    left, right = [(x, foot - tall)], []
    for tier in range(1, tiers + 1):
        part = tier / tiers
        y = foot - tall * (1.0 - 0.93 * part)
        wide = spread * part**0.85
        out = rng.uniform(0.82, 1.12, 2) * wide
        left += [(x - out[0], y), (x - wide * 0.48, y - tall * 0.018)]
        right += [(x + out[1], y), (x + wide * 0.48, y - tall * 0.018)]
    trunk = tall * 0.016
    return [*left, (x - trunk, foot), (x + trunk, foot), *reversed(right)]


def paint_grove(stage: Stage, *, base: float, size: float, depth: float, name: str) -> None:
    """Broad-leaved trees in the colours of the season."""
    rng = stage.dice.stream(name)
    sprites = [_crown(rng, max(16, int(size)), stage.octaves(2, 5)) for _ in range(4)]
    palette = _LEAVES.get(stage.brief.season, _LEAVES[""])
    shadow = mixed(land_colour(stage, depth), stage.palette.near, 0.4)
    xs = np.arange(-0.2 * size, stage.width + 0.2 * size, size * 0.33)
    for x in rng.permutation(xs):
        side = int(size * rng.uniform(0.62, 1.15))
        mask, lit = (
            np.asarray(Image.fromarray(part).resize((side, side), Image.Resampling.BILINEAR))
            for part in sprites[int(rng.integers(4))]
        )
        leaf = colour(palette[int(rng.integers(len(palette)))])
        leaf = mixed(leaf, stage.palette.far, (1.0 - depth) * 0.7)
        leaf = mixed(leaf, stage.palette.near, 0.72 if stage.palette.is_dark else 0.10)
        bright = mixed(leaf, stage.palette.light, 0.32)
        dark = mixed(leaf, shadow, 0.62)
        paint = dark + (bright - dark) * lit[..., None]
        top = base - side * rng.uniform(0.78, 0.95)
        stamp(stage.canvas, paint, mask, left=int(x - side / 2), top=int(top))


def _crown(rng: np.random.Generator, side: int, octaves: int) -> tuple[Field, Field]:
    """A cloud of leaves on a trunk: its mask, and where the light falls."""
    at = np.linspace(-1.0, 1.0, side, dtype=np.float32)
    rows, columns = at[:, None], at[None, :]
    rough = fractal(rng, (side, side), (5, 5), octaves, 0.68)
    far = np.sqrt((columns / 0.80) ** 2 + ((rows + 0.18) / 0.74) ** 2)
    crown = smoothstep(far + 0.26 * rough, 0.99, 0.90)
    trunk = smoothstep(np.abs(columns + 0.04 * rough), 0.06, 0.035) * (rows > 0.2)
    lit = np.clip(0.46 - 0.46 * rows - 0.30 * columns + 0.72 * rough, 0.0, 1.0) * crown
    return np.maximum(crown, trunk).astype(np.float32), lit.astype(np.float32)
