"""Real photographs for the browser tests: Debian's mate-backgrounds, put in place by the Makefile.

One of about 8 megapixels, one of about 18, and that one scaled up to 24.
"""

import io
import os
from functools import cache
from pathlib import Path

from PIL import Image

FOLDER = Path(os.environ.get("PHOTOGRAPHS", "/usr/share/backgrounds/mate"))


@cache
def of_megapixels(wanted: float) -> bytes:
    """The JPEG nearest to so many megapixels; scaled to it exactly if it is a tenth off."""
    found = min(_all(), key=lambda each: abs(each[0] - wanted))
    if abs(found[0] - wanted) <= wanted / 10:
        return found[1].read_bytes()
    with Image.open(found[1]) as image:
        scale = (wanted / found[0]) ** 0.5
        size = (round(image.width * scale), round(image.height * scale))
        larger = image.convert("RGB").resize(size, Image.Resampling.BICUBIC)
    file = io.BytesIO()
    larger.save(file, "JPEG", quality=90)
    return file.getvalue()


@cache
def _all() -> tuple[tuple[float, Path], ...]:
    """(megapixels, file)"""
    found = []
    for path in sorted(FOLDER.rglob("*.jpg")):
        with Image.open(path) as image:
            found.append((image.width * image.height / 1e6, path))
    assert found, f"no photographs in {FOLDER}: run `make .venv/browser`"
    return tuple(found)
