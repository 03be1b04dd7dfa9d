"""Reads the fields of a POST by their declared types. JSON is taken as it is written: "1"
is no number, 1.5 and true no whole one. A form has only text, so there "1" and "true" are.

What the SDKs send and no model here knows is ignored, and said to be.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile

from studio.api.errors import BadField
from studio.api.parsers import Body, is_written
from studio.engines.contract import Operation

FORMATS = ("url", "b64_json")
IGNORED = (
    "background",
    "input_fidelity",
    "moderation",
    "output_compression",
    "output_format",
    "partial_images",
    "quality",
    "style",
    "user",
)


@dataclass(frozen=True, kw_only=True)
class Field:
    """`says` completes "prompt is to be ..."; `schema` is OpenAPI's."""

    read: Callable[[Any], Any]
    from_text: Callable[[str], Any]
    says: str
    schema: dict[str, Any]


class _Wrong(ValueError):
    pass


def _of(*kinds: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) not in kinds:
            raise _Wrong
        return value

    return read


def _whole(text: str) -> int:
    if not re.fullmatch("-?[0-9]{1,20}", text):
        raise _Wrong
    return int(text)


def _number(text: str) -> float:
    if not re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", text):
        raise _Wrong
    return float(text)


def _flag(text: str) -> bool:
    """Also as Python writes it, which is how the vendor does."""
    if text not in {"true", "True", "false", "False"}:
        raise _Wrong
    return text in {"true", "True"}


def _format(value: Any) -> str:
    if value not in FORMATS:
        raise _Wrong
    return str(value)


def _never(_value: Any) -> Any:
    raise _Wrong


def _text(about: str, **more: Any) -> Field:
    schema = {"type": "string", "description": about, **more}
    return Field(read=_of(str), from_text=str, says="text", schema=schema)


def _whole_field(about: str, **more: Any) -> Field:
    schema = {"type": "integer", "description": about, **more}
    return Field(read=_of(int), from_text=_whole, says="a whole number", schema=schema)


def _number_field(about: str) -> Field:
    schema = {"type": "number", "description": about}
    return Field(read=_of(int, float), from_text=_number, says="a number", schema=schema)


def _flag_field(about: str, **more: Any) -> Field:
    schema = {"type": "boolean", "default": False, "description": about, **more}
    return Field(read=_of(bool), from_text=_flag, says="true or false", schema=schema)


_BOTH = {
    "model": _text("A name of GET /v1/models. Left out: the first that can do it."),
    "prompt": _text("What to make, or what to change.", minLength=1, maxLength=512, pattern=r"\S"),
    "n": _whole_field("How many images.", minimum=1, maximum=10, default=1),
    "size": _text(
        "In the model's own order, as GET /v1/models writes it.",
        pattern="^(auto|[1-9][0-9]{0,3}x[1-9][0-9]{0,3})$",
    ),
    "seed": _whole_field("Left out: a random one.", minimum=0, maximum=2_147_483_647),
    "steps": _whole_field("Within the model's limits.", minimum=1),
    "cfg_scale": _number_field("How closely the prompt is followed."),
    "negative_prompt": _text("What to keep out.", maxLength=512),
    "text_mode": _flag_field("Better lettering, where the model has it."),
    "response_format": Field(
        read=_format,
        from_text=_format,
        says="url or b64_json",
        schema={
            "type": "string",
            "enum": list(FORMATS),
            "default": "url",
            "description": "A link that lives for two hours, or the image itself.",
        },
    ),
    "dry_run": _flag_field("Check and price the request, and do nothing."),
    "stream": _flag_field("Only false: images come whole.", enum=[False]),
}
_STYLE = Field(
    read=_of(dict),
    from_text=_never,
    says="an object",
    schema={
        "type": "object",
        "description": "An image whose style to take, where the model can.",
        "properties": {
            "source_url": {"type": "string", "format": "uri"},
            "weight": {"type": "number", "exclusiveMinimum": 0, "maximum": 2, "default": 1},
        },
        "required": ["source_url"],
        "additionalProperties": False,
    },
)
FIELDS: dict[Operation, dict[str, Field]] = {
    "generate": {**_BOTH, "style_reference": _STYLE},
    "edit": _BOTH,
}
PICTURES = ("image", "mask")
MOST_NAMED = 1_000


def _name(value: Any) -> str:
    if not (isinstance(value, str) and value.strip() and len(value) <= 100 and is_written(value)):
        raise _Wrong
    return value


def _ids(value: Any) -> list[UUID]:
    if not (isinstance(value, list) and 1 <= len(value) <= MOST_NAMED):
        raise _Wrong
    try:
        found = [UUID(each) for each in value if isinstance(each, str)]
    except ValueError as error:
        raise _Wrong from error
    if [str(each) for each in found] != [str(each).lower() for each in value]:
        raise _Wrong
    return found


NAME = {
    "name": Field(
        read=_name,
        from_text=_never,
        says="text of 1 to 100 characters",
        schema={"type": "string", "minLength": 1, "maxLength": 100, "pattern": r"\S"},
    )
}


def _id(value: Any) -> UUID:
    return _ids([value])[0]


_IMAGE_ID = {"type": "string", "format": "uuid"}


def _image(description: str) -> Field:
    schema = {**_IMAGE_ID, "description": description}
    return Field(read=_id, from_text=_never, says="the id of an image", schema=schema)


COVER = {"cover": _image("One of its images.")}
AFTER = {"after": _image("One of its images. Left out: they come first.")}
IMAGES = {
    "images": Field(
        read=_ids,
        from_text=_never,
        says=f"a list of 1 to {MOST_NAMED:,} ids of images",
        schema={
            "type": "array",
            "items": _IMAGE_ID,
            "minItems": 1,
            "maxItems": MOST_NAMED,
        },
    )
}


@dataclass(frozen=True, kw_only=True)
class Given:
    """What came in, each value of its declared type; absent and null are left out.

    `pictures` holds all that came as `image` and as `mask`, undecoded.
    """

    values: dict[str, Any]
    pictures: dict[str, list[Any]]
    ignored: list[str]


def read(body: Body, operation: Operation) -> Given:
    """Raises BadField at the first field that is unknown or of another type."""
    given, known = body.fields, FIELDS[operation]
    values: dict[str, Any] = {}
    pictures: dict[str, list[Any]] = {}
    for name, all_of_it in given.items():
        if operation == "edit" and name in PICTURES:
            pictures[name] = _pictures(all_of_it)
        elif name in known:
            values[name] = _value(name, known[name], all_of_it, is_form=body.is_form)
        elif name not in IGNORED:
            raise BadField(name[:100], f"There is no field {name[:100]}.", code="unknown_parameter")
    if values.pop("stream", False):
        raise BadField("stream", "Images come whole; they are not streamed.")
    return Given(
        values={name: value for name, value in values.items() if value is not None},
        pictures=pictures,
        ignored=[name for name in given if name in IGNORED and given[name] != [None]],
    )


def read_all(
    body: Body, known: Mapping[str, Field], *, optional: Mapping[str, Field] = MappingProxyType({})
) -> dict[str, Any]:
    """Of a body of JSON that has exactly these, and perhaps those. Raises BadField."""
    values = read_some(body, {**known, **optional})
    for name in known:
        if name not in values:
            raise BadField(name, f"{name} is to be {known[name].says}.")
    return values


def read_some(body: Body, known: Mapping[str, Field]) -> dict[str, Any]:
    """Of a body of JSON that has no others; none may be null. Raises BadField."""
    for name in body.fields:
        if name not in known:
            raise BadField(name[:100], f"There is no field {name[:100]}.", code="unknown_parameter")
        if None in body.fields[name]:
            raise BadField(name, f"{name} is to be {known[name].says}.")
    return {
        name: _value(name, known[name], all_of_it, is_form=False)
        for name, all_of_it in body.fields.items()
    }


def _pictures(all_of_it: list[Any]) -> list[Any]:
    """JSON may hold a list of them, as a form may."""
    found: list[Any] = []
    for each in all_of_it:
        found.extend(each if isinstance(each, list) else [each])
    return [each for each in found if each is not None]


def _value(name: str, field: Field, all_of_it: list[Any], *, is_form: bool) -> Any:
    if len(all_of_it) > 1:
        raise BadField(name, f"{name} is there twice.")
    value = all_of_it[0]
    if value is None:
        return None
    if is_form and (isinstance(value, UploadedFile) or "\ufffd" in value):
        raise BadField(name, f"{name} is to be {field.says}, in UTF-8.")
    try:
        return field.from_text(value) if is_form else field.read(value)
    except _Wrong as error:
        raise BadField(name, f"{name} is to be {field.says}.") from error
