"""What each model can do and its limits, read once from TOML.

Forms, the API and the pages all validate from here, and nothing else knows a model's name.
Price and on/off live in the database (`Offer`); the price here is the one to begin with.
"""

import math
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from gallery.pictures import MAX_SIDE
from studio.engines.contract import Operation
from studio.engines.dialects import DIALECTS

MAX_SEED = 2_147_483_647
_OWN_FILE = Path(__file__).with_name("catalog.toml")


class CatalogError(ValueError):
    """Names the file and the key that are wrong."""


@dataclass(frozen=True, kw_only=True)
class Range:
    minimum: float
    maximum: float
    default: float

    def __contains__(self, value: float) -> bool:
        return self.minimum <= value <= self.maximum


@dataclass(frozen=True, kw_only=True)
class Generate:
    """`sizes` are "WxH" in pixels, the default first."""

    sizes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Limits of the photo. `sizes`, where there are any, name an area; the ratio is kept."""

    max_side: int
    min_side: int = 1
    max_ratio: float = 0.0
    max_bytes: int = 20 * 1024 * 1024
    sizes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Model:
    """`negative_prompt` is "", "always" or "unless cfg_scale is 1.0".

    A model without an `engine` is made by that of the setting ENGINE. One with an engine has
    the `address` of its server; `dialect` is the row of the engine openai, `key_variable` the
    name of the environment variable that holds the key. `upstream_name` is what the server
    calls the model, where that is not `name`. `size_order` is how StepFun's wire writes sizes.
    """

    name: str
    title: str
    about: str
    steps: Range
    cfg_scale: Range
    size_order: str = "width x height"
    upstream_name: str = ""
    engine: str = ""
    address: str = ""
    dialect: str = ""
    key_variable: str = ""
    usual_ms: int = 5_000
    price_micros: int | None = None
    max_prompt: int = 512
    negative_prompt: str = ""
    text_mode: bool = False
    style_reference: bool = False
    generate: Generate | None = None
    edit: Edit | None = None

    def can(self, operation: Operation) -> bool:
        return getattr(self, operation) is not None

    def sizes(self, operation: Operation) -> tuple[str, ...]:
        limits = self.generate if operation == "generate" else self.edit
        return limits.sizes if limits else ()


@cache
def models() -> Mapping[str, Model]:
    """Every model by its name, in the order of the files. Raises CatalogError."""
    found: dict[str, Model] = {}
    for file in (_OWN_FILE, *([Path(settings.MODELS_FILE)] if settings.MODELS_FILE else [])):
        for model in read(file):
            if model.name in found:
                raise CatalogError(f"{file}: name {model.name!r} is there twice")
            found[model.name] = model
    return found


def read(file: Path) -> list[Model]:
    try:
        tables = tomllib.loads(file.read_text("utf-8"))["model"]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogError(f"{file}: {error}") from error
    except KeyError as error:
        raise CatalogError(f"{file}: model is missing") from error
    if not isinstance(tables, list):
        raise CatalogError(f"{file}: model is to be a list, each begun with [[model]]")
    return [_model(table, f"{file}: model {number}") for number, table in enumerate(tables, 1)]


def _model(table: Any, where: str) -> Model:
    parts = dict(_table(table, where))
    for key, kind in _PARTS.items():
        if key in parts:
            parts[key] = _build(kind, parts[key], f"{where}: {key}")
    model: Model = _build(Model, parts, where)
    for key, rule, holds in _RULES:
        if not holds(model):
            raise CatalogError(f"{where}: {key} {rule}")
    return model


def _build(kind: type, given: Any, where: str) -> Any:
    table = _table(given, where)
    known = {item.name: item for item in fields(kind)}
    for key in table:
        if key not in known:
            raise CatalogError(f"{where}: {key} is not known")
    for key, item in known.items():
        if item.default is MISSING and key not in table:
            raise CatalogError(f"{where}: {key} is missing")
    return kind(
        **{key: _checked(known[key].type, value, f"{where}: {key}") for key, value in table.items()}
    )


def _table(given: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise CatalogError(f"{where} is {given!r}; a table is needed")
    return given


def _checked(kind: Any, value: Any, where: str) -> Any:
    """The value as `kind`, where that is one of the plain kinds that the TOML has."""
    if kind == tuple[str, ...]:
        if not (isinstance(value, list) and value and all(_is_size(item) for item in value)):
            raise CatalogError(f"{where} is not a list of sizes like 1024x1024")
        return tuple(value)
    if kind == int | None:
        kind = int
    if kind is float and type(value) is int:
        value = float(value)
    if isinstance(kind, type) and type(value) is not kind:
        raise CatalogError(f"{where} is {value!r}; a {kind.__name__} is needed")
    return value


def _is_size(text: Any) -> bool:
    return (
        isinstance(text, str)
        and re.fullmatch("[1-9][0-9]{0,3}x[1-9][0-9]{0,3}", text) is not None
        and max(pixels(text)) <= MAX_SIDE
    )


def pixels(size: str) -> tuple[int, int]:
    """(width, height) of "WxH"."""
    width, height = size.split("x")
    return int(width), int(height)


def _is_ordered(limits: Range) -> bool:
    """Also refuses what is no number, which TOML can write."""
    return math.isfinite(limits.maximum) and (
        0 <= limits.minimum <= limits.default <= limits.maximum
    )


def _is_whole(limits: Range) -> bool:
    return all(each.is_integer() for each in (limits.minimum, limits.default, limits.maximum))


def _is_editable(limits: Edit) -> bool:
    return (
        1 <= limits.min_side <= limits.max_side <= MAX_SIDE
        and (limits.max_ratio == 0 or 1 <= limits.max_ratio < math.inf)
        and limits.max_bytes > 0
    )


def _is_address(text: str) -> bool:
    """A key has no place in the file, so none in its addresses either."""
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False


def _is_key(variable: str) -> bool:
    key = os.environ.get(variable, "").strip()
    return key != "" and key.isascii() and key.isprintable()


_PARTS = {"steps": Range, "cfg_scale": Range, "generate": Generate, "edit": Edit}
_RULES: tuple[tuple[str, str, Callable[[Model], object]], ...] = (
    ("name", "needs 1 to 60 characters", lambda model: 1 <= len(model.name) <= 60),
    (
        "size_order",
        'is to be "height x width" or "width x height"',
        lambda model: model.size_order in {"height x width", "width x height"},
    ),
    ("usual_ms", "is to be above 0", lambda model: model.usual_ms > 0),
    (
        "price_micros",
        "is to be above 0",
        lambda model: model.price_micros is None or model.price_micros > 0,
    ),
    ("max_prompt", "is to be above 0", lambda model: model.max_prompt > 0),
    (
        "negative_prompt",
        'is to be "", "always" or "unless cfg_scale is 1.0"',
        lambda model: model.negative_prompt in {"", "always", "unless cfg_scale is 1.0"},
    ),
    ("steps", "needs minimum <= default <= maximum", lambda model: _is_ordered(model.steps)),
    ("steps", "needs whole numbers", lambda model: _is_whole(model.steps)),
    (
        "cfg_scale",
        "needs minimum <= default <= maximum",
        lambda model: _is_ordered(model.cfg_scale),
    ),
    ("generate", "is missing, and so is edit", lambda model: model.generate or model.edit),
    (
        "edit",
        "has limits that no photo meets",
        lambda model: not model.edit or _is_editable(model.edit),
    ),
    (
        "engine",
        'is to be "openai", "stepfun" or left out',
        lambda model: model.engine in {"", "openai", "stepfun"},
    ),
    (
        "address",
        "is to be there where an engine is, and only there",
        lambda model: bool(model.address) == bool(model.engine),
    ),
    (
        "address",
        "is to begin with http:// or https:// and to hold no key",
        lambda model: not model.address or _is_address(model.address),
    ),
    (
        "dialect",
        f"is to be one of {', '.join(DIALECTS)}, with the engine openai and only there",
        lambda model: model.dialect in (DIALECTS if model.engine == "openai" else {""}),
    ),
    (
        "key_variable",
        "is of use only where an engine is",
        lambda model: model.engine or not model.key_variable,
    ),
    (
        "key_variable",
        "names a variable that is not set, or that holds no key",
        lambda model: not model.key_variable or _is_key(model.key_variable),
    ),
    (
        "edit",
        "is there, but servers of this dialect edit nothing",
        lambda model: not model.edit or not model.dialect or DIALECTS[model.dialect].edits,
    ),
)
