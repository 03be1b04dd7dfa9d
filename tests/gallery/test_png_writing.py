"""What is written reads as it was, by Pillow and by our own check of engines' results."""

import io

import numpy as np
import pytest
from PIL import Image

from gallery import pictures, png_writing


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (7, 255), (64, 256), (33, 513)])
def test_every_pixel_reads_as_it_was(mode: str, size: tuple[int, int]) -> None:
    width, height = size
    noise = np.random.default_rng(width).integers(0, 256, (height, width, len(mode)), dtype="uint8")
    image = Image.fromarray(noise, mode)
    image.info["comment"] = "hidden"
    data = png_writing.png(image)
    read = Image.open(io.BytesIO(data))
    read.load()
    assert (read.format, read.mode, read.size, read.info) == ("PNG", mode, size, {})
    assert read.tobytes() == image.tobytes()
    assert pictures.verify(data).data == data


def test_what_is_alike_is_small() -> None:
    assert len(png_writing.png(Image.new("RGB", (4096, 4096), "teal"))) < 300_000
