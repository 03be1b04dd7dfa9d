"""What the strict StepFun accepts: the documented fields within the documented limits, only."""

import base64
import binascii
import io
import re
from dataclasses import dataclass
from typing import Any

from PIL import Image

MAX_SEED = 2_147_483_647
SQUARES_AND_TWO = ("256x256", "512x512", "768x768", "1024x1024", "1280x800", "800x1280")
FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


@dataclass(frozen=True)
class Model:
    order: str
    steps: int
    cfg_scale: float
    generates: tuple[str, ...] = ()
    edits: bool = False
    edit_areas: tuple[str, ...] = ()
    extras: frozenset[str] = frozenset()


MODELS = {
    "step-image-edit-2": Model(
        order="hxw",
        steps=8,
        cfg_scale=1.0,
        generates=("1024x1024", "768x1360", "896x1184", "1360x768", "1184x896"),
        edits=True,
        extras=frozenset({"negative_prompt", "text_mode"}),
    ),
    "step-2x-large": Model(order="wxh", steps=50, cfg_scale=6, generates=SQUARES_AND_TWO),
    "step-1x-medium": Model(
        order="wxh",
        steps=50,
        cfg_scale=7.5,
        generates=SQUARES_AND_TWO,
        extras=frozenset({"style_reference"}),
    ),
    "step-1x-edit": Model(
        order="wxh",
        steps=28,
        cfg_scale=6,
        edits=True,
        edit_areas=("512x512", "768x768", "1024x1024"),
    ),
}
COMMON = {"model", "prompt", "size", "n", "seed", "steps", "cfg_scale", "response_format"}


class No(Exception):
    """The request is refused with this status, type and message."""

    def __init__(self, message: str, status: int = 400, kind: str = "request_params_invalid"):
        super().__init__(message)
        self.message, self.status, self.kind = message, status, kind


@dataclass
class Wanted:
    """A request that passed. `size` is (width, height); `image` is decoded."""

    model: str
    operation: str
    prompt: str
    size: tuple[int, int]
    seed: int | None
    response_format: str
    image: Image.Image | None = None


def check(operation: str, fields: dict[str, Any], upload: bytes | None) -> Wanted:
    """`fields` as JSON gives them; those of a form must have been through `from_form`."""
    model = MODELS.get(of_type(fields, "model", str, needed=True))
    if model is None:
        raise No("the model does not exist", 404, "model_not_found")
    if not (model.generates if operation == "generate" else model.edits):
        raise No(f"the model does not {operation}")
    known = COMMON | model.extras
    if unknown := sorted(set(fields) - known):
        raise No(f"unknown field {unknown[0][:40]}")
    prompt = of_type(fields, "prompt", str, needed=True)
    if not 1 <= len(prompt) <= 512:
        raise No("prompt must have 1 to 512 characters")
    if len(of_type(fields, "negative_prompt", str) or "") > 512:
        raise No("negative_prompt must have at most 512 characters")
    of_type(fields, "text_mode", bool)
    in_range(fields, "n", int, 1, 1)
    in_range(fields, "steps", int, 1, 50)
    in_range(fields, "cfg_scale", float, 1, 10)
    _check_style(fields)
    image = decoded(upload, fields["model"]) if operation == "edit" else None
    seed = in_range(fields, "seed", int, 0, MAX_SEED)
    return Wanted(
        model=fields["model"],
        operation=operation,
        prompt=prompt,
        size=_size(model, of_type(fields, "size", str), image),
        seed=None if seed == 0 and fields["model"] != "step-image-edit-2" else seed,
        response_format=_response_format(fields),
        image=image,
    )


def from_form(texts: dict[str, str]) -> dict[str, Any]:
    """A form's texts as the values that JSON would have had."""
    fields: dict[str, Any] = dict(texts)
    for name in ("n", "seed", "steps"):
        if name in texts and re.fullmatch(r"-?[0-9]+", texts[name]):
            fields[name] = int(texts[name])
    if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", texts.get("cfg_scale", "")):
        fields["cfg_scale"] = float(texts["cfg_scale"])
    if texts.get("text_mode") in ("true", "false"):
        fields["text_mode"] = texts["text_mode"] == "true"
    return fields


def multipart(
    content_type: str, body: bytes, image_parts: tuple[str, ...] = ("image",)
) -> tuple[dict[str, str], list[bytes]]:
    """The texts of a form, and the files of those names; a text of such a name is base64."""
    match = re.fullmatch(r'multipart/form-data; ?boundary="?([0-9A-Za-z_.-]{1,70})"?', content_type)
    if not match:
        raise No("expected multipart/form-data", 415)
    mark = b"\r\n--" + match[1].encode()
    first, *parts, last = (b"\r\n" + body).split(mark)
    if first or last not in (b"--\r\n", b"--"):
        raise No("malformed multipart body")
    texts: dict[str, str] = {}
    images: list[bytes] = []
    for part in parts:
        name, is_file, content = _part(part)
        if name in image_parts:
            images.append(content if is_file else _from_base64(content))
        elif is_file or name in texts:
            raise No(f"unexpected part {name[:40]}")
        else:
            texts[name] = content.decode()
    return texts, images


def _part(part: bytes) -> tuple[str, bool, bytes]:
    head, blank, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    named = re.search(rb'(?i)content-disposition: form-data; name="([^"]+)"(; filename=")?', head)
    if not (named and blank):
        raise No("malformed part")
    is_file = named[2] is not None
    if is_file and not re.search(rb"(?i)content-type: image/(png|jpeg|webp)\b", head):
        raise No("the image must be png, jpeg or webp")
    return named[1].decode(), is_file, content


def _from_base64(content: bytes) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise No("the image is no base64") from error


def of_type(fields: dict[str, Any], name: str, kind: type, *, needed: bool = False) -> Any:
    value = fields.get(name)
    if name not in fields and not needed:
        return None
    number = kind is float and type(value) is int
    if type(value) is not kind and not number:
        raise No(f"{name} must be of type {kind.__name__}")
    return value


def in_range(fields: dict[str, Any], name: str, kind: type, low: float, high: float) -> Any:
    value = of_type(fields, name, kind)
    if value is not None and not low <= value <= high:
        raise No(f"{name} must be from {low} to {high}")
    return value


def _check_style(fields: dict[str, Any]) -> None:
    style = of_type(fields, "style_reference", dict)
    if style is None:
        return
    if set(style) - {"source_url", "weight"}:
        raise No("unknown field in style_reference")
    if not of_type(style, "source_url", str, needed=True).startswith(("http://", "https://")):
        raise No("source_url must be an http url")
    weight = of_type(style, "weight", float)
    if weight is not None and not 0 < weight <= 2:
        raise No("weight must be above 0 and at most 2")


def _response_format(fields: dict[str, Any]) -> str:
    value = fields.get("response_format", "url")
    if value not in ("url", "b64_json"):
        raise No("response_format must be url or b64_json")
    return value


def decoded(upload: bytes | None, model: str) -> Image.Image:
    if upload is None:
        raise No("image is required")
    try:
        with Image.open(io.BytesIO(upload), formats=tuple(FORMATS)) as opened:
            width, height = opened.size
            if max(width, height) > 4096:
                raise No("the image must be at most 4096x4096")
            image = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise No("the image cannot be decoded") from error
    if model == "step-1x-edit":
        if len(upload) > 10 * 1024 * 1024:
            raise No("the image must be at most 10 MB")
        if min(width, height) < 64 or max(width, height) > 3 * min(width, height):
            raise No("the image must have sides from 64 and a ratio within 1:3")
    return image


def _size(model: Model, size: str | None, image: Image.Image | None) -> tuple[int, int]:
    """(width, height) of the result."""
    if image is None:
        if size is not None and size not in model.generates:
            raise No(f"size must be one of {', '.join(model.generates)}")
        first, second = map(int, (size or "1024x1024").split("x"))
        return (second, first) if model.order == "hxw" else (first, second)
    if not model.edit_areas:
        return image.size
    if size is not None and size not in model.edit_areas:
        raise No(f"size must be one of {', '.join(model.edit_areas)}")
    side = int((size or "1024x1024").split("x")[0])
    scale = (side * side / (image.width * image.height)) ** 0.5
    return round(image.width * scale), round(image.height * scale)
