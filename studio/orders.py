"""What somebody asks for, checked against the catalog and put a price on.

Pages and API both come through here, so a limit is kept, and a rewrite told, in one place.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from studio import offers
from studio.catalog import MAX_SEED, Model, Range
from studio.engines.addresses import may_be_public
from studio.engines.contract import Operation

MAX_COUNT = 10
MAX_PHOTOS = 100
MAX_FEATHER = 1024


class OrderError(ValueError):
    """`field` is the one that is wrong; `sentence` says how."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


class NotOffered(OrderError):
    """The model is unknown, or not on offer at the moment."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """As it came in: anything left out is None, nothing is checked yet but its type.

    `photos`: how many the instruction is for; `count` images are made of each.
    Nobody waits for a batch: the workspace's other jobs go first.
    """

    model: str
    operation: Operation
    prompt: str
    negative_prompt: str = ""
    size: str | None = None
    seed: int | None = None
    steps: int | None = None
    cfg_scale: float | None = None
    text_mode: bool = False
    style_reference: Any = None
    count: int = 1
    photos: int = 1
    is_batch: bool = False


@dataclass(frozen=True, kw_only=True)
class Order:
    """What will be sent, for each of `images`; `rewrites` says in words what changed."""

    model: Model
    operation: Operation
    prompt: str
    negative_prompt: str
    size: str
    seed: int | None
    steps: int
    cfg_scale: float
    text_mode: bool
    count: int
    price_micros: int
    style_reference: dict[str, Any] | None = None
    rewrites: tuple[str, ...] = ()
    photos: int = 1
    is_batch: bool = False

    @property
    def images(self) -> int:
        return self.count * self.photos

    @property
    def total_micros(self) -> int:
        return self.price_micros * self.images


def check(asked: Asked) -> Order:
    """The order of what was asked. Raises OrderError at the first field that is wrong."""
    offered = next((each for each in offers.all_on() if each.model.name == asked.model), None)
    if offered is None:
        raise NotOffered("model", offers.why_not(asked.model))
    model = offered.model
    if not model.can(asked.operation):
        verb = "edit photos" if asked.operation == "edit" else "make pictures from words alone"
        raise OrderError("model", f"{model.title} cannot {verb}. Choose another model.")
    _check_words("prompt", asked.prompt, model.max_prompt)
    if not asked.prompt.strip():
        raise OrderError("prompt", "Write what you would like to see.")
    _check_words("negative_prompt", asked.negative_prompt, model.max_prompt)
    _check_numbers(asked, model)
    size, size_said = _size(asked, model)
    cfg_scale = model.cfg_scale.default if asked.cfg_scale is None else asked.cfg_scale
    negative_prompt, negative_said = _negative_prompt(asked, model, cfg_scale)
    return Order(
        model=model,
        operation=asked.operation,
        prompt=asked.prompt,
        negative_prompt=negative_prompt,
        size=size,
        seed=asked.seed,
        steps=int(model.steps.default) if asked.steps is None else asked.steps,
        cfg_scale=cfg_scale,
        text_mode=asked.text_mode and model.text_mode,
        count=asked.count,
        photos=asked.photos,
        price_micros=offered.price_micros,
        style_reference=_style_reference(asked, model),
        rewrites=tuple(filter(None, (size_said, negative_said, _text_mode_said(asked, model)))),
        is_batch=asked.is_batch,
    )


def check_photo(order: Order, *, width: int, height: int, size_bytes: int) -> None:
    """Raises OrderError if the order's model cannot edit a photo of this shape and weight."""
    limits, title = order.model.edit, order.model.title
    if limits is None:
        return
    short, long = sorted((width, height))
    if short < limits.min_side or long > limits.max_side:
        raise OrderError(
            "photo",
            f"{title} edits photos of {limits.min_side} to {limits.max_side} pixels a side; "
            f"this one is {width} x {height}.",
        )
    if limits.max_ratio and long > short * limits.max_ratio:
        raise OrderError("photo", f"{title} edits photos up to {limits.max_ratio:g}:1 in shape.")
    if size_bytes > limits.max_bytes:
        megabytes = limits.max_bytes // 1024**2
        raise OrderError("photo", f"{title} edits photos of at most {megabytes} MB.")


def check_mask(*, mask: tuple[int, int], photo: tuple[int, int]) -> None:
    """Raises OrderError if the mask is not of the photo's shape. It may be smaller."""
    (width, height), (photo_width, photo_height) = mask, photo
    if abs(width * photo_height - height * photo_width) > max(photo):
        raise OrderError(
            "mask",
            f"The region is {width} x {height}, which is not the shape of the photo, "
            f"{photo_width} x {photo_height}.",
        )


def _check_words(field: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise OrderError(field, f"This has {len(text):,} characters; at most {limit} are taken.")
    if "\x00" in text or any(0xD800 <= ord(character) < 0xE000 for character in text):
        raise OrderError(field, "This holds characters that cannot be written.")


def _check_numbers(asked: Asked, model: Model) -> None:
    if asked.seed is not None and not (_is_whole(asked.seed) and 0 <= asked.seed <= MAX_SEED):
        raise OrderError("seed", f"The seed is a whole number from 0 to {MAX_SEED}.")
    if asked.steps is not None and not (_is_whole(asked.steps) and asked.steps in model.steps):
        raise OrderError("steps", f"{model.title} takes {_span(model.steps)} steps.")
    if asked.cfg_scale is not None and (
        isinstance(asked.cfg_scale, bool) or asked.cfg_scale not in model.cfg_scale
    ):
        raise OrderError("cfg_scale", f"{model.title} takes guidance of {_span(model.cfg_scale)}.")
    if not (_is_whole(asked.count) and 1 <= asked.count <= MAX_COUNT):
        raise OrderError("count", f"Make 1 to {MAX_COUNT} images at once.")
    if not 1 <= asked.photos <= MAX_PHOTOS:
        raise OrderError("source", f"Choose 1 to {MAX_PHOTOS} pictures.")


def _is_whole(value: object) -> bool:
    """True is an int to Python, and 1.0 is equal to one; neither was asked for."""
    return type(value) is int


def _span(limits: Range) -> str:
    return f"{limits.minimum:g} to {limits.maximum:g}"


def _size(asked: Asked, model: Model) -> tuple[str, str]:
    sizes = model.sizes(asked.operation)
    if not sizes:
        said = "The size is not sent: the result has the photo's own." if asked.size else ""
        return "", said
    if asked.size and asked.size not in sizes:
        raise OrderError("size", f"{model.title} makes {', '.join(sizes)}.")
    return asked.size or sizes[0], ""


def _negative_prompt(asked: Asked, model: Model, cfg_scale: float) -> tuple[str, str]:
    if not asked.negative_prompt:
        return "", ""
    if not model.negative_prompt:
        return "", f"The negative prompt is not sent: {model.title} has none."
    if model.negative_prompt.startswith("unless") and cfg_scale == 1.0:
        return "", "The negative prompt is not sent: it has no effect while guidance is 1.0."
    return asked.negative_prompt, ""


def _style_reference(asked: Asked, model: Model) -> dict[str, Any] | None:
    """{"source_url", "weight"}. The image service fetches the address; Easel never does."""
    given = asked.style_reference
    if given is None:
        return None
    if not model.style_reference:
        raise OrderError("style_reference", f"{model.title} takes no style reference.")
    if not isinstance(given, dict) or not {"source_url"} <= set(given) <= {"source_url", "weight"}:
        raise OrderError("style_reference", "A style reference has a source_url and a weight.")
    address, weight = given["source_url"], given.get("weight", 1.0)
    if not (isinstance(address, str) and _is_public_address(address)):
        raise OrderError("style_reference", "The source_url is an address on the public web.")
    if type(weight) not in {int, float} or not 0 < weight <= 2:
        raise OrderError("style_reference", "The weight is above 0 and at most 2.")
    return {"source_url": address, "weight": float(weight)}


def _is_public_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return (
            len(text) <= 2_000
            and text.isascii()
            and text.isprintable()
            and parts.scheme in {"http", "https"}
            and may_be_public(parts.hostname or "")
        )
    except ValueError:
        return False


def _text_mode_said(asked: Asked, model: Model) -> str:
    if asked.text_mode and not model.text_mode:
        return f"Text mode is not sent: {model.title} has none."
    return ""
