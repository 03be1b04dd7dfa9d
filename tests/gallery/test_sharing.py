"""Share links: who makes them, what those see who have one, and when that ends."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import ids, workspaces
from accounts.models import Membership, User, Workspace
from accounts.workspaces import NotAllowed
from gallery import images
from gallery.models import Collection, CollectionImage, Image, ShareLink
from gallery.sharing import links, public
from gallery.sharing.links import Terms
from tests.gallery.makers import png
from tests.gallery.test_downloads import made, told
from tests.gallery.test_gallery_pages import fetch, rows

CREATE = reverse("gallery:link_create")
LIST = reverse("gallery:link_list")
SECRET = "a secret lake"


@pytest.fixture
def image(ada: User, workspace: Workspace) -> Image:
    image = made(ada, workspace, png(1200, 600), prompt=SECRET)
    images.make_previews(image)
    image.refresh_from_db()
    return image


@pytest.fixture
def edit(ada: User, workspace: Workspace, image: Image) -> Image:
    return made(ada, workspace, png(80, 40), prompt="a boat", parent=image, kind="edited")


@pytest.fixture
def collection(workspace: Workspace, image: Image, edit: Image) -> Collection:
    collection = Collection.objects.create(workspace=workspace, name="Lakes & boats")
    for position, each in enumerate((edit, image)):
        CollectionImage.objects.create(collection=collection, image=each, position=position)
    return collection


def link_to(of: Any, **columns: Any) -> ShareLink:
    link = links.make(
        of=of, by=of.workspace.personal_of, terms=Terms(expires_at=None), link_id=ids.new()
    )
    if columns:
        ShareLink.objects.filter(pk=link.pk).update(**columns)
        link.refresh_from_db()
    return link


def path_of(link: ShareLink) -> str:
    return links.address(link).removeprefix("http://testserver")


def file_of(link: ShareLink, image: Image, variant: str = "large") -> str:
    return f"{path_of(link)}{image.pk}/{variant}"


def everything(link: ShareLink, image: Image) -> list[str]:
    names = ("", "small", "large", "before", "original", "preview", "download")
    return [path_of(link), *(file_of(link, image, name) for name in names)]


def page(client: Client, address: str) -> str:
    return fetch(client, address).whole.decode()


# Making and keeping


def test_a_link_is_made_copied_changed_and_revoked(
    as_ada: Client, client: Client, image: Image
) -> None:
    shown = as_ada.get(f"{CREATE}?image={image.pk}").context["form"].initial
    assert shown["expires_on"] == (timezone.now() + timedelta(days=30)).date()
    fields = {"new_id": str(ids.new()), "expires_on": "", "shows_recipe": "on"}
    for _ in range(2):
        response = as_ada.post(f"{CREATE}?image={image.pk}", fields)
    link = ShareLink.objects.get()
    assert response["Location"] == f"/links/{link.pk}/"
    assert (link.expires_at, link.shows_recipe, link.allows_download) == (None, True, False)
    assert links.address(link) in page(as_ada, response["Location"])
    assert links.address(link) in page(as_ada, LIST)
    outside = Client()
    assert SECRET in page(outside, path_of(link))

    as_ada.post(f"/links/{link.pk}/", {"expires_on": "", "password": "open sesame"})
    link.refresh_from_db()
    assert not link.shows_recipe
    assert "password" in page(outside, path_of(link))
    as_ada.post(f"/links/{link.pk}/", {"expires_on": "", "keeps_password": "on"})
    link.refresh_from_db()
    assert link.password_hash
    as_ada.post(f"/links/{link.pk}/", {"expires_on": ""})
    link.refresh_from_db()
    assert not link.password_hash

    as_ada.post(f"/links/{link.pk}/revoke")
    assert outside.get(path_of(link)).status_code == 404
    assert "Revoked" in page(as_ada, LIST)
    assert links.address(link) not in page(as_ada, LIST)
    assert as_ada.get(f"/links/{link.pk}/").status_code == 404


def test_a_day_is_its_whole_day(as_ada: Client, image: Image) -> None:
    for day, status in (("2020-01-01", 422), ("9999-01-01", 422), ("soon", 422)):
        fields = {"new_id": str(ids.new()), "expires_on": day}
        assert as_ada.post(f"{CREATE}?image={image.pk}", fields).status_code == status
    tomorrow = (timezone.now() + timedelta(days=1)).date()
    as_ada.post(f"{CREATE}?image={image.pk}", {"new_id": str(ids.new()), "expires_on": tomorrow})
    link = ShareLink.objects.get()
    end = link.expires_at
    assert end
    assert link.last_day == tomorrow
    assert f"{tomorrow:%Y-%m-%d}T12:00:00Z" in as_ada.get(LIST).content.decode()
    assert end.date() == tomorrow + timedelta(days=1)
    assert (end.hour, end.minute) == (0, 0)


def test_who_may_make_and_change_links(
    image: Image, ada: User, ben: User, vera: User, mallory: User
) -> None:
    terms = Terms(expires_at=None)
    link = links.make(of=image, by=ben, terms=terms, link_id=ids.new())
    for person in (vera, mallory):
        with pytest.raises(NotAllowed):
            links.make(of=image, by=person, terms=terms, link_id=ids.new())
        with pytest.raises(NotAllowed):
            links.revoke(link=link, by=person)
    Membership.objects.filter(user=ben, workspace=image.workspace).update(role="viewer")
    with pytest.raises(NotAllowed):
        links.change(link=link, by=ben, terms=terms)
    assert links.revoke(link=link, by=ada)
    assert not links.revoke(link=link, by=ada)


def test_a_links_id_cannot_be_taken_for_another_workspace(
    image: Image, mallory: User, ada: User
) -> None:
    link = link_to(image)
    [theirs] = rows(workspaces.personal(mallory), 1)
    with pytest.raises(NotAllowed):
        links.make(of=theirs, by=mallory, terms=Terms(expires_at=None), link_id=link.pk)


def test_another_secret_key_opens_and_shows_nothing_new(
    as_ada: Client, image: Image, settings: Any
) -> None:
    link = link_to(image)
    path = path_of(link)
    settings.SECRET_KEY = "another"
    assert links.address(link) == ""
    assert links.find(path.split("/")[2]) == link


def test_the_database_knows_no_token(image: Image) -> None:
    link = link_to(image)
    token = path_of(link).split("/")[2]
    assert len(token) == 32
    assert token not in repr(ShareLink.objects.values_list().get())


# What is seen


def test_hidden_means_nowhere(client: Client, image: Image) -> None:
    """Not in the page, its title, its addresses, its file names or its files."""
    link = link_to(image, allows_download=True, allows_preview=True)
    for address in everything(link, image):
        response = fetch(client, address)
        whole = response.whole + repr(response.headers).encode()
        for word in (b"secret", b"4711", b"step-image", b"Ada"):
            assert word not in whole, (address, word)
    said, xmp = told(fetch(client, file_of(link, image, "download")).whole)
    assert said == ""
    assert "trainedAlgorithmicMedia" in xmp


def test_shown_means_prompt_and_settings_but_no_person_and_no_price(
    client: Client, image: Image
) -> None:
    link = link_to(image, shows_recipe=True, allows_download=True)
    text = page(client, path_of(link))
    assert SECRET in text
    assert "4711" in text
    assert not re.search(r"\bada\b", text, re.IGNORECASE)  # a token may hold the letters
    assert "$" not in text
    assert told(fetch(client, file_of(link, image, "download")).whole)[0].startswith(SECRET)


@pytest.mark.parametrize("is_allowed", [False, True])
def test_downloads_are_allowed_or_not(client: Client, image: Image, is_allowed: bool) -> None:
    link = link_to(image, allows_download=is_allowed)
    expected = 200 if is_allowed else 404
    for name in ("original", "download", "download?size=512", "download?format=webp"):
        assert fetch(client, file_of(link, image, name)).status_code == expected
    assert fetch(client, file_of(link, image, "download?size=7")).status_code == 404
    assert ("Download" in page(client, path_of(link))) == is_allowed


def test_before_and_after(client: Client, edit: Image, image: Image) -> None:
    link = link_to(edit)
    assert fetch(client, file_of(link, edit, "before")).status_code == 404
    assert "compare-slider" not in page(client, path_of(link))
    ShareLink.objects.update(shows_before=True)
    assert "compare-slider" in page(client, path_of(link))
    response = fetch(client, file_of(link, edit, "before"))
    assert response.whole == images.read(image.preview_large)
    assert fetch(client, file_of(link, image, "large")).status_code == 404
    Image.objects.filter(pk=image.pk).update(deleted_at=timezone.now())
    assert fetch(client, file_of(link, edit, "before")).status_code == 404


def test_a_collection_in_its_order(
    client: Client, collection: Collection, edit: Image, image: Image, workspace: Workspace
) -> None:
    link = link_to(collection)
    assert list(client.get(path_of(link)).context["page"]) == [edit, image]
    assert "Lakes &amp; boats" in page(client, f"{path_of(link)}{image.pk}/")
    [other] = rows(workspace, 1)
    assert client.get(f"{path_of(link)}{other.pk}/").status_code == 404
    Image.objects.filter(pk=image.pk).update(deleted_at=timezone.now())
    assert list(client.get(path_of(link)).context["page"]) == [edit]
    assert client.get(f"{path_of(link)}{image.pk}/").status_code == 404


def test_a_large_collection_has_pages_and_few_queries(
    client: Client, collection: Collection, workspace: Workspace, django_assert_num_queries: Any
) -> None:
    more = rows(workspace, 130)
    CollectionImage.objects.bulk_create(
        CollectionImage(collection=collection, image=each, position=9) for each in more
    )
    path = path_of(link_to(collection))
    with django_assert_num_queries(4):
        assert len(client.get(path).context["page"]) == 60
    assert len(client.get(f"{path}?page=3").context["page"]) == 12


def test_what_moved_to_another_workspace_is_not_shown(
    client: Client, image: Image, mallory: User
) -> None:
    link = link_to(image)
    Image.objects.filter(pk=image.pk).update(workspace=workspaces.personal(mallory))
    for address in everything(link, image):
        assert fetch(client, address).status_code == 404


# Crawlers and other sites


def test_crawlers_are_told_to_leave(client: Client, image: Image) -> None:
    link = link_to(image)
    for address in everything(link, image):
        assert "noindex" in fetch(client, address)["X-Robots-Tag"]
    assert '<meta name="robots" content="noindex' in page(client, path_of(link))


def test_other_sites_show_a_preview_only_if_they_may(client: Client, image: Image) -> None:
    link = link_to(image)
    assert "og:" not in page(client, path_of(link))
    assert fetch(client, file_of(link, image, "preview")).status_code == 404
    ShareLink.objects.update(allows_preview=True)
    text = page(client, path_of(link))
    assert f'property="og:image" content="{links.address(link)}{image.pk}/preview"' in text
    assert SECRET not in text
    assert fetch(client, file_of(link, image, "preview"))["Content-Type"] == "image/jpeg"
    ShareLink.objects.update(password_hash=make_password("x"))
    assert "og:" not in page(client, path_of(link))


# The end


@pytest.mark.parametrize("end", [{"revoked_at": timezone.now()}, {"expires_at": timezone.now()}])
def test_an_end_counts_at_once_and_for_files(
    client: Client, image: Image, end: dict[str, Any]
) -> None:
    link = link_to(image, allows_download=True, allows_preview=True)
    addresses = [each for each in everything(link, image) if not each.endswith("before")]
    etags = {}
    for each in addresses:
        response = fetch(client, each)
        assert response.status_code == 200
        assert response["Cache-Control"] in {"private, no-store", "private, no-cache"}
        etags[each] = response.get("ETag", "x")
    ShareLink.objects.update(**end)
    for each in addresses:
        response = fetch(client, each, headers={"If-None-Match": etags[each]})
        assert response.status_code == 404
        assert b"leads nowhere" in response.whole


def test_a_file_is_not_sent_twice(client: Client, image: Image) -> None:
    address = file_of(link_to(image), image)
    etag = fetch(client, address)["ETag"]
    again = fetch(client, address, headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert "noindex" in again["X-Robots-Tag"]


@pytest.mark.parametrize("token", ["x", "A" * 32, "é" * 32, "%00"])
def test_a_wrong_token_leads_nowhere(client: Client, db: None, token: str) -> None:
    assert client.get(f"/s/{token}/").status_code == 404


# Passwords


def test_a_password_opens_the_link_and_its_files(client: Client, image: Image) -> None:
    link = link_to(image, password_hash=make_password("open sesame"), allows_download=True)
    for address in everything(link, image):
        response = fetch(client, address)
        assert response.status_code in {200, 403}
        assert b"PNG" not in response.whole
        assert str(image.pk).encode() not in response.whole
    assert ShareLink.objects.get().view_count == 0
    opened = client.post(f"{path_of(link)}open", {"password": "open sesame"})
    assert opened["Location"] == path_of(link)
    cookie = opened.cookies["easel_share"]
    assert (cookie["path"], cookie["httponly"]) == (path_of(link), True)
    assert fetch(client, file_of(link, image)).status_code == 200
    assert ShareLink.objects.update(password_hash=make_password("another")) == 1
    assert fetch(client, file_of(link, image)).status_code == 403


def test_one_links_password_opens_no_other(client: Client, image: Image, edit: Image) -> None:
    first = link_to(image, password_hash=make_password("one"))
    second = link_to(edit, password_hash=make_password("two"))
    client.post(f"{path_of(first)}open", {"password": "one"})
    client.cookies["easel_share"]["path"] = path_of(second)
    assert fetch(client, file_of(second, edit)).status_code == 403


def test_guessing_is_slow(client: Client, image: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr("accounts.tries.time.time", lambda: 1_800_000_000.0)
    link = link_to(image, password_hash=make_password("open sesame"))
    address = f"{path_of(link)}open"
    statuses = [
        client.post(
            address, {"password": "x"}, headers={"X-Forwarded-For": f"10.0.0.{number}"}
        ).status_code
        for number in range(public._TRIES_OF_ONE + 1)
    ]
    assert statuses == [422] * public._TRIES_OF_ONE + [429]
    assert client.post(address, {"password": "open sesame"}).status_code == 429
    elsewhere = client.post(address, {"password": "open sesame"}, REMOTE_ADDR="10.9.9.9")
    assert elsewhere.status_code == 302


# Counting


def test_openings_are_counted_and_nothing_else(client: Client, image: Image) -> None:
    link = link_to(image)
    client.get(path_of(link))
    client.get(path_of(link))
    client.head(path_of(link))
    fetch(client, file_of(link, image))
    assert ShareLink.objects.get().view_count == 2


def test_the_list_costs_the_same_for_many(
    as_ada: Client, workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    for each in rows(workspace, 12):
        link_to(each)
    with django_assert_max_num_queries(9):
        assert len(re.findall(r'role="rowheader"', page(as_ada, LIST))) == 12
