"""What is sent of a request, and what is said of the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.engines.contract import EngineRequest
from studio.engines.dialects import Dialect, SizeOrder

NEGATIVE_PROMPT_UNUSED = "The negative prompt was not used, because cfg_scale is 1.0."
SIZE_UNUSED = "The size was not used: the result of an edit has the size of its image."

_WORDS = {
    "steps": "steps",
    "cfg_scale": "guidance",
    "seed": "seed",
    "negative_prompt": "negative prompt",
    "text_mode": "text mode",
    "style_reference": "style reference",
}


@dataclass(frozen=True, kw_only=True)
class WireModel:
    """How one model wants its fields.

    `upstream_name` is the server's name for it, where that differs. `size_order` is read where
    the dialect leaves it to the model. A negative prompt that `needs_guidance` has no effect
    with cfg_scale 1.0, asked for or by default, and is not sent then.
    """

    upstream_name: str = ""
    size_order: SizeOrder = "wxh"
    sends_edit_size: bool = False
    default_cfg_scale: float | None = None
    needs_guidance: bool = True


def fields_of(request: EngineRequest, model: WireModel, dialect: Dialect) -> dict[str, Any]:
    """The fields of both calls; what was not asked for is left to the server's default."""
    fields: dict[str, Any] = {
        "model": model.upstream_name or request.model,
        "prompt": _prompt(request, dialect),
    }
    if request.size and not _is_size_unused(request, model):
        width, height = request.size
        order = dialect.size_order or model.size_order
        fields["size"] = f"{height}x{width}" if order == "hxw" else f"{width}x{height}"
    if dialect.response_format:
        fields["response_format"] = dialect.response_format
    asked = _asked(request)
    if _is_negative_prompt_unused(request, model, dialect):
        asked.pop("negative_prompt", None)
    named = {getattr(dialect, parameter): value for parameter, value in asked.items()}
    named.pop("", None)
    return fields | named


def notes_of(request: EngineRequest, model: WireModel, dialect: Dialect) -> list[str]:
    """What was asked for and not sent, in words for the user."""
    notes = []
    unnamed = [_WORDS[each] for each in _asked(request) if not _is_sent(each, dialect)]
    if unnamed:
        listed = " or ".join(filter(None, [", ".join(unnamed[:-1]), unnamed[-1]]))
        notes.append(f"{dialect.title} takes no {listed}, so none was sent.")
    if request.negative_prompt and _is_negative_prompt_unused(request, model, dialect):
        notes.append(NEGATIVE_PROMPT_UNUSED)
    if request.size and _is_size_unused(request, model):
        notes.append(SIZE_UNUSED)
    mark = dialect.negative_mark
    if mark and mark in request.prompt + request.negative_prompt:
        notes.append(f"A comma was sent for {mark}, at which {dialect.title} divides prompts.")
    return notes


def _is_sent(parameter: str, dialect: Dialect) -> bool:
    marked = parameter == "negative_prompt" and dialect.negative_mark
    return bool(getattr(dialect, parameter) or marked)


def _prompt(request: EngineRequest, dialect: Dialect) -> str:
    """With the negative prompt in it, where the server looks for it there."""
    if not dialect.negative_mark:
        return request.prompt
    both = [text for text in (request.prompt, request.negative_prompt) if text]
    return dialect.negative_mark.join(text.replace(dialect.negative_mark, ",") for text in both)


def as_text(value: object) -> str:
    """A field of JSON as a form has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _asked(request: EngineRequest) -> dict[str, Any]:
    """What was asked for of that which not every server takes."""
    style = request.style_reference
    asked: Mapping[str, Any] = {
        "steps": request.steps,
        "cfg_scale": request.cfg_scale,
        "seed": request.seed,
        "negative_prompt": request.negative_prompt or None,
        "text_mode": request.text_mode or None,
        "style_reference": style and {"source_url": style.source_url, "weight": style.weight},
    }
    return {name: value for name, value in asked.items() if value is not None}


def _is_negative_prompt_unused(request: EngineRequest, model: WireModel, dialect: Dialect) -> bool:
    """Where the server takes no guidance, nobody here knows whether it has an effect."""
    if not (model.needs_guidance and dialect.negative_prompt and dialect.cfg_scale):
        return False
    asked = request.cfg_scale
    return (model.default_cfg_scale if asked is None else asked) == 1.0


def _is_size_unused(request: EngineRequest, model: WireModel) -> bool:
    return request.operation == "edit" and not model.sends_edit_size
