"""A portrait in profile: a silhouette with a rim of light, or a landscape within it."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from ..canvas import colour, gradient, lay, mixed, shine
from ..noise import Field, fractal, resized, smoothstep, softened
from .stage import Stage

# A head and shoulders that look right; x to the right and y down, one unit tall.
_FACE = (
    (0.560, 0.168), (0.612, 0.200), (0.652, 0.250), (0.668, 0.300), (0.676, 0.332),
    (0.668, 0.358), (0.682, 0.392), (0.712, 0.432), (0.722, 0.452), (0.700, 0.468),
    (0.688, 0.478), (0.700, 0.500), (0.694, 0.514), (0.688, 0.519), (0.696, 0.536),
    (0.680, 0.556), (0.676, 0.570), (0.682, 0.598), (0.660, 0.626), (0.610, 0.636),
    (0.566, 0.650), (0.548, 0.690), (0.552, 0.744), (0.600, 0.782), (0.700, 0.822),
    (0.780, 0.880), (0.820, 1.030),
)  # fmt: skip
_BACK = (
    (0.100, 1.030), (0.140, 0.900), (0.230, 0.820), (0.330, 0.772), (0.382, 0.716),
    (0.392, 0.640), (0.356, 0.570), (0.308, 0.480), (0.288, 0.380), (0.310, 0.270),
    (0.380, 0.190), (0.470, 0.155),
)  # fmt: skip
_HAIR: dict[str, tuple[tuple[float, float], ...]] = {
    "long": (
        (0.575, 0.160), (0.470, 0.118), (0.350, 0.150), (0.268, 0.250), (0.245, 0.390),
        (0.250, 0.540), (0.215, 0.680), (0.190, 0.800), (0.215, 0.880), (0.300, 0.850),
        (0.380, 0.800), (0.425, 0.700), (0.450, 0.580), (0.480, 0.450), (0.540, 0.320),
        (0.610, 0.235), (0.628, 0.205),
    ),
    "bob": (
        (0.585, 0.165), (0.480, 0.112), (0.350, 0.140), (0.262, 0.240), (0.235, 0.380),
        (0.245, 0.520), (0.262, 0.615), (0.330, 0.650), (0.420, 0.640), (0.470, 0.560),
        (0.500, 0.440), (0.560, 0.320), (0.628, 0.250), (0.632, 0.205),
    ),
    "bun": (
        (0.590, 0.170), (0.490, 0.122), (0.380, 0.142), (0.300, 0.210), (0.278, 0.340),
        (0.320, 0.460), (0.390, 0.540), (0.440, 0.480), (0.520, 0.330), (0.610, 0.235),
        (0.628, 0.205),
    ),
    "short": (
        (0.650, 0.215), (0.610, 0.140), (0.500, 0.098), (0.380, 0.120), (0.296, 0.200),
        (0.270, 0.330), (0.300, 0.450), (0.350, 0.540), (0.390, 0.520), (0.430, 0.430),
        (0.500, 0.330), (0.600, 0.250),
    ),
}  # fmt: skip
_BACKDROPS = (
    ("#f6b89c", "#e2725b", "#fff0dc", "#2a1a3a"),
    ("#8fb8c8", "#35627e", "#fdf1d8", "#10243a"),
    ("#f3cf7a", "#e08e3c", "#fff8e0", "#37202c"),
    ("#c7b3e0", "#7a5ea8", "#ffe6ee", "#1f1640"),
    ("#9fc7a6", "#3f7a68", "#fdf6d8", "#12302e"),
    ("#f0a6b8", "#b8456c", "#fff0e6", "#30122e"),
)


@dataclass(frozen=True, kw_only=True)
class _Inks:
    """Backdrop from `light` to `deep`, the `glow` behind, and the `ink` of the silhouette."""

    light: Field
    deep: Field
    glow: Field
    ink: Field


def paint_portrait(stage: Stage, *, scene: Field | None) -> None:
    """`scene` fills the silhouette, as a double exposure does; None leaves it dark."""
    rng = stage.dice.stream("portrait")
    inks = _inks(rng, is_dark=stage.palette.is_dark)
    facing_left = bool(rng.random() < 0.5)
    head, hair = _silhouette(stage, rng, facing_left)
    _backdrop(stage, rng, inks, left=facing_left)
    _fill(stage, rng, np.maximum(head, hair), inks, scene)
    if scene is None:
        _strands(stage, rng, hair, head, inks, left=facing_left)
    _rim(stage, np.maximum(head, hair), inks.glow, facing_left, 1.0 if scene is None else 0.7)


def _inks(rng: np.random.Generator, *, is_dark: bool) -> _Inks:
    codes = _BACKDROPS[int(rng.integers(len(_BACKDROPS)))]
    light, deep, glow, ink = (colour(code) for code in codes)
    if is_dark:
        light, deep = mixed(light, ink, 0.60), mixed(deep, ink, 0.78)
    return _Inks(light=light, deep=deep, glow=glow, ink=ink)


def _backdrop(stage: Stage, rng: np.random.Generator, inks: _Inks, *, left: bool) -> None:
    light, deep, glow = inks.light, inks.deep, inks.glow
    stage.canvas[:] = gradient([mixed(light, glow, 0.25), light, deep], stage.height)
    small = (stage.height // 4 + 1, stage.width // 4 + 1)
    clouds = 0.5 + 0.5 * fractal(rng, small, (2, 2), stage.octaves(2, 4))
    lay(stage.canvas, deep, resized((0.32 * clouds).astype(np.float32), stage.shape))
    reach = min(stage.height, stage.width) * rng.uniform(0.30, 0.37)
    x = stage.width * 0.5 + (-1 if left else 1) * stage.unit * rng.uniform(40, 120)
    y = stage.height * rng.uniform(0.36, 0.44)
    rows = np.arange(stage.height, dtype=np.float32)[:, None] - y
    columns = np.arange(stage.width, dtype=np.float32)[None, :] - x
    far = np.sqrt(rows**2 + columns**2)
    shine(stage.canvas, glow, np.exp(-((far / (reach * 1.7)) ** 2)) * np.float32(0.5))
    disc = np.clip(reach - far + 0.5, 0.0, 1.0)
    tint = mixed(glow, light, 0.25)
    lay(stage.canvas, tint, disc * (0.92 - 0.28 * np.clip(rows / reach, -1.0, 1.0)))


def _silhouette(stage: Stage, rng: np.random.Generator, left: bool) -> tuple[Field, Field]:
    style = str(rng.choice(sorted(_HAIR)))
    head = [_smooth_curve([*_FACE, *_BACK])]
    hair = [_smooth_curve(list(_HAIR[style]))]
    if style == "bun":
        angle = np.linspace(0.0, 2 * np.pi, 40)
        ball = np.stack([0.262 + 0.082 * np.cos(angle), 0.215 + 0.078 * np.sin(angle)], -1)
        hair.append(ball.astype(np.float32))
    return _drawn(stage, head, left), _drawn(stage, hair, left)


def _smooth_curve(points: list[tuple[float, float]]) -> Field:
    """A closed Catmull-Rom curve through the points."""
    knots = np.array(points)
    before, after, second = np.roll(knots, 1, 0), np.roll(knots, -1, 0), np.roll(knots, -2, 0)
    t = np.linspace(0.0, 1.0, 10, endpoint=False)[None, :, None]
    a, b, c, d = (part[:, None, :] for part in (before, knots, after, second))
    curve = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    closed: Field = curve.reshape(-1, 2).astype(np.float32)
    return closed


def _drawn(stage: Stage, outlines: list[Field], left: bool) -> Field:
    scale = 2
    sheet = Image.new("L", (stage.width * scale, stage.height * scale))
    pen = ImageDraw.Draw(sheet)
    tall = min(stage.height, stage.width * 1.25) * 0.92
    for outline in outlines:
        x = (outline[:, 0] - 0.47) * (-1 if left else 1) * tall + stage.width / 2
        y = (outline[:, 1] - 1.0) * tall + stage.height
        pen.polygon(
            [(float(a) * scale, float(b) * scale) for a, b in zip(x, y, strict=True)], fill=255
        )
    return np.asarray(sheet.reduce(scale), np.uint8).astype(np.float32) / 255.0


def _fill(
    stage: Stage,
    rng: np.random.Generator,
    mask: Field,
    inks: _Inks,
    scene: Field | None,
) -> None:
    ink, deep = inks.ink, inks.deep
    if scene is None:
        ramp = gradient([mixed(ink, deep, 0.30), ink, mixed(ink, deep, 0.12)], stage.height)
        lay(stage.canvas, np.broadcast_to(ramp, stage.canvas.shape), mask)
        return
    small = (stage.height // 4 + 1, stage.width // 4 + 1)
    drift = resized(fractal(rng, small, (3, 3), 4), stage.shape)
    rows = np.linspace(0.0, 1.0, stage.height, dtype=np.float32)[:, None]
    fade = smoothstep(rows + 0.10 * drift, 1.04, 0.80)
    lay(stage.canvas, scene, mask * (0.25 + 0.75 * fade))


def _strands(
    stage: Stage,
    rng: np.random.Generator,
    hair: Field,
    head: Field,
    inks: _Inks,
    *,
    left: bool,
) -> None:
    """Hair a little apart from the skin, combed in arcs around the face."""
    lay(stage.canvas, mixed(inks.ink, inks.deep, 0.42), head * (1.0 - hair) * np.float32(0.55))
    tall = min(stage.height, stage.width * 1.25) * 0.92
    x = stage.width / 2 + 0.12 * (-1 if left else 1) * tall
    y = stage.height - 0.50 * tall
    rows = np.arange(stage.height, dtype=np.float32)[:, None] - np.float32(y)
    columns = np.arange(stage.width, dtype=np.float32)[None, :] - np.float32(x)
    away = np.sqrt((columns * 1.25) ** 2 + (rows * 0.72) ** 2) / np.float32(tall)
    combed = rng.random(420, dtype=np.float32)
    at = np.clip(away * 520.0, 0, 418)
    whole = at.astype(np.int32)
    part = (at - whole).astype(np.float32)
    tone: Field = combed[whole] + (combed[whole + 1] - combed[whole]) * part
    sheen = np.exp(-(((away - 0.34) / 0.16) ** 2)).astype(np.float32)
    light = smoothstep(tone, 0.35, 1.0) * (0.16 + 0.40 * sheen) * hair
    lay(stage.canvas, mixed(inks.deep, inks.glow, 0.25), light * np.float32(0.55))


def _rim(stage: Stage, mask: Field, glow: Field, left: bool, strength: float) -> None:
    """Light from the side that the face looks to: what a shifted copy does not cover."""
    for reach, power in ((26.0, 0.34), (7.0, 0.85)):
        wide = reach * stage.unit
        shift = (round(wide * 0.35), round(wide * 0.8) * (1 if left else -1))
        covered = np.roll(softened(mask, max(1.0, wide * 0.6)), shift, (0, 1))
        edge = np.clip(mask - covered, 0.0, 1.0) * mask
        shine(stage.canvas, glow, (edge * np.float32(power * strength)).astype(np.float32))


def paint_figures(stage: Stage, *, foot: float) -> None:
    """People, small in the land: they give it its scale."""
    rng = stage.dice.stream("figures")
    scale = 4
    tall = stage.unit * rng.uniform(92, 124)
    x = stage.width * rng.choice((0.30, 0.36, 0.64, 0.70))
    for index in range(int(rng.integers(1, 3))):
        size = tall * (1.0 - 0.08 * index)
        side = int(size * 1.1)
        sheet = Image.new("L", (side * scale, side * scale))
        _figure(ImageDraw.Draw(sheet), side * scale, size * scale)
        mask = np.asarray(sheet.reduce(scale), np.uint8).astype(np.float32) / 255.0
        left, top = int(x - side / 2 + index * size * 0.36), int(foot - side)
        patch = stage.canvas[top : top + side, left : left + side]
        lay(patch, stage.palette.near * np.float32(0.8), mask[: patch.shape[0], : patch.shape[1]])


def _figure(pen: ImageDraw.ImageDraw, side: float, size: float) -> None:
    middle = side / 2

    def at(x: float, y: float) -> tuple[float, float]:
        return middle + x * size, side - size + y * size

    pen.ellipse((*at(-0.062, 0.02), *at(0.062, 0.155)), fill=255)
    coat = [at(*p) for p in ((-0.05, 0.16), (0.05, 0.16), (0.125, 0.21), (0.15, 0.52), (0.16, 0.70),
                             (-0.16, 0.70), (-0.15, 0.52), (-0.125, 0.21))]  # fmt: skip
    pen.polygon(coat, fill=255)
    for x in (-0.075, 0.02):
        pen.polygon(
            [at(x, 0.68), at(x + 0.06, 0.68), at(x + 0.052, 1.0), at(x + 0.004, 1.0)], fill=255
        )
