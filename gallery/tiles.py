"""The tiles of the gallery's pages, sixty on each.

Django's templates take a quarter of a millisecond for one, half of the page's time. So
`_picked_tile.html` is rendered once for each form that a tile may have, with a mark where a value
stands, and what tells one picture from another takes the places of the marks.
"""

from collections.abc import Iterable
from functools import cache
from html import escape
from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from accounts.models import User
from gallery.models import Image
from gallery.templatetags.shapes import ratio_class

_SOON = 24  # of the first page's; the others give way to these, and to icons
_MOST_LETTERS = 60
_VALUES = (
    *("address", "kept", "id", "hex", "shape", "width", "height", "placeholder"),
    *("title", "named", "maker"),
)
_MARKS = {name: f"\ue000{name}\ue001" for name in _VALUES}


def html_of(images: Iterable[Image], *, by: User, kept: str, is_first: bool) -> SafeString:
    """`kept` is the query that the images' pages get. An image says `is_favourite`."""
    before, after = _address_around_id()
    tiles = []
    for place, image in enumerate(images):
        title, is_anothers = image.title, image.created_by_id not in {None, by.pk}
        form = _form(
            has_placeholder=bool(image.placeholder),
            is_lazy=not is_first,
            is_late=is_first and place >= _SOON,
            is_anothers=is_anothers,
            is_favourite=image.is_favourite,  # type: ignore[attr-defined]
        )
        values = {
            "address": f"{before}{image.id}{after}",
            "kept": kept,
            "id": image.id,
            "hex": image.id.hex,
            "shape": ratio_class(image.width, image.height),
            "width": image.width,
            "height": image.height,
            "placeholder": image.placeholder,
            "title": title,
            "named": title if len(title) <= _MOST_LETTERS else f"{title[: _MOST_LETTERS - 1]}…",
            "maker": image.created_by if is_anothers else "",
        }
        tiles.append(form.format_map({name: escape(str(value)) for name, value in values.items()}))
    return mark_safe("".join(tiles))  # noqa: S308 - every value is escaped


@cache
def _form(*, has_placeholder: bool, **is_so: bool) -> str:
    """For `format_map`."""
    marks = _MARKS if has_placeholder else _MARKS | {"placeholder": ""}
    html = str(render_to_string("gallery/_picked_tile.html", marks | is_so))
    html = html.replace("{", "{{").replace("}", "}}")
    for name, mark in _MARKS.items():
        html = html.replace(mark, f"{{{name}}}")
    return html


@cache
def _address_around_id() -> tuple[str, str]:
    any_id = UUID(int=0)
    before, _, after = reverse("gallery:image_page", args=[any_id]).partition(str(any_id))
    return before, after
