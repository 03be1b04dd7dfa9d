"""What each model can do and its limits, read once from TOML.

Forms, the API and the pages all validate from here, and nothing else knows a model's name.
Price and on/off live in the database (`Offer`); the price here is the one to begin with.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from studio.engines.contract import Operation

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
    """`negative_prompt` is "", "always" or "unless cfg_scale is 1.0"."""

    name: str
    title: str
    about: str
    size_order: str
    steps: Range
    cfg_scale: Range
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
    files = [_OWN_FILE, *([Path(settings.MODELS_FILE)] if settings.MODELS_FILE else [])]
    return {model.name: model for file in files for model in read(file)}


def read(file: Path) -> list[Model]:
    try:
        tables = tomllib.loads(file.read_text())["model"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise CatalogError(f"{file}: {error}") from error
    return [_model(table, f"{file}: model {number}") for number, table in enumerate(tables, 1)]


def _model(table: Mapping[str, Any], where: str) -> Model:
    parts = dict(table)
    for key, kind in (("steps", Range), ("cfg_scale", Range), ("generate", Generate), ("edit", Edit)):
        if key in parts:
            parts[key] = _build(kind, parts[key], f"{where}: {key}")
    model: Model = _build(Model, parts, where)
    if model.size_order not in {"height x width", "width x height"}:
        raise CatalogError(f"{where}: size_order is {model.size_order!r}")
    if not (model.generate or model.edit):
        raise CatalogError(f"{where}: neither generate nor edit is there")
    return model


def _build(kind: type, table: Mapping[str, Any], where: str) -> Any:
    known = {item.name: item for item in fields(kind)}
    for key in table:
        if key not in known:
            raise CatalogError(f"{where}: {key} is not known")
    for key, item in known.items():
        if item.default is MISSING and key not in table:
            raise CatalogError(f"{where}: {key} is missing")
    return kind(**{key: _checked(known[key].type, value, f"{where}: {key}") for key, value in table.items()})


def _checked(kind: Any, value: Any, where: str) -> Any:
    """The value as `kind`, where that is one of the plain kinds that the TOML has."""
    if kind == tuple[str, ...]:
        if not (isinstance(value, list) and value and all(_is_size(item) for item in value)):
            raise CatalogError(f"{where} is not a list of sizes like 1024x1024")
        return tuple(value)
    if kind is float:
        value = float(value) if type(value) is int else value
    if isinstance(kind, type) and type(value) is not kind:
        raise CatalogError(f"{where} is {value!r}; a {kind.__name__} is needed")
    return value


def _is_size(text: Any) -> bool:
    return isinstance(text, str) and all(
        side.isascii() and side.isdigit() and int(side) > 0 for side in text.split("x")
    ) and text.count("x") == 1


def pixels(size: str) -> tuple[int, int]:
    """(width, height) of "WxH"."""
    width, height = size.split("x")
    return int(width), int(height)
