"""The gallery's filters, for programs."""

from typing import Any

import pytest

from accounts import workspaces
from accounts.models import Membership, User, Workspace
from gallery import collections, favourites
from gallery.models import Collection, Image
from tests.api.conftest import Program, program
from tests.gallery.test_gallery_pages import rows

pytestmark = pytest.mark.django_db
LIST = "/v1/images"


@pytest.fixture
def calls(ada: User, workspace: Workspace) -> Program:
    return program(ada, workspace)


@pytest.fixture
def three(ada: User, ben: User, workspace: Workspace) -> list[Image]:
    """Of three days; the last is a favourite of Ada's, and the first two are collected."""
    first = rows(
        workspace,
        1,
        created_at="2026-01-01T23:59:59Z",
        model="b",
        seed=7,
        created_by=ben,
    )
    second = rows(workspace, 1, created_at="2026-01-02T00:00:00Z", prompt="a lake", seed=8)
    third = rows(workspace, 1, created_at="2026-01-03T00:00:00Z", prompt="a lake at dawn")
    made = [*first, *second, *third]
    Image.objects.filter(pk=made[1].pk).update(kind="upload", width=64, height=48)
    favourites.add(images=[made[2]], by=ada)
    best = collections.create(workspace=workspace, by=ada, name="Best")
    collections.add(collection=best, images=[made[0], made[1]], by=ada)
    return made


def found(calls: Program, query: dict[str, Any], made: list[Image]) -> str:
    """As letters: "ca" is the third, then the first."""
    response = calls.get(LIST, data=query)
    assert response.status_code == 200, response.content
    names = {str(each.pk): "abc"[number] for number, each in enumerate(made)}
    return "".join(names[each["id"]] for each in response.json()["data"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        *(({}, "cba"), ({"model": "b"}, "a"), ({"model": "zzz"}, ""), ({"kind": "upload"}, "b")),
        *(({"seed": "7"}, "a"), ({"size": "64x48"}, "b"), ({"favourite": "true"}, "c")),
        *(({"favourite": "false"}, "cba"), ({"since": "2026-01-02"}, "cb"), ({"q": "lake"}, "cb")),
        *(({"q": "!?"}, ""), ({"q": "\x04", "kind": "upload", "since": "2026-01-02"}, "")),
        *(({"q": "...", "favourite": "true", "sort": "oldest"}, ""),),
        *(({"until": "2026-01-02"}, "ba"), ({"q": "lake dawn"}, "c"), ({"q": "heron"}, "")),
        *(({"sort": "oldest"}, "abc"), ({"q": "lake", "sort": "oldest"}, "bc")),
        *(({"q": "lake", "seed": "8"}, "b"), ({"sort": "newest"}, "cba")),
    ],
)
def test_by_one_or_more(
    calls: Program, three: list[Image], query: dict[str, str], expected: str
) -> None:
    assert found(calls, query, three) == expected


def test_by_person_and_collection(
    calls: Program, three: list[Image], ben: User, workspace: Workspace
) -> None:
    """Who left is still found by what they made; the program knows them by their images."""
    Membership.objects.filter(user=ben, workspace=workspace).delete()
    made_by = calls.get(f"{LIST}/{three[0].pk}").json()["made_by"]
    assert made_by == ben.pk
    assert found(calls, {"person": made_by}, three) == "a"
    best = {"collection": Collection.objects.get().pk}
    assert found(calls, best, three) == "ab"
    assert found(calls, best | {"sort": "newest"}, three) == "ba"
    assert found(calls, best | {"kind": "upload"}, three) == "b"


@pytest.mark.parametrize(
    "query", [{}, {"q": "lake"}, {"favourite": "true"}, {"sort": "oldest"}, {"collection": "it"}]
)
def test_page_after_page_of_what_is_asked_for(
    calls: Program, ada: User, workspace: Workspace, query: dict[str, Any]
) -> None:
    made = rows(workspace, 7, prompt="a lake")
    favourites.add(images=made, by=ada)
    best = collections.create(workspace=workspace, by=ada, name="Best")
    collections.add(collection=best, images=made, by=ada)
    query = query | {"limit": 3} | ({"collection": best.pk} if "collection" in query else {})
    seen: list[str] = []
    while True:
        page = calls.get(LIST, data=query).json()
        seen += [each["id"] for each in page["data"]]
        if not page["has_more"]:
            break
        query["after"] = page["last_id"]
    assert len(seen) == 7
    assert set(seen) == {str(each.pk) for each in made}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("q", value) for value in ("", "  ", "x" * 301, "a\0b")),
        *(("model", value) for value in ("", "x" * 61)),
        *(("kind", value) for value in ("", "photo", "UPLOAD")),
        *(("person", value) for value in ("", "x", "0", "-1", "1.0", "９", str(2**63))),
        *(("collection", value) for value in ("", "x", "01890000-0000-7000-8000-000000000000")),
        *(("since", value) for value in ("", "yesterday", "2026-13-01", "20260101", "2026-1-1")),
        *(("until", value) for value in ("", "01/02/2026", "2026-02-30")),
        *(("size", value) for value in ("", "1024", "0x1", "1x1x1", "１x1", "1024x", " 1x1")),
        *(("seed", value) for value in ("", "x", "-1", "1.5", "1_0", " 1", str(2**63))),
        *(("favourite", value) for value in ("", "yes", "1", "True")),
        *(("sort", value) for value in ("", "arranged", "Newest")),
        *(("after", value) for value in ("", "x", "01890000-0000-7000-8000-000000000000")),
        *(("limit", value) for value in ("0", "101")),
    ],
)
def test_what_cannot_be_asked(calls: Program, three: list[Image], name: str, value: str) -> None:
    response = calls.get(LIST, data={name: value})
    assert (response.status_code, response.json()["error"]["param"]) == (400, name)


def test_what_is_others_is_not_found(
    calls: Program, three: list[Image], mallory: User, workspace: Workspace
) -> None:
    theirs = workspaces.personal(mallory)
    rows(theirs, 2, prompt="a lake", created_by=mallory)
    collections.create(workspace=theirs, by=mallory, name="Mine")
    assert found(calls, {"q": "lake"}, three) == "cb"
    of_theirs = Collection.objects.get(workspace=theirs)
    for query in ({"person": mallory.pk}, {"collection": of_theirs.pk}):
        assert calls.get(LIST, data=query).status_code == 400
    for text in ("lake", "!?"):
        assert calls.get(LIST, data={"q": text, "after": three[0].pk}).status_code == 400


def test_a_page_asks_as_little_for_many(
    calls: Program, workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    """The key, its counts in the cache, and the images; no choices that nobody asked about."""
    rows(workspace, 101, prompt="a lake")
    calls.get(LIST)
    with django_assert_max_num_queries(5) as asked:
        calls.get(LIST, data={"q": "lake", "limit": 100})
    assert sum("gallery_" in each["sql"] for each in asked.captured_queries) == 1
