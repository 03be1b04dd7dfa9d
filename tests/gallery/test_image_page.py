"""What an image's page lets one do with it, and where its arrows lead."""

from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User, Workspace
from gallery import collections, favourites
from gallery.models import Image
from tests.gallery.test_gallery_pages import LIST, page_of, rows

pytestmark = pytest.mark.django_db


def beside(client: Client, image: Image, **query: object) -> tuple[Image | None, Image | None]:
    context = client.get(f"{page_of(image)}?{urlencode(query)}").context
    return context["newer"], context["older"]


def test_arrows_keep_to_the_list_one_came_from(
    as_ada: Client, ada: User, workspace: Workspace
) -> None:
    made = [
        rows(workspace, 1, prompt=prompt, created_at=f"2026-01-0{day}T00:00:00Z")[0]
        for day, prompt in enumerate(("a lake", "a harbour", "a lake", "a lake"), start=1)
    ]
    first, other, third, last = made
    assert beside(as_ada, third) == (last, other)
    assert beside(as_ada, third, q="lake") == (last, first)
    assert beside(as_ada, third, q="lake", sort="oldest") == (first, last)
    assert beside(as_ada, first, q="lake") == (third, None)
    assert beside(as_ada, other, q="lake") == (third, first), "it is none of them"
    assert beside(as_ada, first, q="!?") == beside(as_ada, first)
    favourites.add(images=[first, last], by=ada)
    assert beside(as_ada, first, favourite="on") == (last, None)
    best = collections.create(workspace=workspace, by=ada, name="Best")
    collections.add(collection=best, images=[third, first, other], by=ada)
    assert beside(as_ada, first, collection=best.pk) == (third, other)
    page = as_ada.get(f"{page_of(third)}?q=lake").content.decode()
    assert f'href="{page_of(first)}?q=lake"' in page
    assert f'href="{LIST}?q=lake"' in page


def test_the_list_hands_its_filters_on(as_ada: Client, ada: User, workspace: Workspace) -> None:
    [image] = rows(workspace, 1, prompt="a lake")
    best = collections.create(workspace=workspace, by=ada, name="Best")
    collections.add(collection=best, images=[image], by=ada)
    link = f'href="{page_of(image)}%s"'
    assert link % "" in as_ada.get(LIST).content.decode()
    found = as_ada.get(f"{LIST}?q=lake&sort=oldest").content.decode()
    assert link % "?q=lake&amp;sort=oldest" in found
    collection = as_ada.get(reverse("gallery:collection_page", args=[best.pk])).content.decode()
    assert link % f"?collection={best.pk}" in collection


def test_a_favourite_a_note_and_a_collection(
    as_ada: Client, ada: User, workspace: Workspace
) -> None:
    [image] = rows(workspace, 1)
    best = collections.create(workspace=workspace, by=ada, name="Best")
    here = f"{page_of(image)}?sort=oldest"
    fields = {"image": image.pk, "next": here}
    for route, arguments, more in (
        ("favourite", [], {"favourite": "yes"}),
        ("collect", [], {"collection": best.pk, "name": ""}),
        ("note", [image.pk], {"note": "for the <brochure>"}),
    ):
        done = as_ada.post(reverse(f"gallery:image_{route}", args=arguments), fields | more)
        assert done["Location"] == here
    response = as_ada.get(here)
    page = response.content.decode()
    assert 'aria-pressed="true"' in page
    assert "for the &lt;brochure&gt;</textarea>" in page
    assert (response.context["collected_in"], response.context["collections"]) == ([best], [])


def test_viewers_read_the_note_and_have_favourites(
    client: Client, vera: User, workspace: Workspace
) -> None:
    [image] = rows(workspace, 1, note="for the brochure")
    client.force_login(vera)
    page = client.get(page_of(image)).content.decode()
    assert "for the brochure</p>" in page
    assert "<textarea" not in page
    assert reverse("gallery:image_favourite") in page
    assert reverse("gallery:image_collect") not in page
