"""Servers shaped like OpenAI's, each as strict as what is known of it.

    with StrictOpenai("vllm-omni") as strict: ...

The real ones overlook fields that they do not know; these refuse them, so that nothing that
Easel sends can get lost unseen.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.engines.strict import Strict
from tests.engines.strict_rules import MAX_SEED, No, Wanted, decoded, in_range, of_type

Limits = tuple[type, float, float]


@dataclass(frozen=True)
class Rules:
    """`formats` and `edit_formats`: the accepted ones, the default first.

    `numbers` are the parameters of its own with their limits. `complains` is the shape of its
    errors: "detail" or "error".
    """

    complains: str
    formats: tuple[str, ...] = ("b64_json",)
    edit_formats: tuple[str, ...] = ("b64_json",)
    numbers: Mapping[str, Limits] = field(default_factory=dict)
    texts: tuple[str, ...] = ()
    edits: bool = True
    answers_edits_by_url: bool = False
    image_parts: tuple[str, ...] = ("image", "image[]")


DIFFUSION = {
    "num_inference_steps": (int, 1, 200),
    "guidance_scale": (float, 0, 20),
    "seed": (int, 0, MAX_SEED),
}
RULES = {
    "vllm-omni": Rules(complains="detail", numbers=DIFFUSION, texts=("negative_prompt",)),
    "sglang": Rules(
        complains="detail",
        edit_formats=("b64_json", "url"),
        numbers=DIFFUSION,
        texts=("negative_prompt",),
        answers_edits_by_url=True,
    ),
    "localai": Rules(
        complains="error",
        formats=("url", "b64_json"),
        numbers={"step": (int, 1, 1000), "seed": (int, 0, MAX_SEED)},
        edits=False,
    ),
    # Its newer models answer in base64 and refuse to be asked for a format.
    "openai": Rules(complains="error", formats=(), edit_formats=()),
}
COMMON = {"model", "prompt", "n", "size"}


class StrictOpenai(Strict):
    """`models` are the names that it knows; None accepts any."""

    trace_header = "X-Request-Id"
    tells_seed = False

    def __init__(
        self, dialect: str, *, models: frozenset[str] | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.dialect = dialect
        self.rules = RULES[dialect]
        self.models = models
        self.image_parts = self.rules.image_parts
        if not self.rules.edits:
            self.operations = {"/v1/images/generations": "generate"}

    def check(self, operation: str, fields: dict[str, Any], upload: bytes | None) -> Wanted:
        rules = self.rules
        formats = rules.formats if operation == "generate" else rules.edit_formats
        known = COMMON | set(rules.numbers) | set(rules.texts)
        known |= {"response_format"} if formats else set()
        if unknown := sorted(set(fields) - known):
            raise No(f"Unknown parameter: '{unknown[0][:40]}'.", 400, "unknown_parameter")
        model = of_type(fields, "model", str, needed=True)
        if self.models is not None and model not in self.models:
            raise No("The model does not exist.", 404, "model_not_found")
        prompt = of_type(fields, "prompt", str, needed=True)
        in_range(fields, "n", int, 1, 10)
        for name, limits in rules.numbers.items():
            in_range(fields, name, *limits)
        for name in rules.texts:
            of_type(fields, name, str)
        image = decoded(upload, model) if operation == "edit" else None
        return Wanted(
            model=model,
            operation=operation,
            prompt=prompt,
            size=_size(of_type(fields, "size", str), image.size if image else (1024, 1024)),
            seed=fields.get("seed"),
            response_format=self._format(operation, formats, fields),
            image=image,
        )

    def from_form(self, texts: dict[str, str]) -> dict[str, Any]:
        fields: dict[str, Any] = dict(texts)
        for name, (kind, *_) in {"n": (int,), **self.rules.numbers}.items():
            if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", texts.get(name, "")):
                fields[name] = kind(texts[name])
        return fields

    def complaint(self, kind: str, message: str) -> object:
        if self.rules.complains == "detail":
            return {"detail": message}
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": kind}
        return {"error": error}

    def _format(self, operation: str, formats: tuple[str, ...], fields: dict[str, Any]) -> str:
        asked = fields.get("response_format", formats[0] if formats else "b64_json")
        if formats and asked not in formats:
            raise No(f"response_format={asked} is not supported")
        if operation == "edit" and self.rules.answers_edits_by_url:
            return "relative url"
        return str(asked)


def _size(size: str | None, default: tuple[int, int]) -> tuple[int, int]:
    """(width, height) of the result; any size will do."""
    if size is None or size == "auto":
        return default
    if not re.fullmatch(r"[1-9][0-9]{1,3}x[1-9][0-9]{1,3}", size):
        raise No("size must be in format 'WIDTHxHEIGHT'")
    width, height = size.split("x")
    return int(width), int(height)
