"""The tiles are written without the template for each: as the template would write them."""

from typing import Any

import pytest
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import User, Workspace
from gallery import tiles
from gallery.templatetags.shapes import ratio_class
from tests.gallery.test_gallery_pages import rows

KEPT = "?q=a&sort=oldest"
PROMPTS = ("a lake", "<b>\"&'</b>", "{id} {{ id }} {0}", "\ue000id\ue001", "", "x" * 90)


def as_the_template(image: Any, **is_so: bool) -> str:
    """A tile of the second or a later page, by Django alone."""
    named = image.title if len(image.title) <= 60 else image.title[:59] + "…"
    values = {
        "address": reverse("gallery:image_page", args=[image.pk]),
        "kept": KEPT,
        "id": image.pk,
        "hex": image.pk.hex,
        "shape": ratio_class(image.width, image.height),
        "width": image.width,
        "height": image.height,
        "placeholder": image.placeholder,
        "title": image.title,
        "named": named,
        "maker": image.created_by,
    }
    return render_to_string("gallery/_picked_tile.html", values | is_so)


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("placeholder", ["", "data:image/webp;base64,AA+/=="])
@pytest.mark.parametrize("is_favourite", [True, False])
def test_as_the_template_writes_them(
    ada: User, ben: User, workspace: Workspace, prompt: str, placeholder: str, is_favourite: bool
) -> None:
    columns = {"prompt": prompt, "placeholder": placeholder, "width": 1500, "height": 1000}
    made: list[Any] = rows(workspace, 1, created_by=ben, **columns)
    made += rows(workspace, 1, created_by=ada, **columns)
    for image in made:
        image.is_favourite = is_favourite
    html = tiles.html_of(made, by=ada, kept=KEPT, is_first=False)
    assert html == "".join(
        as_the_template(
            each, is_lazy=True, is_favourite=is_favourite, is_anothers=each.created_by == ben
        )
        for each in made
    )


def test_the_first_page_loads_at_once_in_order(ada: User, workspace: Workspace) -> None:
    made: list[Any] = rows(workspace, 30)
    for image in made:
        image.is_favourite = False
    first = tiles.html_of(made, by=ada, kept="", is_first=True)
    later = tiles.html_of(made, by=ada, kept="", is_first=False)
    lazy, late = 'loading="lazy"', 'fetchpriority="low"'
    assert (first.count(lazy), first.count(late)) == (0, 6)
    assert (later.count(lazy), later.count(late)) == (30, 0)
