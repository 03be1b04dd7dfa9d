"""A skyline: three depths of towers, with a lit face, a shaded face and windows."""

from dataclasses import dataclass, replace

import numpy as np

from ..canvas import bloom, colour, lay, mixed, stamp
from ..noise import Field
from .stage import Stage, land_colour

_LAMPS = ("#ffd98c", "#ffe9b8", "#ffc46b", "#cfe6ff")


def paint_city(stage: Stage, *, foot: int) -> None:
    rng = stage.dice.stream("city")
    layers = 3
    stage.canvas[foot:] = stage.palette.near
    centre = rng.uniform(0.3, 0.7)
    for layer in range(layers):
        depth = layer / (layers - 1)
        _row_of_towers(stage, rng, foot, depth, centre)
        _haze(stage, foot, 0.55 * (1.0 - depth) + 0.10)
    if stage.palette.is_dark or stage.brief.time in ("sunset", "dawn"):
        top = stage.canvas[:foot]
        bloom(top, above=0.62, strength=0.55, radius=22 * stage.unit)


def _row_of_towers(
    stage: Stage, rng: np.random.Generator, foot: int, depth: float, centre: float
) -> None:
    x = -rng.uniform(0, 60) * stage.unit
    paint = land_colour(stage, 0.18 + 0.70 * depth)
    while x < stage.width:
        wide = stage.unit * rng.uniform(44, 104) * (0.72 + 0.45 * depth)
        middle = abs((x + wide / 2) / stage.width - centre)
        core = np.exp(-((middle / 0.26) ** 2))
        tall = foot * (0.10 + (0.20 + 0.34 * core) * rng.uniform(0.35, 1.0)) * (1.12 - 0.38 * depth)
        tint = mixed(paint, stage.palette.far, float(rng.uniform(0.0, 0.22)))
        box = _Box(left=round(x), right=round(x + wide), top=foot - round(tall), foot=foot)
        _tower(stage, rng, box, tint, depth)
        x += wide + stage.unit * rng.uniform(-8, 18)


@dataclass(frozen=True, kw_only=True)
class _Box:
    """Bounds in pixels, which may reach outside the canvas; `foot` is the lower edge."""

    left: int
    right: int
    top: int
    foot: int

    @property
    def width(self) -> int:
        return self.right - self.left

    def on(self, stage: Stage) -> Field:
        """The part of the canvas within, empty where there is none."""
        rows = slice(max(0, self.top), max(0, self.foot))
        return stage.canvas[rows, max(0, self.left) : max(0, self.right)]


def _tower(stage: Stage, rng: np.random.Generator, box: _Box, tint: Field, depth: float) -> None:
    for inset, part in _tiers(rng, box.width):
        top = box.foot - round((box.foot - box.top) * part)
        tier = replace(box, left=box.left + inset, right=box.right - inset, top=top)
        _block(stage, tier, tint)
        _windows(stage, rng, tier, depth)
    if rng.random() < 0.28:
        _spire(stage, box, round((box.foot - box.top) * rng.uniform(0.12, 0.3)), tint)


def _tiers(rng: np.random.Generator, wide: int) -> list[tuple[int, float]]:
    """(inset in pixels, part of the height): setbacks stand behind lower, wider blocks."""
    kind = rng.random()
    if kind < 0.45:
        return [(0, 1.0)]
    if kind < 0.75:
        return [(wide // 6, 1.0), (0, float(rng.uniform(0.7, 0.92)))]
    return [
        (wide // 3, 1.0),
        (wide // 6, float(rng.uniform(0.82, 0.92))),
        (0, float(rng.uniform(0.5, 0.7))),
    ]


def _block(stage: Stage, box: _Box, tint: Field) -> None:
    """Two faces meet at an edge; the one to the sun is lighter."""
    sun_is_right = stage.sun[0] > (box.left + box.right) / 2
    split = box.left + (box.width * 2 // 3 if sun_is_right else box.width // 3)
    bright = mixed(tint, stage.palette.light, 0.07 if stage.palette.is_dark else 0.24)
    left, right = (tint, bright) if sun_is_right else (bright, tint)
    for face, part in ((left, replace(box, right=split)), (right, replace(box, left=split))):
        area = part.on(stage)
        ramp = np.linspace(0.0, 0.30, area.shape[0], dtype=np.float32)[:, None, None]
        area[:] = face + (stage.palette.mist - face) * ramp
    roof = replace(box, foot=box.top + max(1, round(2 * stage.unit)))
    roof.on(stage)[:] = mixed(bright, stage.palette.light, 0.3)


def _windows(stage: Stage, rng: np.random.Generator, box: _Box, depth: float) -> None:
    """A grid of panes, some of them lit."""
    pane = max(2, round(stage.unit * (4.0 + 3.5 * depth)))
    pitch = (max(4, round(pane * 2.1)), max(4, round(pane * 1.75)))
    floors, bays = (box.foot - box.top - pane) // pitch[0], (box.width - pane) // pitch[1]
    if floors < 1 or bays < 1:
        return
    lit = rng.random((floors, bays)) < _lit_share(stage) * rng.uniform(0.4, 1.3)
    power = np.where(lit, rng.uniform(0.45, 1.0, lit.shape), 0.0).astype(np.float32)
    cell = np.zeros(pitch, np.float32)
    cell[: round(pane * 1.25), :pane] = 1.0
    left = box.left + (box.width - bays * pitch[1] + pitch[1] - pane) // 2
    top = box.top + pane
    dim = np.float32(0.5 + 0.5 * depth)
    glass = np.kron((~lit).astype(np.float32), cell) * (np.float32(0.16) * dim)
    stamp(stage.canvas, stage.palette.near, glass, left=left, top=top)
    warm = colour(_LAMPS[int(rng.choice(4, p=(0.4, 0.3, 0.22, 0.08)))])
    panes = np.kron(power, cell) * (dim if stage.palette.is_dark else dim * np.float32(0.8))
    stamp(stage.canvas, warm, panes, left=left, top=top)


def _lit_share(stage: Stage) -> float:
    if stage.palette.is_dark:
        return 0.42
    return 0.26 if stage.brief.time in ("sunset", "dawn") else 0.10


def _spire(stage: Stage, box: _Box, tall: int, tint: Field) -> None:
    middle, thick = (box.left + box.right) // 2, max(1, round(2.4 * stage.unit))
    for part, wide in ((1.0, thick), (0.45, thick * 2)):
        left = middle - wide // 2
        top = box.top - round(tall * part)
        _Box(left=left, right=left + wide, top=top, foot=box.top).on(stage)[:] = tint
    if stage.palette.is_dark:
        top = box.top - tall
        lamp = _Box(left=middle - thick, right=middle + thick, top=top, foot=top + thick * 2)
        lamp.on(stage)[:] = colour("#ff5a4a")


def _haze(stage: Stage, foot: int, strength: float) -> None:
    reach = foot * 0.34
    first = max(0, int(foot - reach * 1.6))
    rows = np.arange(first, foot, dtype=np.float32)[:, None]
    mask = np.exp(-(((foot - rows) / reach) ** 2) * 2.2).astype(np.float32) * np.float32(strength)
    lay(
        stage.canvas[first:foot],
        stage.palette.mist,
        np.broadcast_to(mask, (rows.size, stage.width)),
    )
