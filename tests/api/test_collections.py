"""Collections, by programs."""

from typing import Any

import pytest

from accounts import workspaces
from accounts.models import User, Workspace
from gallery import collections as gallery_collections
from gallery import images
from gallery.models import Collection, Image
from tests.api.conftest import Program, program
from tests.gallery.test_gallery_pages import rows

pytestmark = pytest.mark.django_db
LIST = "/v1/collections"
NOBODY = "01890000-0000-7000-8000-000000000000"


@pytest.fixture
def calls(ada: User, workspace: Workspace) -> Program:
    return program(ada, workspace)


def delete(calls: Program, path: str) -> Any:
    return calls.client.delete(path, headers={"Authorization": f"Bearer {calls.secret}"})


def in_it(calls: Program, path: str, **query: Any) -> list[str]:
    return [each["id"] for each in calls.get(f"{path}/images", data=query).json()["data"]]


def test_from_its_making_to_its_end(calls: Program, ada: User, workspace: Workspace) -> None:
    first, second, third = (str(each.pk) for each in rows(workspace, 3, prompt="a lake"))
    made = calls.post(LIST, {"name": "  Spring \t brochure "}).json()
    assert (made["name"], made["count"], made["cover"]) == ("Spring brochure", 0, None)
    assert Collection.objects.get().created_by == ada
    path = f"{LIST}/{made['id']}"

    filled = calls.post(f"{path}/images", {"images": [third, first]}).json()
    assert (filled["count"], filled["cover"]) == (2, third)
    again = calls.post(f"{path}/images", {"images": [first, second, second]}).json()
    assert again["count"] == 3
    assert in_it(calls, path) == [third, first, second]
    assert in_it(calls, path, limit=2) == [third, first]
    assert in_it(calls, path, limit=2, after=first) == [second]
    assert len(in_it(calls, path, q="lake", sort="newest")) == 3
    assert in_it(calls, path, kind="upload") == []

    assert calls.post(path, {"name": "Summer"}).json()["name"] == "Summer"
    assert delete(calls, f"{path}/images/{third}").json()["cover"] == first
    assert delete(calls, f"{path}/images/{third}").status_code == 404
    assert in_it(calls, path) == [first, second]
    images.trash(images=Image.objects.filter(pk=first), by=ada)
    assert (calls.get(path).json()["count"], in_it(calls, path)) == (1, [second])

    assert delete(calls, path).json() == {
        "id": made["id"],
        "object": "collection",
        "deleted": True,
    }
    assert calls.get(path).status_code == 404
    assert Image.objects.count() == 3


def test_arranged_and_covered(calls: Program, workspace: Workspace) -> None:
    a, b, c, d = (str(each.pk) for each in rows(workspace, 4))
    path = f"{LIST}/{calls.post(LIST, {'name': 'Best'}).json()['id']}"
    calls.post(f"{path}/images", {"images": [a, b, c]})

    assert calls.post(f"{path}/images/move", {"images": [c, b]}).json()["cover"] == c
    assert in_it(calls, path) == [c, b, a]
    calls.post(f"{path}/images/move", {"images": [c], "after": a})
    assert in_it(calls, path) == [b, a, c]
    for moved in ({"images": [d]}, {"images": [a, d]}, {"images": [a], "after": d}):
        response = calls.post(f"{path}/images/move", moved)
        assert (response.status_code, response.json()["error"]["param"]) == (400, "images")
    assert in_it(calls, path) == [b, a, c]

    assert calls.post(path, {"cover": a}).json()["cover"] == a
    changed = calls.post(path, {"cover": c, "name": "Better"}).json()
    assert (changed["cover"], changed["name"]) == (c, "Better")
    for wrong in (d, NOBODY, 7, "x"):
        response = calls.post(path, {"cover": wrong, "name": "Worse"})
        assert (response.status_code, response.json()["error"]["param"]) == (400, "cover")
    assert calls.post(path, {}).status_code == 400
    assert calls.get(path).json()["name"] == "Better"

    gone = calls.post(f"{path}/images/remove", {"images": [c, a, d]}).json()
    assert (gone["count"], gone["cover"]) == (1, b)
    assert Image.objects.in_workspace(workspace).count() == 4


def test_page_after_page(calls: Program, ada: User, workspace: Workspace, mallory: User) -> None:
    made = [
        gallery_collections.create(workspace=workspace, by=ada, name=f"{number}")
        for number in range(5)
    ]
    Collection.objects.update(created_at="2026-01-01T00:00:00Z")
    theirs = workspaces.personal(mallory)
    other = gallery_collections.create(workspace=theirs, by=mallory, name="theirs")
    seen, query = [], {"limit": 2}
    while True:
        page = calls.get(LIST, data=query).json()
        seen += [each["id"] for each in page["data"]]
        if not page["has_more"]:
            break
        query["after"] = page["last_id"]
    assert seen == sorted((str(each.pk) for each in made), reverse=True)
    for after in (other.pk, "x"):
        response = calls.get(LIST, data={"after": after})
        assert (response.status_code, response.json()["error"]["param"]) == (400, "after")


@pytest.mark.parametrize(
    "name", [None, 7, "", "   ", "\0", "x" * 101, " " * 100 + "x", ["x"], "\ud800"]
)
def test_a_name_that_is_none(calls: Program, ada: User, workspace: Workspace, name: Any) -> None:
    made = gallery_collections.create(workspace=workspace, by=ada, name="Best")
    for path in (LIST, f"{LIST}/{made.pk}"):
        response = calls.post(path, {"name": name})
        assert (response.status_code, response.json()["error"]["param"]) == (400, "name")
    assert Collection.objects.get().name == "Best"


@pytest.mark.parametrize(
    "images",
    [
        *(None, "x", [], [7], ["x"], [NOBODY], [NOBODY.replace("-", "")], {"a": 1}),
        [NOBODY] * 1_001,
    ],
)
def test_images_that_are_none(calls: Program, ada: User, workspace: Workspace, images: Any) -> None:
    """With one that is wrong, none is taken."""
    made = gallery_collections.create(workspace=workspace, by=ada, name="Best")
    [good] = rows(workspace, 1)
    if images == [NOBODY]:
        images = [str(good.pk), NOBODY]
    response = calls.post(f"{LIST}/{made.pk}/images", {"images": images})
    assert (response.status_code, response.json()["error"]["param"]) == (400, "images")
    assert made.images.count() == 0


def test_images_of_elsewhere_and_of_the_trash(
    calls: Program, ada: User, workspace: Workspace, mallory: User
) -> None:
    made = gallery_collections.create(workspace=workspace, by=ada, name="Best")
    [theirs] = rows(workspaces.personal(mallory), 1)
    [gone] = rows(workspace, 1)
    images.trash(images=[gone], by=ada)
    for each in (theirs, gone):
        response = calls.post(f"{LIST}/{made.pk}/images", {"images": [str(each.pk)]})
        assert response.status_code == 400
    assert made.images.count() == 0


@pytest.mark.parametrize(
    "body", [{}, {"name": "x", "cover": NOBODY}, {"names": "x"}, {"name": None}]
)
def test_fields_that_are_missing_or_unknown(calls: Program, body: dict[str, str]) -> None:
    assert calls.post(LIST, body).status_code == 400
    assert not Collection.objects.exists()


def test_a_collection_that_goes_meanwhile(
    calls: Program, ada: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = gallery_collections.create(workspace=workspace, by=ada, name="Best")
    [image] = rows(workspace, 1)
    add = gallery_collections.add

    def too_late(**asked: Any) -> int:
        Collection.objects.all().delete()
        return add(**asked)

    monkeypatch.setattr(gallery_collections, "add", too_late)
    response = calls.post(f"{LIST}/{made.pk}/images", {"images": [str(image.pk)]})
    assert (response.status_code, response.json()["error"]["param"]) == (400, "images")
