"""Abstract pictures: waves, cut paper and discs, chosen and coloured by the words."""

import numpy as np
from PIL import Image

from ..canvas import colour, gradient, lay, mixed
from ..noise import Field, fractal, resized, shifted, slopes, softened
from .stage import Stage

_SETS = (
    "#0f2740 #1f5f7a #3fa7a0 #f2d7a0 #f08a5d",
    "#2b1b4a #6a3a8c #d85a8c #ff9f7a #ffe2a8",
    "#12372a #436850 #adbc9f #fbfada #e2a05a",
    "#1a1a40 #270082 #7a0bc0 #fa58b6 #ffd1e8",
    "#22223b #4a4e69 #9a8c98 #c9ada7 #f2e9e4",
    "#003049 #d62828 #f77f00 #fcbf49 #eae2b7",
    "#0b3954 #087e8b #bfd7ea #ff5a5f #fbe3d6",
    "#1d3557 #457b9d #a8dadc #f1faee #e63946",
)


def paint_abstract(stage: Stage) -> None:
    rng = stage.dice.stream("abstract")
    inks = [colour(code) for code in _SETS[int(rng.integers(len(_SETS)))].split()]
    if stage.palette.is_dark and stage.brief.time == "night":
        inks = [mixed(ink, inks[0], 0.35) for ink in inks]
    if rng.random() < 0.5:
        inks = inks[::-1]
    painters = (_waves, _paper, _waves, _rounds)
    painters[int(rng.integers(len(painters)))](stage, rng, inks)


def _warped(stage: Stage, rng: np.random.Generator, cells: float, pull: float, step: int) -> Field:
    """A field read through two others, which folds it like smoke."""
    height, width = stage.height // step + 1, stage.width // step + 1
    spread = (cells, cells * stage.width / stage.height)
    fields = [fractal(rng, (height, width), spread, stage.octaves(2, 3), 0.4) for _ in range(3)]
    rows = np.arange(height, dtype=np.float32)[:, None] + fields[0] * pull * height
    columns = np.arange(width, dtype=np.float32)[None, :] + fields[1] * pull * width
    source = (
        np.clip(np.abs(rows), 0, height - 1).astype(np.int32),
        np.clip(np.abs(columns), 0, width - 1).astype(np.int32),
    )
    return softened(fields[2][source], 3.0)


def _waves(stage: Stage, rng: np.random.Generator, inks: list[Field]) -> None:
    """Swells that follow one another: each keeps most of the last one's shape."""
    count = stage.octaves(7, 13)
    table = gradient(inks, count + 1)[:, 0]
    stage.canvas[:] = gradient([mixed(table[0], table[1], 0.5), table[0]], stage.height)
    at = np.linspace(0.0, 1.0, stage.width, dtype=np.float32) * stage.width / stage.height
    phases, drift = rng.uniform(0, 2 * np.pi, 3), rng.uniform(0.25, 0.55, 3)
    lean = rng.uniform(0.12, 0.34) * rng.choice([-1, 1])
    for layer in range(count):
        waves = [
            swing * np.sin(at * pace + phase + layer * step)
            for swing, pace, phase, step in zip(
                (0.085, 0.045, 0.018), (2.7, 5.1, 9.0), phases, drift, strict=True
            )
        ]
        rest = 0.10 + 0.94 * layer / count + lean * (at - at.mean())
        line = (stage.height * (rest + sum(waves))).astype(np.float32)
        _swell(stage, line, table[layer + 1], mixed(table[layer + 1], table[layer], 0.75))


def _swell(stage: Stage, line: Field, crest: Field, foot: Field) -> None:
    """Light on the crest, deeper below it, and a soft shadow on what lies behind."""
    first = int(np.clip(line.min() - 60 * stage.unit, 0, stage.height - 1))
    below = np.arange(first, stage.height, dtype=np.float32)[:, None] - line
    area = stage.canvas[first:]
    shadow = np.exp(np.clip(below, None, 0.0) / (22.0 * stage.unit)) * np.float32(0.30)
    area *= (1.0 - shadow)[..., None]
    part = np.clip(below / (stage.height * 0.30), 0.0, 1.0)[..., None]
    paint = crest + (foot - crest) * part
    gleam = np.exp(-np.clip(below, 0.0, None) / (7.0 * stage.unit))[..., None]
    paint += (1.0 - paint) * gleam * np.float32(0.30)
    lay(area, paint, np.clip(below / 1.2 + 0.5, 0.0, 1.0))


def _paper(stage: Stage, rng: np.random.Generator, inks: list[Field]) -> None:
    """Sheets cut along a height line, each throwing a soft shadow on the one beneath."""
    levels = stage.octaves(5, 9)
    field = resized(_warped(stage, rng, rng.uniform(1.4, 2.2), 0.16, 4), stage.shape)
    steep = np.sqrt(sum(part**2 for part in slopes(field))) + 1e-6
    table = gradient(inks, levels)[:, 0]
    stage.canvas[:] = table[0]
    shadow = 15.0 * stage.unit
    for level, cut in enumerate(np.quantile(field[::8, ::8], np.linspace(0, 1, levels + 1)[1:-1])):
        mask = np.clip((field - cut) / steep + 0.5, 0.0, 1.0).astype(np.float32)
        soft = softened(mask, shadow)
        thrown = shifted(soft, round(shadow * 0.5), round(shadow * 0.35))
        stage.canvas *= (1.0 - 0.42 * np.clip(thrown, 0.0, 1.0))[..., None]
        lay(stage.canvas, table[level + 1], mask)


def _rounds(stage: Stage, rng: np.random.Generator, inks: list[Field]) -> None:
    """Discs and half discs in balance, each with its own gradient, on toned paper."""
    paper = mixed(max(inks, key=lambda ink: float(ink.sum())), colour("#ffffff"), 0.45)
    stage.canvas[:] = gradient([paper, mixed(paper, inks[2], 0.25)], stage.height)
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    columns = np.arange(stage.width, dtype=np.float32)[None, :]
    for index in range(stage.octaves(6, 11)):
        reach = np.float32(stage.unit * (330 * 0.80**index + 26) * rng.uniform(0.8, 1.15))
        x, y = rng.uniform(0.14, 0.86) * stage.width, rng.uniform(0.14, 0.86) * stage.height
        tilt = rng.uniform(0, 2 * np.pi)
        right, down = columns - np.float32(x), rows - np.float32(y)
        along = right * np.float32(np.cos(tilt)) + down * np.float32(np.sin(tilt))
        mask = np.clip(reach - np.sqrt(right**2 + down**2) + 0.5, 0.0, 1.0)
        if rng.random() < 0.45:
            mask = mask * np.clip(along + 0.5, 0.0, 1.0)
        part = np.clip(along / (2 * reach) + 0.5, 0.0, 1.0)[..., None].astype(np.float32)
        one, other = (inks[int(place)] for place in rng.choice(len(inks), 2, replace=False))
        lay(stage.canvas, one + (other - one) * part, mask * np.float32(0.90))
    grain = rng.random((stage.height // 2 + 1, stage.width // 2 + 1), dtype=np.float32) - 0.5
    wide = Image.fromarray(grain).resize((stage.width, stage.height), Image.Resampling.BILINEAR)
    stage.canvas += np.asarray(wide)[..., None] * np.float32(0.05)
