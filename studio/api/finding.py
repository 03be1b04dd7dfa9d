"""Pages of a workspace's images by the gallery's own filters, under the names of its addresses.

What may stand in an address is told in JSON Schema's words, and held to them.
"""

import re
from typing import Any
from uuid import UUID

from django.http import QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from gallery import pages
from gallery.filters import Filters, chosen
from gallery.forms import FilterForm
from gallery.models import Collection, Image
from gallery.models.image_sets import ImageQuerySet
from studio.api import presenting, schema
from studio.api.base import key_of
from studio.api.errors import BadField

_MAX_PAGE = 100
_PAGE = 20
PAGES: dict[str, schema.Schema] = {
    "limit": {
        "type": "integer",
        "minimum": 1,
        "maximum": _MAX_PAGE,
        "default": _PAGE,
        "description": "How many.",
    },
    "after": {"type": "string", "format": "uuid", "description": "The last one of a page."},
}
_DAY = {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
FILTERS: dict[str, schema.Schema] = {
    "q": {
        "type": "string",
        "minLength": 1,
        "maxLength": 300,
        "pattern": r"\S",
        "description": "Words, all of which are in the prompt or the note.",
    },
    "model": {
        "type": "string",
        "minLength": 1,
        "maxLength": 60,
        "pattern": r"\S",
        "description": "The name of a model.",
    },
    "kind": {
        "type": "string",
        "enum": list(Image.Kind.values),
        "description": "Where it is from: generated, edited or upload.",
    },
    "person": {
        "type": "integer",
        "minimum": 1,
        "maximum": 2**63 - 1,
        "description": "Who made it: the made_by of an image.",
    },
    "collection": {
        "type": "string",
        "format": "uuid",
        "minLength": 1,
        "description": "The id of a collection; its images come as arranged unless sorted.",
    },
    "since": {**_DAY, "description": "The first day, like 2026-10-31, in UTC."},
    "until": {**_DAY, "description": "The last day, like 2026-10-31, in UTC."},
    "size": {
        "type": "string",
        "pattern": "^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}$",
        "description": "Width x height in pixels, like 1024x768.",
    },
    "seed": {
        "type": "integer",
        "minimum": 0,
        "maximum": 2**63 - 1,
        "description": "A whole number.",
    },
    "favourite": {
        "type": "boolean",
        "description": "true: the favourites of the key's maker alone.",
    },
    "sort": {
        "type": "string",
        "enum": ["newest", "oldest"],
        "description": "newest or oldest comes first.",
    },
}


def page(request: Request, *, collection: Collection | None = None) -> Response:
    """Raises BadField."""
    key = key_of(request)
    asked = _asked(request)
    if collection:
        asked["collection"] = str(collection.pk)
    form = FilterForm(asked, workspace=key.workspace)
    for name, errors in form.errors.items():
        raise BadField(name, str(errors[0]))
    filters = form.filters()
    return _page(request, chosen(key.workspace, filters, key.created_by), filters, form.sort_name)


def _asked(request: Request) -> QueryDict:
    asked = QueryDict(mutable=True)
    for name in FILTERS.keys() & request.query_params.keys():
        text = str(request.query_params[name])
        if not _is_as_described(text, FILTERS[name]):
            raise BadField(name, f"This is no {name}. {FILTERS[name]['description']}")
        asked[name] = text
    return asked


def _is_as_described(text: str, by: schema.Schema) -> bool:
    if by["type"] == "boolean":
        return text in {"true", "false"}
    if by["type"] == "integer":
        is_whole = re.fullmatch("[0-9]{1,19}", text, re.ASCII)
        return bool(is_whole) and by["minimum"] <= int(text) <= by["maximum"]
    is_long = by.get("minLength", 0) <= len(text) <= by.get("maxLength", 100)
    has_shape = re.search(by.get("pattern", ""), text, re.ASCII) and not text.endswith("\n")
    return is_long and bool(has_shape) and text in by.get("enum", [text])


def _page(request: Request, rows: ImageQuerySet, filters: Filters, sort_name: str) -> Response:
    sort = pages.sort(filters, sort_name)
    after = request.query_params.get("after")
    cursor = pages.cursor_of(rows, sort, id_of("after", after)) if after is not None else ""
    if cursor is None:
        raise BadField("after", "after is to be the id of one of these images.")
    found = pages.page(rows, sort, limit(request), after=cursor)
    return listing(
        [presenting.image(request, each) for each in found.images],
        has_more=found.older is not None,
    )


def listing(data: list[dict[str, Any]], *, has_more: bool) -> Response:
    return Response(
        {
            "object": "list",
            "data": data,
            "first_id": data[0]["id"] if data else None,
            "last_id": data[-1]["id"] if data else None,
            "has_more": has_more,
        }
    )


def limit(request: Request) -> int:
    """Raises BadField."""
    text = request.query_params.get("limit", str(_PAGE))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _MAX_PAGE):
        raise BadField("limit", f"limit is to be a whole number from 1 to {_MAX_PAGE}.")
    return int(text)


def id_of(name: str, text: str) -> UUID:
    """Raises BadField."""
    try:
        return UUID(text)
    except ValueError as error:
        raise BadField(name, f"{name} is to be an id.") from error
