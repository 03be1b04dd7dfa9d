"""From instructions to an edited photo: one table, one function each."""

from collections.abc import Callable, Iterator, Mapping

from PIL import Image

from ..dice import Dice
from ..instructions import Instruction
from ..lettering import set_bubble, set_caption
from . import focus, geometry, styles, tone, weather
from .job import Job

Edit = Callable[[Image.Image, Job], Image.Image]


def _caption(image: Image.Image, job: Job) -> Image.Image:
    return set_caption(image, job.text)


def _bubble(image: Image.Image, job: Job) -> Image.Image:
    return set_bubble(image, job.text, at_left=bool(job.rng.random() < 0.5))


EDITS: Mapping[str, Edit] = {
    "black_and_white": tone.black_and_white,
    "sepia": tone.sepia,
    "faded": tone.faded,
    "warmer": tone.warmer,
    "cooler": tone.cooler,
    "brighter": tone.brighter,
    "darker": tone.darker,
    "more_contrast": tone.more_contrast,
    "less_contrast": tone.less_contrast,
    "more_colour": tone.more_colour,
    "less_colour": tone.less_colour,
    "inverted": tone.inverted,
    "vignette": tone.vignette,
    "sunset": tone.sunset,
    "night": tone.night,
    "autumn": tone.autumn,
    "gentle_grade": tone.gentle_grade,
    "blur_background": focus.blur_background,
    "blur": focus.blur,
    "sharpen": focus.sharpen,
    "flip": geometry.flip,
    "rotate": geometry.rotate,
    "pixelate": geometry.pixelate,
    "pencil": styles.pencil,
    "oil": styles.oil,
    "watercolour": styles.watercolour,
    "cartoon": styles.cartoon,
    "film_grain": styles.film_grain,
    "snow": weather.snow,
    "rain": weather.rain,
    "mist": weather.mist,
    "caption": _caption,
    "bubble": _bubble,
}
GRADE = Instruction(name="gentle_grade")


def edited(
    image: Image.Image,
    instructions: tuple[Instruction, ...],
    dice: Dice,
    *,
    detail: float,
    strength: float,
) -> Iterator[Image.Image]:
    """The photo after each instruction in turn, so that the caller may stop in between."""
    for index, instruction in enumerate(instructions):
        job = Job(
            rng=dice.stream(f"{index}-{instruction.name}"),
            strength=strength * instruction.force,
            detail=detail,
            words=instruction.words,
            text=instruction.text,
        )
        image = EDITS[instruction.name](image, job)
        yield image
