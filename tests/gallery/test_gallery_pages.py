"""The gallery, an image's page, and its bytes."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import workspaces
from accounts.models import Membership, User, Workspace
from gallery import favourites, images
from gallery.images import StorageError
from gallery.models import TRASH_KEEPS, Image
from gallery.views import files, lists
from tests.gallery.makers import jpeg, png
from tests.gallery.test_images import upload

LIST = reverse("gallery:image_list")
SCRIPT = "<script>alert('lake')</script>"
NOWHERE = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def image(ada: User, workspace: Workspace) -> Image:
    return upload(ada, workspace)


def page_of(image: Image) -> str:
    return reverse("gallery:image_page", args=[image.pk])


def file_of(image: Image, variant: str = "original") -> str:
    return reverse("gallery:image_file", args=[image.pk, variant])


def name_of(image: Image) -> str:
    return f"easel-{str(image.pk)[-8:]}"


def fetch(client: Client, address: str, verb: str = "get", **options: Any) -> HttpResponse:
    """The response, with its file read to the end and closed."""
    response: Any = getattr(client, verb)(address, **options)
    response.whole = b"".join(response)
    return response  # type: ignore[no-any-return]


def rows(workspace: Workspace, count: int, **columns: Any) -> list[Image]:
    """Images without objects, all of one moment."""
    first = Image.objects.count()
    columns = {"kind": "generated", "width": 8, "height": 8} | columns
    return Image.objects.bulk_create(
        Image(
            workspace=workspace,
            original=f"key-{first + number}",
            content_type="image/png",
            size_bytes=1,
            sha256="0" * 64,
            **columns,
        )
        for number in range(count)
    )


# The list


def test_the_newest_comes_first(as_ada: Client, ada: User, workspace: Workspace) -> None:
    older, newer = upload(ada, workspace), upload(ada, workspace, jpeg())
    response = as_ada.get(LIST)
    assert response.context["images"] == [newer, older]
    assert page_of(newer) in response.content.decode()


def test_every_image_is_seen_once_though_all_are_of_one_moment(
    as_ada: Client, workspace: Workspace
) -> None:
    made = rows(workspace, 2 * lists.PAGE_SIZE + 5, created_at=timezone.now())
    seen: list[Image] = []
    address: str | None = LIST
    while address:
        context = fetch(as_ada, address).context
        seen += context["images"]
        address = context["older"]
    assert len(seen) == len(made)
    assert {each.pk for each in seen} == {each.pk for each in made}


def test_a_full_last_page_has_no_next(as_ada: Client, workspace: Workspace) -> None:
    rows(workspace, lists.PAGE_SIZE)
    assert as_ada.get(LIST).context["older"] is None


def test_an_image_that_comes_meanwhile_moves_nothing(as_ada: Client, workspace: Workspace) -> None:
    rows(workspace, lists.PAGE_SIZE + 3)
    first = as_ada.get(LIST).context
    rows(workspace, 5)
    second = as_ada.get(first["older"]).context
    assert as_ada.get(second["newer"]).context["images"] == first["images"]
    assert not set(first["images"]) & set(second["images"])
    assert len(second["images"]) == 3


def test_the_trash_and_other_workspaces_are_not_listed(
    as_ada: Client, workspace: Workspace, mallory: User
) -> None:
    [kept] = rows(workspace, 1)
    rows(workspace, 1, deleted_at=timezone.now())
    rows(workspaces.personal(mallory), 1)
    assert as_ada.get(LIST).context["images"] == [kept]


@pytest.mark.parametrize("cursor", ["x", NOWHERE, "\x00", "1", "1-x", "9" * 40, "1" * 15 + "-"])
def test_a_page_from_nowhere_is_not_found(as_ada: Client, cursor: str) -> None:
    for name in ("after", "before"):
        assert as_ada.get(LIST, {name: cursor}).status_code == 404


def test_the_list_costs_the_same_for_one_and_for_many(
    as_ada: Client, workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    rows(workspace, lists.PAGE_SIZE + 1)
    as_ada.get(LIST)  # notes that the browser is in use
    with django_assert_max_num_queries(12):
        as_ada.get(LIST)


def test_the_list_says_who_made_what(as_ada: Client, ben: User, workspace: Workspace) -> None:
    """Of the others' pictures; one's own need no name."""
    rows(workspace, 1)
    Image.objects.update(created_by=workspace.personal_of)
    assert "tile-maker" not in as_ada.get(LIST).content.decode()
    Image.objects.update(created_by=ben)
    assert '<span class="tile-maker">Ben</span>' in as_ada.get(LIST).content.decode()


# The page


def test_the_page_shows_the_recipe(as_ada: Client, image: Image) -> None:
    Image.objects.update(kind="generated", prompt="a still lake", seed=4711, engine="sketch")
    page = as_ada.get(page_of(image)).content.decode()
    assert "a still lake" in page
    assert "4711" in page
    assert "stand-in" in page
    assert file_of(image, "large") in page


def test_a_prompt_is_shown_as_text(as_ada: Client, image: Image) -> None:
    Image.objects.update(prompt=SCRIPT, negative_prompt=SCRIPT, notes=[SCRIPT], model=SCRIPT)
    for address in (page_of(image), LIST):
        page = fetch(as_ada, address).content.decode()
        assert SCRIPT not in page
        assert "&lt;script&gt;alert(" in page


def test_the_page_leads_to_what_was_made_of_it(
    as_ada: Client, image: Image, workspace: Workspace
) -> None:
    [child] = rows(workspace, 1, parent=image)
    [gone] = rows(workspace, 1, parent=image, deleted_at=timezone.now())
    page = as_ada.get(page_of(image)).content.decode()
    assert page_of(child) in page
    assert page_of(gone) not in page
    assert page_of(image) in as_ada.get(page_of(child)).content.decode()


def test_the_page_leads_to_the_pictures_beside_it(
    as_ada: Client, workspace: Workspace, mallory: User
) -> None:
    oldest, middle, newest = rows(workspace, 3, created_at=timezone.now())
    rows(workspaces.personal(mallory), 1)
    rows(workspace, 1, deleted_at=timezone.now())
    found = [as_ada.get(page_of(each)).context for each in (oldest, middle, newest)]
    assert [(each["newer"], each["older"]) for each in found] == [
        (middle, None),
        (newest, oldest),
        (None, middle),
    ]


def test_the_page_costs_the_same_for_a_large_family(
    as_ada: Client, image: Image, workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    rows(workspace, 61, parent=image)
    as_ada.get(LIST)
    with django_assert_max_num_queries(14):
        as_ada.get(page_of(image))


def test_the_page_does_not_lead_into_the_trash(
    as_ada: Client, image: Image, workspace: Workspace
) -> None:
    [child] = rows(workspace, 1, parent=image)
    Image.objects.filter(pk=image.pk).update(deleted_at=timezone.now())
    assert page_of(image) not in as_ada.get(page_of(child)).content.decode()


# The bytes


def test_the_bytes_as_they_will_ever_be(as_ada: Client, image: Image) -> None:
    response = fetch(as_ada, file_of(image))
    assert response.whole == images.read(image.original)
    assert response["Content-Type"] == "image/png"
    assert response["Content-Length"] == str(image.size_bytes)
    assert response["Cache-Control"] == "private, max-age=31536000, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Content-Disposition"] == f'inline; filename="{name_of(image)}.png"'
    assert "Set-Cookie" not in response


def test_they_are_handed_to_the_server_in_few_pieces() -> None:
    pieces = list(files.SentFile(io.BytesIO(b"x" * 600_000)))
    assert [len(piece) for piece in pieces] == [262_144, 262_144, 75_712]


@pytest.mark.parametrize("variant", ["small", "large"])
def test_a_preview(as_ada: Client, image: Image, variant: str) -> None:
    images.make_previews(image)
    image.refresh_from_db()
    response = fetch(as_ada, file_of(image, variant))
    assert response["Content-Type"] == "image/webp"
    assert "immutable" in response["Cache-Control"]
    assert response.whole == images.read(getattr(image, f"preview_{variant}"))


def test_the_original_stands_in_for_a_preview(as_ada: Client, image: Image) -> None:
    response = fetch(as_ada, file_of(image, "small"))
    assert response.whole == images.read(image.original)
    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "private, no-cache"
    etag = response["ETag"]
    images.make_previews(image)
    assert (
        fetch(as_ada, file_of(image, "small"), headers={"If-None-Match": etag}).status_code == 200
    )


@pytest.mark.parametrize("variant", ["small", "original"])
def test_what_the_browser_has_is_not_sent_again(as_ada: Client, image: Image, variant: str) -> None:
    etag = fetch(as_ada, file_of(image, variant))["ETag"]
    response = fetch(as_ada, file_of(image, variant), headers={"If-None-Match": etag})
    assert response.status_code == 304
    assert response.content == b""
    assert response["ETag"] == etag
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    other = fetch(as_ada, file_of(image, variant), headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


def test_headers_alone(as_ada: Client, image: Image) -> None:
    response = fetch(as_ada, file_of(image), "head")
    assert response.status_code == 200
    assert response["ETag"]


@pytest.mark.parametrize("variant", ["huge", "preview_small", "original.png", "%00"])
def test_an_unknown_variant_is_not_found(as_ada: Client, image: Image, variant: str) -> None:
    assert fetch(as_ada, f"{page_of(image)}{variant}").status_code == 404


def test_an_object_that_is_gone_is_not_found(as_ada: Client, image: Image, settings: Any) -> None:
    (Path(settings.STORAGES["default"]["OPTIONS"]["location"]) / image.original).unlink()
    response = fetch(as_ada, file_of(image))
    assert response.status_code == 404
    assert "immutable" not in response.get("Cache-Control", "")


def test_a_storage_that_fails_is_said_and_not_kept(
    as_ada: Client, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_key: str) -> None:
        raise StorageError("down")

    monkeypatch.setattr(images, "reader", fail)
    response = fetch(as_ada, file_of(image))
    assert response.status_code == 503
    assert "Cache-Control" not in response
    assert "ETag" not in response


class Unreadable(io.BytesIO):
    """A file far away, whose bytes are fetched when it is first moved in or read."""

    def seek(self, *_: int) -> int:
        raise OSError("down")

    tell = read = seek  # type: ignore[assignment]


def test_a_storage_that_fails_at_the_first_byte_is_said(
    as_ada: Client, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FileSystemStorage, "open", lambda *_: File(Unreadable(), "far"))
    assert fetch(as_ada, file_of(image)).status_code == 503


# Who may


@pytest.mark.parametrize("who", ["ben", "vera"])
def test_the_workspaces_people_see_it(
    client: Client, image: Image, who: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))
    assert client.get(page_of(image)).status_code == 200
    assert fetch(client, file_of(image)).status_code == 200


def test_outsiders_find_nothing(client: Client, image: Image, mallory: User) -> None:
    client.force_login(mallory)
    for address in (page_of(image), file_of(image), file_of(image, "small")):
        assert fetch(client, address).status_code == 404
    assert client.get(LIST).context["images"] == []


def test_nobody_is_asked_to_sign_in(client: Client, image: Image) -> None:
    for address in (LIST, page_of(image), file_of(image)):
        response = fetch(client, address)
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_login"))


def test_who_is_no_member_any_more_finds_nothing(
    client: Client, image: Image, ben: User, workspace: Workspace
) -> None:
    client.force_login(ben)
    assert fetch(client, file_of(image)).status_code == 200
    Membership.objects.filter(user=ben, workspace=workspace).delete()
    for address in (page_of(image), file_of(image)):
        assert fetch(client, address).status_code == 404


def test_of_the_trash_previews_are_shown_for_thirty_days(
    client: Client, as_ada: Client, image: Image, mallory: User
) -> None:
    Image.objects.update(deleted_at=timezone.now())
    for address in (page_of(image), file_of(image)):
        assert fetch(as_ada, address).status_code == 404
    for variant in ("small", "large"):
        assert fetch(as_ada, file_of(image, variant)).whole == images.read(image.original)
    client.force_login(mallory)
    assert fetch(client, file_of(image, "small")).status_code == 404
    Image.objects.update(deleted_at=timezone.now() - TRASH_KEEPS)
    for variant in ("small", "large"):
        assert fetch(as_ada, file_of(image, variant)).status_code == 404


def test_an_empty_list_says_why(as_ada: Client, ada: User, image: Image) -> None:
    whole = f"{LIST}?favourite=on"
    assert "Nothing is a favourite yet" in as_ada.get(whole).content.decode()
    favourites.add(images=[image], by=ada)
    assert "No favourite is like that" in as_ada.get(f"{whole}&q=snow").content.decode()
    assert "No picture is like that" in as_ada.get(f"{LIST}?q=snow").content.decode()


def test_all_of_it_is_only_read(as_ada: Client, image: Image) -> None:
    for address in (LIST, page_of(image), file_of(image)):
        assert as_ada.post(address).status_code == 405


@pytest.mark.parametrize("address", [f"/images/{NOWHERE}/", f"/images/{NOWHERE}/small"])
def test_what_is_not_there_is_not_found(as_ada: Client, address: str) -> None:
    assert fetch(as_ada, address).status_code == 404


def test_two_formats_keep_their_types(as_ada: Client, ada: User, workspace: Workspace) -> None:
    for data, kind in ((jpeg(), "image/jpeg"), (png(), "image/png")):
        response = fetch(as_ada, file_of(upload(ada, workspace, data)))
        assert response["Content-Type"] == kind
