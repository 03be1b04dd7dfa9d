"""A meadow: blades, stems and blooms, small and pale far off, large and soft near by."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from ..canvas import colour, lay, mixed, stamp
from ..noise import Field, smoothstep
from .stage import Stage, land_colour

_SPRITE = 192


@dataclass(frozen=True)
class Kind:
    """`petals` per ring; `wide` 0..1 is how much of its share of the ring a petal fills."""

    inner: str
    outer: str
    heart: str
    petals: int
    wide: float
    core: float
    rings: int = 1
    notch: float = 0.0


KINDS: dict[str, Kind] = {
    "daisy": Kind("#fff4dc", "#ffffff", "#f2b63a", 14, 0.80, 0.25, 2),
    "poppy": Kind("#b81e24", "#f0503a", "#2a1420", 5, 1.25, 0.17, 1, 0.05),
    "sunflower": Kind("#e88a14", "#ffcf3a", "#4a2a16", 18, 0.90, 0.36, 2),
    "rose": Kind("#c23a6a", "#f7a3bb", "#8e1f48", 6, 1.35, 0.10, 5, 0.04),
    "cosmos": Kind("#c8418c", "#f4a6d0", "#f5c04a", 8, 1.02, 0.16, 1, 0.08),
    "cornflower": Kind("#3a46b4", "#7f93f2", "#3c2a78", 10, 0.72, 0.18, 2, 0.12),
    "lavender": Kind("#7a5cc0", "#b7a0ee", "#5a3f9c", 6, 0.85, 0.14, 2),
    "blossom": Kind("#f29ab8", "#ffe3ea", "#c2416c", 5, 1.10, 0.12, 1, 0.12),
    "marigold": Kind("#e2661c", "#ffb545", "#a8401a", 12, 1.0, 0.14, 3),
}
_WILD = (
    ("cosmos", "daisy", "cornflower"),
    ("poppy", "daisy", "cornflower"),
    ("marigold", "poppy", "daisy"),
    ("lavender", "cosmos", "blossom"),
    ("blossom", "rose", "daisy"),
)


def paint_flowers(stage: Stage, *, top: float) -> None:
    """A field from row `top` to the bottom edge."""
    rng = stage.dice.stream("flowers")
    sprites = _sprites(stage, rng)
    rows = 9
    for row in range(rows):
        near = row / (rows - 1)
        y = top + (stage.height * 1.02 - top) * near**1.7
        size = stage.unit * (10 + 96 * near**1.9)
        _blades(stage, rng, y, size, near)
        _blooms(stage, rng, sprites, y=y, size=size, near=near)


def _sprites(stage: Stage, rng: np.random.Generator) -> list[tuple[Field, Field]]:
    named = [name for name in KINDS if name in stage.brief.details]
    kinds = named or list(_WILD[int(rng.integers(len(_WILD)))])
    sprites = []
    for index in range(max(5, len(kinds))):
        paint, mask = _bloom(rng, KINDS[kinds[index % len(kinds)]])
        sprites.append((_in_light(stage, paint), mask))
    return sprites


def _in_light(stage: Stage, paint: Field) -> Field:
    if stage.palette.is_dark:
        return mixed(paint * np.float32(0.62), stage.palette.far, 0.34)
    return mixed(paint, paint * stage.palette.light, 0.5)


def _bloom(rng: np.random.Generator, kind: Kind) -> tuple[Field, Field]:
    """Rings of petals, the outer first; each petal shaded from its middle line."""
    at = np.linspace(-1.06, 1.06, _SPRITE, dtype=np.float32)
    tilt = rng.uniform(0.72, 1.0)
    rows, columns = at[:, None] / tilt, at[None, :]
    far, angle = np.sqrt(rows**2 + columns**2), np.arctan2(rows, columns)
    paint = np.zeros((_SPRITE, _SPRITE, 3), np.float32)
    mask: Field = np.zeros((_SPRITE, _SPRITE), np.float32)
    for ring in range(kind.rings):
        reach = 1.0 - 0.62 * ring / max(kind.rings, 2)
        turn = rng.uniform(0, 2 * np.pi)
        for parity in (0, 1):
            cover, tone = _petals(rng, kind, far / reach, angle - turn, parity)
            ink = colour(kind.inner) + (colour(kind.outer) - colour(kind.inner)) * tone[..., None]
            lay(paint, ink * np.float32(1.0 - 0.05 * ring), cover)
            mask = np.maximum(mask, cover)
    _heart(rng, kind, far, paint, mask)
    return paint, np.maximum(mask, smoothstep(far, kind.core + 0.02, kind.core - 0.02))


def _petals(
    rng: np.random.Generator, kind: Kind, far: Field, angle: Field, parity: int
) -> tuple[Field, Field]:
    """Every other petal of a ring, so that neighbours overlap."""
    share = 2 * np.pi / kind.petals
    index = np.round((angle / share - parity) / 2) * 2 + parity
    lengths = 1.0 - 0.14 * rng.random(2 * kind.petals + 9)
    length = lengths[(index.astype(np.int32)) % kind.petals].astype(np.float32)
    aside = (angle - index * share) / (share * kind.wide)
    along = np.clip(far / length, 0.0, 1.4)
    half = 0.56 * np.sqrt(np.clip(np.sin(np.pi * np.clip(along, 0.0, 1.0) ** 1.15), 0.0, 1.0))
    half = half - kind.notch * np.exp(-((aside / 0.18) ** 2)) * (along > 0.8)
    cover = smoothstep((half - np.abs(aside)) * far, -0.006, 0.016)
    veins = 0.05 * np.cos(aside * 34.0) * along
    edge = 0.20 * np.abs(aside) / 0.56
    tone = np.clip(0.06 + 0.95 * along**1.2 - edge + veins, 0.0, 1.0)
    return cover.astype(np.float32), tone.astype(np.float32)


def _heart(
    rng: np.random.Generator,
    kind: Kind,
    far: Field,
    paint: Field,
    mask: Field,
) -> None:
    """A speckled disc, lit from above, and the shade it throws on the petals."""
    shade = smoothstep(far, kind.core * 1.9, kind.core * 0.9) * mask
    height = np.linspace(1.06, -1.06, _SPRITE, dtype=np.float32)[:, None] / kind.core
    lay(paint, colour(kind.inner) * np.float32(0.72), shade * np.float32(0.55))
    dots = (0.80 + 0.30 * rng.random(far.shape, dtype=np.float32))[..., None]
    light = np.clip(1.0 + 0.5 * height, 0.6, 1.25)[..., None].astype(np.float32)
    lay(paint, colour(kind.heart) * dots * light, smoothstep(far, kind.core, kind.core - 0.03))


def _blades(stage: Stage, rng: np.random.Generator, y: float, size: float, near: float) -> None:
    """One row of grass; its colour is the land's, greener where it is close."""
    top = int(max(0, y - size * 2.2))
    tall = min(stage.height - top, int(size * 4.5) + 4)
    if tall < 2:
        return
    scale = 2 if stage.unit < 1.6 else 1
    sheet = Image.new("L", (stage.width * scale, tall * scale))
    pen = ImageDraw.Draw(sheet)
    count = int((110 + 150 * stage.detail) * (1.25 - 0.75 * near) * stage.width / stage.height)
    for x, reach, bend, root in rng.random((count, 4)):
        foot = (x * sheet.width, (y - top + size * (0.4 + 1.4 * root)) * scale)
        rise = size * (0.9 + 1.7 * reach) * scale
        lean = (bend - 0.5) * rise * 0.7
        thick = max(1.0, size * 0.055 * scale)
        tip = (foot[0] + lean, foot[1] - rise)
        waist = (foot[0] + lean * 0.28, foot[1] - rise * 0.55)
        pen.polygon(
            [
                (foot[0] - thick, foot[1]),
                (waist[0] - thick * 0.6, waist[1]),
                tip,
                (waist[0] + thick * 0.6, waist[1]),
                (foot[0] + thick, foot[1]),
            ],
            fill=int(150 + 105 * reach),
        )
    fitted = sheet.reduce(scale) if scale > 1 else sheet
    mask = np.asarray(fitted, np.uint8).astype(np.float32) / 255.0
    lay(stage.canvas[top : top + tall], _green(stage, near, float(rng.random())), mask)


def _green(stage: Stage, near: float, chance: float) -> Field:
    leaf = mixed(colour("#4f9a4a"), colour("#8fb44a"), chance)
    if stage.brief.season == "autumn":
        leaf = mixed(leaf, colour("#b8862c"), 0.6)
    if stage.is_snowy:
        leaf = mixed(leaf, colour("#c8d4dc"), 0.5)
    paint = mixed(
        land_colour(stage, 0.35 + 0.6 * near), leaf, 0.10 if stage.palette.is_dark else 0.42
    )
    return mixed(paint, stage.palette.light, 0.16 * (1.0 - near))


def _blooms(
    stage: Stage,
    rng: np.random.Generator,
    sprites: list[tuple[Field, Field]],
    *,
    y: float,
    size: float,
    near: float,
) -> None:
    count = int(
        (16 + 34 * (1.0 - near) ** 1.5) * stage.width / stage.height * (0.7 + 0.6 * stage.detail)
    )
    fitted: dict[tuple[int, int], tuple[Field, Field]] = {}
    for _ in range(count):
        side = max(3, int(size * rng.choice((0.8, 1.0, 1.25))))
        which = int(rng.integers(len(sprites)))
        if (which, side) not in fitted:
            fitted[which, side] = _fitted(sprites[which], side)
        paint, mask = fitted[which, side]
        if rng.random() < 0.5:
            paint, mask = paint[:, ::-1], mask[:, ::-1]
        place = (
            int(rng.random() * (stage.width + side) - side),
            int(y - size * rng.uniform(0.3, 1.6)),
        )
        air = mixed(stage.palette.mist, stage.palette.far, 0.4)
        paint = paint + (air - paint) * np.float32(0.42 * (1.0 - near))
        stamp(stage.canvas, paint, mask, left=place[0], top=place[1])


def _fitted(sprite: tuple[Field, Field], side: int) -> tuple[Field, Field]:
    """Resized with the alpha multiplied in, so that no dark fringe is left."""
    paint, mask = sprite
    bands = [*np.moveaxis(paint * mask[..., None], -1, 0), mask]
    small = [
        np.asarray(
            Image.fromarray(np.ascontiguousarray(band)).resize((side, side), Image.Resampling.BOX)
        )
        for band in bands
    ]
    cover = small[3]
    return np.stack(small[:3], -1) / np.maximum(cover, 1e-3)[..., None], cover
