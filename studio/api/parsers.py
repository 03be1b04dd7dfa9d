"""Reads bodies as strictly as their formats say; what is bent is refused, not guessed at."""

import json
import math
from collections.abc import Mapping
from typing import Any

from django.http.multipartparser import MultiPartParserError
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, DataAndFiles
from rest_framework.parsers import MultiPartParser as FrameworkMultiPartParser

from studio.api.errors import BadField

MAX_DEPTH = 20


class _NoNumber:
    """Stands for NaN and Infinity until it is known which field they came in."""


class StrictJsonParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream: Any, *_args: Any, **_context: Any) -> dict[str, Any]:
        found = _read(stream.read())
        if not isinstance(found, dict):
            raise ParseError("The body is to be a JSON object.")
        for name, value in found.items():
            _check(name, value, depth=2)
        return found


def _read(data: bytes) -> Any:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParseError("The body is not UTF-8.") from error
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=lambda _: _NoNumber())
    except RecursionError as error:
        raise ParseError("The body is nested too deeply.") from error
    except ValueError as error:
        raise ParseError("The body is not JSON.") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ParseError("A name is there twice in one object.")
    if any(not _is_written(name) for name in found):
        raise ParseError("A name holds characters that cannot be written.")
    return found


def _is_written(text: str) -> bool:
    """False for half of a surrogate pair, which JSON can spell and UTF-8 cannot."""
    return not any(0xD800 <= ord(character) < 0xE000 for character in text)


def _check(name: str, value: Any, *, depth: int) -> None:
    if isinstance(value, _NoNumber) or (isinstance(value, float) and not math.isfinite(value)):
        raise BadField(name, f"{name} holds a number that is none.")
    if isinstance(value, dict | list):
        if depth > MAX_DEPTH:
            raise BadField(name, f"{name} is nested too deeply.")
        for each in value.values() if isinstance(value, dict) else value:
            _check(name, each, depth=depth + 1)


class MultiPartParser(FrameworkMultiPartParser):
    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> "DataAndFiles[Any, Any]":
        try:
            return super().parse(stream, media_type, parser_context)
        except MultiPartParserError as error:
            raise ParseError("The body is not multipart/form-data.") from error


def lists(data: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Every name of a form with all that came under it, its `[]` taken away."""
    found: dict[str, list[Any]] = {}
    for name in data:
        values = data.getlist(name)  # type: ignore[attr-defined]
        found.setdefault(name.removesuffix("[]"), []).extend(values)
    return found
