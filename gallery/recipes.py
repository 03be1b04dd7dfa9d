"""What an image was made by, in words: for its page, for a shared page, for its file."""

from collections.abc import Iterator
from dataclasses import dataclass

from gallery.models import Image
from gallery.templatetags.recipe import seconds

_ENGINES = {"sketch": "Sketch", "stepfun": "StepFun"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """`name` is unique in its recipe, and fit for the id of an element."""

    name: str
    label: str
    value: str
    is_long: bool = False


def lines(image: Image) -> list[Line]:
    """The prompt first. Of an upload: what can be told of a photo."""
    return list(_lines(image))


def _lines(image: Image) -> Iterator[Line]:
    if image.prompt:
        yield Line(name="prompt", label="Prompt", value=image.prompt, is_long=True)
    if image.negative_prompt:
        yield Line(
            name="negative", label="Negative prompt", value=image.negative_prompt, is_long=True
        )
    if image.seed is not None:
        yield Line(name="seed", label="Seed", value=str(image.seed))
    if image.model:
        yield Line(name="model", label="Model", value=image.model)
    yield Line(name="size", label="Size", value=f"{image.width} × {image.height}")
    if image.steps is not None:
        yield Line(name="steps", label="Steps", value=str(image.steps))
    if image.cfg_scale is not None:
        yield Line(name="guidance", label="Guidance (cfg_scale)", value=f"{image.cfg_scale:g}")
    if image.model:
        yield Line(name="text-mode", label="Text mode", value="On" if image.text_mode else "Off")
    if image.engine:
        yield Line(name="engine", label="Engine", value=engine_name(image))
    if image.engine_ms is not None:
        yield Line(name="time", label="Time taken", value=f"{seconds(image.engine_ms)} s")


def engine_name(image: Image) -> str:
    return _ENGINES.get(image.engine, image.engine)
