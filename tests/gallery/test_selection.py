"""What one does with the pictures that one selected, by the pages."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts import workspaces
from accounts.models import User, Workspace
from gallery import images
from gallery.models import Collection, Favourite, Image
from tests.gallery.makers import jpeg
from tests.gallery.test_gallery_pages import LIST, rows
from tests.gallery.test_images import upload

pytestmark = pytest.mark.django_db
TRASH = reverse("gallery:trash_list")


def act(client: Client, verb: str, made: list[Image], **fields: Any) -> HttpResponse:
    data = {"image": [str(each.pk) for each in made], "next": f"{LIST}?kind=generated", **fields}
    return client.post(reverse(f"gallery:image_{verb}"), data)


def listed(client: Client, address: str = LIST) -> list[Image]:
    return list(client.get(address).context["images"])


def test_to_the_trash_with_a_way_back(as_ada: Client, workspace: Workspace) -> None:
    made = rows(workspace, 3)
    response = act(as_ada, "trash", made[:2])
    assert response["Location"] == f"{LIST}?kind=generated"
    page = as_ada.get(LIST)
    assert page.context["images"] == [made[2]]
    assert "2 pictures moved to the trash." in page.content.decode()
    assert page.content.decode().count('name="image" value=') == 1 + 2, "and those of the undo"
    assert set(listed(as_ada, TRASH)) == set(made[:2])
    act(as_ada, "restore", made[:2])
    assert set(listed(as_ada)) == set(made)


def test_a_script_is_told_the_sentence_alone(as_ada: Client, workspace: Workspace) -> None:
    made = rows(workspace, 1)
    address, data = reverse("gallery:image_trash"), {"image": made[0].pk}
    response = as_ada.post(address, data, headers={"HX-Request": "true"})
    assert response["X-Easel"] == "fragment"
    assert "<html" not in response.content.decode()
    assert "1 picture moved to the trash." in response.content.decode()


def test_emptied_at_once_or_some_of_it(as_ada: Client, workspace: Workspace) -> None:
    made = rows(workspace, 4)
    act(as_ada, "trash", made[:3])
    act(as_ada, "erase", made[:1])
    assert set(listed(as_ada, TRASH)) == set(made[1:3])
    as_ada.post(reverse("gallery:image_erase"), {"all": "yes"})
    assert listed(as_ada, TRASH) == []
    assert listed(as_ada) == [made[3]]


@pytest.mark.parametrize("verb", ["trash", "favourite", "collect", "zip"])
def test_one_that_is_not_theirs_makes_it_all_a_404(
    as_ada: Client, workspace: Workspace, mallory: User, verb: str
) -> None:
    ours, theirs = rows(workspace, 1), rows(workspaces.personal(mallory), 1)
    assert act(as_ada, verb, ours + theirs, name="x").status_code == 404
    assert act(as_ada, verb, [], name="x").status_code == 404
    bad = as_ada.post(reverse(f"gallery:image_{verb}"), {"image": "x"})
    assert bad.status_code == 404
    assert not Image.objects.exclude(deleted_at=None).exists()
    assert not Favourite.objects.exists()
    assert not Collection.objects.exists()


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:x", ""])
def test_it_leads_nowhere_else(as_ada: Client, workspace: Workspace, address: str) -> None:
    response = act(as_ada, "favourite", rows(workspace, 1), next=address)
    assert response["Location"] == LIST


def test_favourites_are_ones_own(
    as_ada: Client, workspace: Workspace, vera: User, client: Client
) -> None:
    made = rows(workspace, 3)
    for _ in range(2):
        act(as_ada, "favourite", made[1:])
    assert set(listed(as_ada, f"{LIST}?favourite=on")) == set(made[1:])
    assert [each.is_favourite for each in listed(as_ada)].count(True) == 2
    act(as_ada, "favourite", made[2:], favourite="no")
    assert listed(as_ada, f"{LIST}?favourite=on") == [made[1]]
    act(as_ada, "trash", made[1:2])
    assert listed(as_ada, f"{LIST}?favourite=on") == []
    client.force_login(vera)
    assert listed(client, f"{LIST}?favourite=on") == []


def test_a_zip_of_originals_and_recipes(as_ada: Client, ada: User, workspace: Workspace) -> None:
    made = [upload(ada, workspace), upload(ada, workspace, jpeg())]
    Image.objects.filter(pk=made[0].pk).update(prompt="湖水", seed=7)
    response: Any = act(as_ada, "zip", made)
    assert response["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response)))
    assert archive.testzip() is None
    recipes = json.loads(archive.read("recipes.json"))
    assert [(each["id"], each["prompt"], each["seed"]) for each in recipes] == [
        (str(made[0].pk), "湖水", 7),
        (str(made[1].pk), "", None),
    ]
    for recipe, image in zip(recipes, made, strict=True):
        assert archive.read(recipe["file"]) == images.read(image.original)


def test_a_zip_says_what_is_missing(
    as_ada: Client, ada: User, workspace: Workspace, settings: Any
) -> None:
    made = [upload(ada, workspace), upload(ada, workspace, jpeg())]
    root = Path(settings.STORAGES["default"]["OPTIONS"]["location"])
    (root / made[0].original).unlink()
    response: Any = act(as_ada, "zip", made)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response)))
    recipes = json.loads(archive.read("recipes.json"))
    assert [each.get("missing", False) for each in recipes] == [True, False]
    assert len(archive.namelist()) == 2


def test_a_zip_that_is_too_large_is_refused(as_ada: Client, workspace: Workspace) -> None:
    made = rows(workspace, 2)
    Image.objects.update(size_bytes=1_500_000_000)
    assert act(as_ada, "zip", made).status_code == 302
    assert "Select fewer" in as_ada.get(LIST).content.decode()


def test_a_note_is_kept_and_found(as_ada: Client, workspace: Workspace) -> None:
    [image] = rows(workspace, 1)
    address = reverse("gallery:image_note", args=[image.pk])
    as_ada.post(address, {"note": " for the brochure\r\nof spring "})
    image.refresh_from_db()
    assert image.note == "for the brochure\nof spring"
    assert listed(as_ada, f"{LIST}?q=brochure+spring") == [image]
    headers = {"HX-Request": "true"}
    assert as_ada.post(address, {"note": "x" * 2_001}, headers=headers).status_code == 422
    as_ada.post(address, {"note": ""})
    assert listed(as_ada, f"{LIST}?q=brochure") == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        *(("", 3), ("model=b", 1), ("model=zzz", 0), ("kind=upload", 1), ("seed=7", 1)),
        *(("size=64x48", 1), ("size=nonsense", 3), ("since=2026-01-02", 2), ("person=0", 3)),
        *(("until=2026-01-01", 1), ("since=2026-01-02&until=2026-01-02", 1), ("seed=-1", 3)),
        *(
            ("q=lake", 1),
            ("q=lake&seed=8", 0),
            ("q=!%3F", 0),
            ("q=...&sort=oldest&favourite=on", 0),
            ("sort=oldest", 3),
            ("sort=newest", 3),
            ("sort=x", 3),
            ("zzz=1", 3),
        ),
    ],
)
def test_filters(as_ada: Client, workspace: Workspace, query: str, expected: int) -> None:
    first, second, third = rows(workspace, 3)
    changes = (
        (first, {"created_at": "2026-01-01T23:59:59Z", "model": "b", "seed": 7}),
        (
            second,
            {"created_at": "2026-01-02T00:00:00Z", "kind": "upload", "width": 64, "height": 48},
        ),
        (third, {"created_at": "2026-01-03T00:00:00Z", "prompt": "a lake"}),
    )
    for image, columns in changes:
        Image.objects.filter(pk=image.pk).update(**columns)
    third.refresh_from_db()
    third.save()
    found = listed(as_ada, f"{LIST}?{query}")
    assert len(found) == expected
    if query == "sort=oldest":
        assert found == [first, second, third]
