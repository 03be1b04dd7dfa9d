"""Letters: one typeface for Latin, Chinese, Japanese and Korean, wrapped and set on a picture."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

_SIMPLIFIED_CHINESE = 2  # The place of "Noto Sans CJK SC" among the faces of the collection.
_NEVER_FIRST = "、。，．！？：；）」』”’》〉】…,.!?:;)%"
Ink = tuple[int, int, int]
WHITE: Ink = (255, 255, 255)
INK: Ink = (24, 24, 30)


@dataclass(frozen=True)
class Block:
    """Lines of one size, centred; `width` and `height` are of the whole, in pixels."""

    lines: tuple[str, ...]
    font: ImageFont.FreeTypeFont
    leading: int
    width: int
    height: int


@lru_cache(maxsize=64)
def font_at(size: int) -> ImageFont.FreeTypeFont:
    package = resources.files("noto_cjk_sans_otc")
    with resources.as_file(package / "NotoSansCJK-Regular.ttc") as path:
        return ImageFont.truetype(path, size, index=_SIMPLIFIED_CHINESE)


def without_undrawable(text: str) -> tuple[str, str]:
    """The text the typeface has shapes for, and the characters it has none for."""
    kept: list[str] = []
    dropped: list[str] = []
    for letter in text:
        (kept if _is_drawable(letter) else dropped).append(letter)
    return " ".join("".join(kept).split()), "".join(dict.fromkeys(dropped))


@lru_cache(maxsize=4096)
def _is_drawable(letter: str) -> bool:
    if letter.isspace():
        return True
    if unicodedata.category(letter)[0] == "C":
        return False
    font = font_at(24)
    return bytes(font.getmask(letter)) != bytes(font.getmask("\U0010fffe"))


def wrapped(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """Latin breaks at spaces; Chinese anywhere but before closing marks; no word is lost."""
    lines, line = [], ""
    for piece in _pieces(text):
        trial = line + piece
        if line.strip() and font.getlength(trial.rstrip()) > width and piece not in _NEVER_FIRST:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line = trial
    return [*lines, line.rstrip()]


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for letter in text:
        if pieces and not (_stands_alone(letter) or _stands_alone(pieces[-1][-1])):
            starts_word = pieces[-1].endswith(" ") and letter != " "
            if not starts_word:
                pieces[-1] += letter
                continue
        pieces.append(letter)
    return pieces


def _stands_alone(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in "WF"


def fitted(text: str, *, width: float, height: float, largest: float) -> Block:
    """The largest size at which the wrapped text fits the box."""
    size = max(8, int(largest))
    while True:
        block = _set(text, font_at(size), width)
        if size <= 10 or (block.width <= width and block.height <= height):
            return block
        size = max(8, int(size * 0.9))


def _set(text: str, font: ImageFont.FreeTypeFont, width: float) -> Block:
    lines = _balanced(text, font, width)
    leading = int(font.size * 1.32)
    widest = max(int(font.getlength(line)) + 1 for line in lines)
    return Block(tuple(lines), font, leading, widest, leading * len(lines))


def _balanced(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """As few lines as the width allows, of about the same length."""
    lines = wrapped(text, font, width)
    if len(lines) > 1:
        narrower = wrapped(text, font, font.getlength(text) / len(lines) * 1.12)
        if len(narrower) == len(lines):
            return narrower
    return lines


def block_mask(block: Block, size: tuple[int, int], *, top: float, weight: float) -> Image.Image:
    """Where the letters are, centred across `size`; `weight` thickens them."""
    return _letters(block, size, middle=size[0] / 2, top=top, weight=weight)


def _letters(
    block: Block, size: tuple[int, int], *, middle: float, top: float, weight: float
) -> Image.Image:
    mask = Image.new("L", size)
    pen = ImageDraw.Draw(mask)
    stroke = block.font.size * weight
    for index, line in enumerate(block.lines):
        place = (middle, top + block.leading * (index + 0.5))
        pen.text(place, line, fill=255, font=block.font, anchor="mm", stroke_width=stroke)
    return mask


def set_title(image: Image.Image, texts: list[str], *, is_bold: bool) -> Image.Image:
    """Large letters in the calmer of the upper and the lower third."""
    width, height = image.size
    largest = min(width, height) * (0.17 if is_bold else 0.12)
    text = " ".join(texts) if len(texts) == 1 else "  ·  ".join(texts)
    block = fitted(text, width=width * 0.84, height=height * 0.30, largest=largest)
    top = _calmest(image, block.height)
    weight = 0.034 if is_bold else 0.012
    return _inked(image, block_mask(block, image.size, top=top, weight=weight), block.font.size)


def _calmest(image: Image.Image, height: int) -> float:
    small = np.asarray(image.convert("L").resize((48, 48), Image.Resampling.BOX), np.float32)
    rough = np.abs(np.diff(small, axis=1)).mean(axis=1)
    tall = height / image.height
    tops = [share for share in (0.07, 0.12, 0.17) if share + tall < 0.5] or [0.06]
    tops += [0.92 - tall, 0.86 - tall]
    costs = [
        float(rough[int(top * 48) : max(int((top + tall) * 48), int(top * 48) + 1)].mean())
        for top in tops
    ]
    costs = [cost + (0.8 if index >= len(tops) - 2 else 0.0) for index, cost in enumerate(costs)]
    return tops[int(np.argmin(costs))] * image.height


def _inked(image: Image.Image, mask: Image.Image, size: float) -> Image.Image:
    """White on dark and dark on light, with a soft shadow or halo that keeps it legible."""
    box = mask.getbbox()
    if box is None:
        return image
    behind = np.asarray(image.convert("L").crop(box).reduce(4), np.float32)
    is_light = float(behind.mean()) > 168
    ink, shade, strength = (INK, WHITE, 0.45) if is_light else (WHITE, INK, 0.70)
    blurred = mask.filter(ImageFilter.BoxBlur(size * 0.10)).filter(ImageFilter.BoxBlur(size * 0.08))
    out = image.copy()
    out.paste(shade, (0, 0), blurred.point(lambda value: min(255, int(value * strength * 1.6))))
    out.paste(ink, (0, 0), mask)
    return out


def set_caption(image: Image.Image, text: str) -> Image.Image:
    """A line at the foot, on a dark veil that rises from the edge."""
    width, height = image.size
    block = fitted(
        text, width=width * 0.88, height=height * 0.34, largest=min(width, height) * 0.072
    )
    margin = min(width, height) * 0.045
    top = height - block.height - margin
    rise = int(min(height, block.height + margin * 4.5))
    ramp = np.linspace(0.0, 1.0, rise, dtype=np.float32) ** 0.9 * 200
    veil = Image.fromarray(np.repeat(ramp.astype(np.uint8)[:, None], width, axis=1))
    out = image.copy()
    out.paste((10, 10, 14), (0, height - rise), veil)
    return _inked(out, block_mask(block, image.size, top=top, weight=0.012), block.font.size)


def set_bubble(image: Image.Image, text: str, *, at_left: bool) -> Image.Image:
    """A speech bubble in an upper corner; its tail points to the middle of the picture."""
    width, height = image.size
    unit = min(width, height)
    block = fitted(text, width=width * 0.40, height=height * 0.26, largest=unit * 0.062)
    pad = block.font.size * 0.9
    wide, tall = max(block.width + 2 * pad, unit * 0.16), block.height + 1.3 * pad
    left = width * 0.06 if at_left else width * 0.94 - wide
    top = height * 0.06
    mask = _bubble((width, height), (left, top, left + wide, top + tall), at_left=at_left)
    out = _with_shadow(image, mask, unit)
    out.paste((252, 252, 250), (0, 0), mask)
    letters = _letters(
        block, image.size, middle=left + wide / 2, top=top + 0.65 * pad, weight=0.008
    )
    out.paste(INK, (0, 0), letters)
    return out


def _bubble(
    size: tuple[int, int], box: tuple[float, float, float, float], *, at_left: bool
) -> Image.Image:
    """Drawn twice as large within its own bounds, for smooth edges at any picture size."""
    left, top, right, bottom = box
    tail = (bottom - top) * 0.42
    scale = 2
    sheet = Image.new("L", (int(right - left) * scale, int(bottom - top + tail) * scale))
    wide, tall = sheet.width, int(bottom - top) * scale
    pen = ImageDraw.Draw(sheet)
    pen.rounded_rectangle((0, 0, wide - 1, tall - 1), radius=tall * 0.34, fill=255)
    root = 0.62 if at_left else 0.24
    tip = 0.84 if at_left else 0.16
    feet = [
        (wide * root, tall - 2),
        (wide * (root + 0.14), tall - 2),
        (wide * tip, sheet.height - 1),
    ]
    pen.polygon(feet, fill=255)
    mask = Image.new("L", size)
    mask.paste(sheet.reduce(scale), (int(left), int(top)))
    return mask


def _with_shadow(image: Image.Image, mask: Image.Image, unit: float) -> Image.Image:
    factor = 4
    small = mask.reduce(factor).filter(ImageFilter.GaussianBlur(unit * 0.012 / factor))
    soft = small.resize(mask.size, Image.Resampling.BILINEAR).point(lambda value: value * 0.42)
    out = image.copy()
    out.paste(INK, (0, round(unit * 0.008)), soft)
    return out
