"""Edits that move pixels: flips, quarter turns, and blocks."""

import re

from PIL import Image

from .job import Job

_LEFT = re.compile(r"left|counter|anti|逆时针|向左|左转")
_UPRIGHT = re.compile(r"180|upside|half|倒")
_THREE_QUARTERS = re.compile(r"270")
_VERTICAL = re.compile(r"vertical|upside|top to bottom|up and down|垂直|上下|竖")


def flip(image: Image.Image, job: Job) -> Image.Image:
    """Left to right, unless the words ask for top to bottom."""
    is_vertical = _VERTICAL.search(job.words)
    turn = Image.Transpose.FLIP_TOP_BOTTOM if is_vertical else Image.Transpose.FLIP_LEFT_RIGHT
    return image.transpose(turn)


def rotate(image: Image.Image, job: Job) -> Image.Image:
    """By right angles, clockwise unless the words say otherwise."""
    quarters = 1
    if _UPRIGHT.search(job.words):
        quarters = 2
    elif _THREE_QUARTERS.search(job.words):
        quarters = 3
    if _LEFT.search(job.words):
        quarters = 4 - quarters
    turns = {
        1: Image.Transpose.ROTATE_270,
        2: Image.Transpose.ROTATE_180,
        3: Image.Transpose.ROTATE_90,
    }
    return image.transpose(turns[quarters])


def pixelate(image: Image.Image, job: Job) -> Image.Image:
    """Square blocks of one colour; stronger is coarser."""
    across = max(6.0, 72.0 / job.strength)
    block = max(2, round(max(image.size) / across))
    small = (max(1, -(-image.width // block)), max(1, -(-image.height // block)))
    whole = (small[0] * block, small[1] * block)
    box = (0.0, 0.0, image.width / block, image.height / block)
    blocks = image.resize(small, Image.Resampling.BOX, box=None)
    if whole == image.size:
        return blocks.resize(whole, Image.Resampling.NEAREST)
    return blocks.resize(image.size, Image.Resampling.NEAREST, box=box)
