"""A skyline: three depths of towers, with a lit face, a shaded face and windows."""

import numpy as np

from ..canvas import bloom, colour, lay, mixed, stamp
from ..noise import Field
from .stage import Stage, land_colour


def paint_city(stage: Stage, *, foot: int) -> None:
    rng = stage.dice.stream("city")
    layers = 3
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
        _tower(stage, rng, round(x), foot, round(wide), round(tall), paint, depth)
        x += wide + stage.unit * rng.uniform(-8, 18)


def _tower(
    stage: Stage,
    rng: np.random.Generator,
    left: int,
    foot: int,
    wide: int,
    tall: int,
    paint: Field,
    depth: float,
) -> None:
    tint = mixed(paint, stage.palette.far, float(rng.uniform(0.0, 0.22)))
    facing = stage.sun[0] > left + wide / 2
    for inset, part in _tiers(rng, wide):
        top = foot - round(tall * part)
        _block(stage, left + inset, top, wide - 2 * inset, foot, tint, facing)
        _windows(stage, rng, left + inset, top, wide - 2 * inset, foot, depth)
    if rng.random() < 0.28:
        _spire(stage, left + wide // 2, foot - tall, round(tall * rng.uniform(0.12, 0.3)), tint)


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


def _block(
    stage: Stage, left: int, top: int, wide: int, foot: int, tint: Field, facing: bool
) -> None:
    """Two faces meet at an edge a third of the way; the one to the sun is lighter."""
    split = left + (wide * 2 // 3 if facing else wide // 3)
    bright = mixed(tint, stage.palette.light, 0.07 if stage.palette.is_dark else 0.24)
    faces = ((left, split, not facing), (split, left + wide, facing))
    for start, end, is_lit in faces:
        area = stage.canvas[max(0, top) : foot, max(0, start) : max(0, end)]
        if area.size:
            ramp = np.linspace(0.0, 0.30, area.shape[0], dtype=np.float32)[:, None, None]
            face = bright if is_lit else tint
            area[:] = face + (stage.palette.mist - face) * ramp
    roof = stage.canvas[
        max(0, top) : top + max(1, round(2 * stage.unit)), max(0, left) : max(0, left + wide)
    ]
    if roof.size:
        roof[:] = mixed(bright, stage.palette.light, 0.3)


def _windows(
    stage: Stage, rng: np.random.Generator, left: int, top: int, wide: int, foot: int, depth: float
) -> None:
    """A grid of panes; some are lit, by whole floors here and there."""
    pane = max(2, round(stage.unit * (4.0 + 3.5 * depth)))
    pitch = (max(4, round(pane * 2.1)), max(4, round(pane * 1.75)))
    floors, bays = (foot - top - pane) // pitch[0], (wide - pane) // pitch[1]
    if floors < 1 or bays < 1:
        return
    share = {True: 0.42, False: 0.10}[stage.palette.is_dark]
    if stage.brief.time in ("sunset", "dawn"):
        share = 0.26
    lit = rng.random((floors, bays)) < share * rng.uniform(0.4, 1.3)
    power = np.where(lit, rng.uniform(0.45, 1.0, lit.shape), 0.0)
    cell = np.zeros(pitch, np.float32)
    cell[: round(pane * 1.25), :pane] = 1.0
    panes = np.kron(power.astype(np.float32), cell)
    glass = np.kron(np.where(lit, 0.0, 1.0).astype(np.float32), cell)
    margin = (wide - bays * pitch[1] + pitch[1] - pane) // 2
    warm = colour(
        ("#ffd98c", "#ffe9b8", "#ffc46b", "#cfe6ff")[int(rng.choice(4, p=[0.4, 0.3, 0.22, 0.08]))]
    )
    dim = 0.5 + 0.5 * depth
    place = {"left": left + margin, "top": top + pane}
    stamp(stage.canvas, stage.palette.near, glass * np.float32(0.16 * dim), **place)
    stamp(
        stage.canvas, warm, panes * np.float32(dim if stage.palette.is_dark else dim * 0.8), **place
    )


def _spire(stage: Stage, x: int, top: int, tall: int, tint: Field) -> None:
    thick = max(1, round(2.4 * stage.unit))
    for part, wide in ((1.0, thick), (0.45, thick * 2)):
        start = max(0, top - round(tall * part))
        area = stage.canvas[
            start : max(0, top), max(0, x - wide // 2) : max(0, x - wide // 2) + wide
        ]
        if area.size:
            area[:] = tint
    lamp = stage.canvas[
        max(0, top - tall) : max(0, top - tall + thick * 2), max(0, x - thick) : x + thick
    ]
    if stage.palette.is_dark and lamp.size:
        lamp[:] = colour("#ff5a4a")


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
