"""Edits into another medium: pencil, oil, watercolour, cartoon; made at up to 1600 pixels."""

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from ..canvas import LUMA, to_floats
from ..noise import Field, fractal, resized, slopes, smooth_field, smoothstep, softened
from .job import Job
from .tone import saturated

_LARGEST = 1600


def _working(image: Image.Image, largest: int = _LARGEST) -> Image.Image:
    scale = largest / max(image.size)
    if scale >= 1.0:
        return image
    return image.resize(
        (round(image.width * scale), round(image.height * scale)),
        Image.Resampling.LANCZOS,
        reducing_gap=2.0,
    )


def _restored(small: Image.Image, image: Image.Image) -> Image.Image:
    if small.size == image.size:
        return small
    return small.resize(image.size, Image.Resampling.BICUBIC)


def pencil(image: Image.Image, job: Job) -> Image.Image:
    """Grey over its blurred negative leaves lines; hatching shades, paper gives the grain."""
    small = _working(image)
    grey = small.convert("L")
    unit = min(small.size) / 1000.0
    tone = np.asarray(grey, np.uint8).astype(np.float32) / 255.0
    blurred = np.asarray(grey.filter(ImageFilter.GaussianBlur(5.0 * unit + 1.0)), np.uint8)
    lines = np.clip(tone / np.maximum(blurred.astype(np.float32) / 255.0, 0.02), 0.0, 1.0)
    lines = lines ** np.float32(1.8 + 1.4 * job.strength)
    shade = _hatching(job.rng, tone, unit, job.detail)
    sheet = lines * shade
    sheet = np.clip(0.075 + 0.905 * sheet, 0.0, 1.0)
    paper = np.array([0.995, 0.985, 0.960], np.float32)
    made = Image.fromarray((sheet[..., None] * paper * 255.0 + 0.5).astype(np.uint8))
    return _restored(made, image)


def _hatching(rng: np.random.Generator, tone: Field, unit: float, detail: float) -> Field:
    """Strokes that lean one way, then across where it is darker still."""
    soft = softened(tone, 3.0 * unit + 1.0)
    shade: Field = 1.0 - 0.20 * (1.0 - soft)
    fine = 0.75 + 0.5 * detail
    for lean, dark, depth in ((-0.9, 0.86, 0.42), (0.7, 0.52, 0.44), (-0.2, 0.26, 0.40)):
        strokes = _streaks(rng, tone.shape, lean, fine / max(unit, 0.5))
        need = smoothstep(soft, dark, dark - 0.50)
        shade *= 1.0 - np.float32(depth) * need * strokes
    return shade


def _streaks(rng: np.random.Generator, shape: tuple[int, ...], lean: float, fine: float) -> Field:
    """Chance drawn out along a slant: short in breadth, long in length, never regular."""
    height, width = shape[0], shape[1]
    slant = int(abs(lean) * height) + 1
    cells = (height * fine / 46, (width + slant) * fine / 3.4)
    sheet = smooth_field(rng, (height, width + slant), cells)
    sheared = np.empty((height, width), np.float32)
    for row in range(height):
        start = int(abs(lean) * (row if lean > 0 else height - 1 - row))
        sheared[row] = sheet[row, start : start + width]
    return smoothstep(sheared, -0.45, 0.55)


def oil(image: Image.Image, job: Job) -> Image.Image:
    """Strokes along the contours, broad ones first, then raised by a light from the side."""
    small = _working(image, 1280)
    unit = min(small.size) / 1000.0
    sheet = small.filter(ImageFilter.GaussianBlur(6 * unit + 1))
    relief = Image.new("L", small.size, 128)
    along = _contours(small, 5.0 * unit + 1.0)
    layers = (
        ((17.0, 0.9), (9.5, 0.8), (5.2, 0.62)) if job.detail > 0.25 else ((17.0, 0.9), (9.5, 0.8))
    )
    for brush, cover in layers:
        size = max(2.0, brush * unit * (0.75 + 0.25 * job.strength))
        _strokes(job.rng, small, sheet, relief, along, size=size, cover=cover, is_first=brush > 15)
    return _restored(_raised(saturated(sheet, 1.12), relief, unit), image)


def _contours(image: Image.Image, radius: float) -> Field:
    """The direction along which tone changes least, in radians."""
    grey = to_floats(image.convert("L"))
    down, across = slopes(softened(grey, radius))
    xx, yy, xy = (
        softened(part.astype(np.float32), radius * 2)
        for part in np.stack([across**2, down**2, across * down])
    )
    angle: Field = 0.5 * np.arctan2(2.0 * xy, xx - yy) + np.float32(np.pi / 2)
    return angle


def _strokes(
    rng: np.random.Generator,
    source: Image.Image,
    sheet: Image.Image,
    relief: Image.Image,
    along: Field,
    *,
    size: float,
    cover: float,
    is_first: bool,
) -> None:
    pixels = np.asarray(source.filter(ImageFilter.GaussianBlur(size * 0.35)))
    places = _stroke_places(rng, source.size, size, cover)
    if not is_first:
        places = _where_it_matters(rng, places, pixels, np.asarray(sheet))
    columns, rows = places[:, 0].astype(int), places[:, 1].astype(int)
    tones = pixels[rows, columns].astype(np.float32) + rng.normal(0, 5.5, (len(places), 1))
    inks = np.clip(tones + rng.normal(0, 2.5, tones.shape), 0, 255).astype(int)
    angles = along[rows, columns] + rng.normal(0, 0.16, len(places))
    lengths = size * rng.uniform(1.2, 2.7, len(places))
    bends = rng.normal(0, 0.22, len(places))
    heights = rng.integers(70, 190, len(places))
    pen, ridge = ImageDraw.Draw(sheet), ImageDraw.Draw(relief)
    wide = max(2, round(size * 0.95))
    for place, ink, angle, length, bend, height in zip(
        places.tolist(),
        inks.tolist(),
        angles.tolist(),
        lengths.tolist(),
        bends.tolist(),
        heights.tolist(),
        strict=True,
    ):
        path = _path(place, angle, length, bend)
        pen.line(path, fill=tuple(ink), width=wide, joint="curve")
        ridge.line(path, fill=height, width=wide)


def _stroke_places(
    rng: np.random.Generator, size: tuple[int, int], brush: float, cover: float
) -> Field:
    pitch = brush / cover
    columns, rows = np.meshgrid(np.arange(0, size[0], pitch), np.arange(0, size[1], pitch))
    places = np.stack([columns.ravel(), rows.ravel()], -1)
    places += rng.uniform(-0.6, 0.6, places.shape) * pitch
    places = np.clip(places, 0, np.array(size) - 1)
    shuffled: Field = rng.permutation(places)
    return shuffled


def _where_it_matters(
    rng: np.random.Generator, places: Field, wanted: Field, painted: Field
) -> Field:
    """Finer strokes go only where the coarser ones missed the tone."""
    columns, rows = places[:, 0].astype(int), places[:, 1].astype(int)
    miss = np.abs(wanted[rows, columns].astype(np.float32) - painted[rows, columns]).sum(axis=-1)
    kept: Field = places[miss > 26 + 20 * rng.random(len(places))]
    return kept


def _path(
    place: list[float], angle: float, length: float, bend: float
) -> list[tuple[float, float]]:
    (x, y), (right, down) = place, (float(np.cos(angle)), float(np.sin(angle)))
    aside = bend * length * 0.5
    return [
        (x - right * length / 2, y - down * length / 2),
        (x - down * aside, y + right * aside),
        (x + right * length / 2, y + down * length / 2),
    ]


def _raised(sheet: Image.Image, relief: Image.Image, unit: float) -> Image.Image:
    soft = relief.filter(ImageFilter.GaussianBlur(1.1 * unit + 0.3))
    light = ImageChops.offset(soft, -max(1, round(1.6 * unit)), -max(1, round(1.6 * unit)))
    lift = np.asarray(soft, np.uint8).astype(np.float32) - np.asarray(light, np.uint8)
    pixels = np.asarray(sheet.filter(ImageFilter.GaussianBlur(0.55 * unit + 0.2)), np.uint8)
    shaded = pixels.astype(np.float32) * (1.0 + lift / 560.0)[..., None] + (lift * 0.05)[..., None]
    return Image.fromarray(np.clip(shaded, 0, 255).astype(np.uint8))


def watercolour(image: Image.Image, job: Job) -> Image.Image:
    """Washes: few tones, pooled at their edges, bleeding into white paper."""
    small = _working(image, 1280)
    unit = min(small.size) / 1000.0
    pixels = to_floats(_smoothed(small, unit, 3))
    washes = _stepped(pixels, 9)
    edges = np.abs(washes @ LUMA - softened(washes @ LUMA, 5 * unit + 1))
    drift = fractal(job.rng, edges.shape, (6, 6), 5, 0.65)
    paper = smooth_field(job.rng, edges.shape, (edges.shape[0] / 3, edges.shape[1] / 3))
    pale = 1.0 - (1.0 - washes) * (0.86 + 0.12 * drift)[..., None]
    pale = pale - (1.3 * job.strength * edges)[..., None] + (0.022 * paper)[..., None]
    down = np.linspace(-1.0, 1.0, edges.shape[0], dtype=np.float32)[:, None]
    across = np.linspace(-1.0, 1.0, edges.shape[1], dtype=np.float32)[None, :]
    rim = smoothstep(np.maximum(np.abs(down), np.abs(across)) + 0.07 * drift, 1.0, 0.90)[..., None]
    sheet = 0.985 + (pale - 0.985) * rim
    made = Image.fromarray((np.clip(sheet, 0.0, 1.0) * 255.0).astype(np.uint8))
    return _restored(made, image)


def _smoothed(image: Image.Image, unit: float, rounds: int) -> Image.Image:
    """Medians at half size flatten texture and keep edges."""
    half = image.reduce(2) if min(image.size) > 64 else image
    for _ in range(rounds):
        half = half.filter(ImageFilter.MedianFilter(5))
    return half.resize(image.size, Image.Resampling.BICUBIC).filter(ImageFilter.BoxBlur(0.8 * unit))


def _stepped(pixels: Field, steps: int) -> Field:
    """Tone in soft steps; hue is left alone."""
    grey = np.clip(pixels @ LUMA, 0.02, 1.0)
    scaled = grey * steps
    whole = np.floor(scaled)
    level = (whole + smoothstep(scaled - whole, 0.38, 0.62)) / steps
    out: Field = pixels * (level / grey)[..., None]
    return out


def cartoon(image: Image.Image, job: Job) -> Image.Image:
    """Flat tones, stronger colours, inked outlines."""
    small = _working(image, 1280)
    unit = min(small.size) / 1000.0
    flat = to_floats(
        saturated(_smoothed(small, unit, 2 + round(2 * job.detail)), 1.0 + 0.40 * job.strength)
    )
    flat = np.clip(_stepped(flat, 6) * 1.05, 0.0, 1.0)
    grey = softened(to_floats(small.convert("L")), 1.2 * unit)
    ink = softened(grey, 1.6 * unit + 0.6) - 0.985 * softened(grey, 4.4 * unit + 1.4)
    lines = smoothstep(ink, -0.002, -0.020) * np.float32(min(1.0, 0.85 * job.strength))
    flat *= (1.0 - lines)[..., None]
    return _restored(Image.fromarray((flat * 255.0).astype(np.uint8)), image)


def film_grain(image: Image.Image, job: Job) -> Image.Image:
    small = (min(image.height, 1600), min(image.width, 1600))
    grain = job.rng.normal(0.0, 26.0 * job.strength, small).astype(np.float32)
    speckle = Image.fromarray(
        np.clip(resized(grain, (image.height, image.width)) + 128, 0, 255).astype(np.uint8)
    )
    return ImageChops.overlay(image, Image.merge("RGB", (speckle,) * 3))
