"""Reads bodies as strictly as their formats say; what is bent is refused, not guessed at."""

import json
import math
from dataclasses import dataclass
from typing import Any

from django.http.multipartparser import MultiPartParserError
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser, DataAndFiles
from rest_framework.parsers import MultiPartParser as FrameworkMultiPartParser
from rest_framework.request import Request

from accounts import connections
from studio.api.errors import BadField
from studio.api.negotiation import OnlyJson

MAX_DEPTH = 20
_CUT_OFF = "The body was cut off."
_ENDING_BYTES = 1_024


@dataclass(frozen=True, kw_only=True)
class Body:
    """Every name with all that came under it; in a form that is text and files alone."""

    fields: dict[str, list[Any]]
    is_form: bool


def read(request: Request) -> Body:
    """Not through `request.data`, which would keep it all for as long as the caller waits."""
    if request.stream is None:
        return Body(fields={}, is_form=False)
    parser = OnlyJson().select_parser(request, request.parsers or ())
    if parser is None:
        raise UnsupportedMediaType(request.content_type)
    connections.give_back()
    found = parser.parse(request.stream, request.content_type, request.parser_context)
    if isinstance(found, DataAndFiles):
        return Body(fields=_lists(found), is_form=True)
    return Body(fields={name: [value] for name, value in found.items()}, is_form=False)


def _lists(form: "DataAndFiles[Any, Any]") -> dict[str, list[Any]]:
    """The `[]` at the end of a name is taken away."""
    found: dict[str, list[Any]] = {}
    for part in (form.data, form.files):
        for name, values in part.lists():
            found.setdefault(name.removesuffix("[]"), []).extend(values)
    return found


class _NoNumber:
    """Stands for NaN and Infinity until it is known which field they came in."""


class StrictJsonParser(BaseParser):
    media_type = "application/json"

    def parse(
        self, stream: Any, _media_type: Any = None, parser_context: Any = None
    ) -> dict[str, Any]:
        data = stream.read()
        if len(data) < int(parser_context["request"].META.get("CONTENT_LENGTH") or 0):
            raise ParseError(_CUT_OFF)  # and whoever sent it may have left
        found = _read(data)
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
    if any(not is_written(name) for name in found):
        raise ParseError("A name holds characters that cannot be written.")
    return found


def is_written(text: str) -> bool:
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
        kept = _Ending(stream)
        try:
            found = super().parse(kept, media_type, parser_context)  # type: ignore[arg-type]
        except MultiPartParserError as error:
            raise ParseError("The body is not multipart/form-data.") from error
        _, parameters = parse_header_parameters(media_type or "")
        if f"--{parameters['boundary']}--".encode() not in kept.ending:
            raise ParseError(_CUT_OFF)
        return found


class _Ending:
    """Keeps the end of what is read: of a body in chunks, only that tells if it is whole."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.ending = b""

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._stream.read(size)
        self.ending = (self.ending + data[-_ENDING_BYTES:])[-_ENDING_BYTES:]
        return data
