"""Pictures put together, in an order of their own."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts import workspaces
from accounts.models import User, Workspace
from accounts.workspaces import NotAllowed
from gallery import collections, images
from gallery.collections import CollectionRefused
from gallery.models import Collection, Image
from tests.gallery.test_gallery_pages import LIST, rows
from tests.gallery.test_selection import act, listed

pytestmark = pytest.mark.django_db
COLLECTIONS = reverse("gallery:collection_list")


@pytest.fixture
def collection(ada: User, workspace: Workspace) -> Collection:
    return collections.create(workspace=workspace, by=ada, name="Best")


def page_of(collection: Collection) -> str:
    return reverse("gallery:collection_page", args=[collection.pk])


def order(client: Client, collection: Collection, made: list[Image]) -> str:
    """As letters: "bac" when the second image is first."""
    names = {each.pk: "abcdefghijkl"[number] for number, each in enumerate(made)}
    return "".join(names[each.pk] for each in listed(client, page_of(collection)))


def test_collected_in_the_order_of_selecting(
    as_ada: Client, collection: Collection, workspace: Workspace
) -> None:
    made = rows(workspace, 4)
    act(as_ada, "collect", [made[2], made[0]], collection=str(collection.pk))
    act(as_ada, "collect", [made[1], made[0]], collection=str(collection.pk))
    assert order(as_ada, collection, made) == "cab"
    assert len(listed(as_ada, f"{LIST}?collection={collection.pk}")) == 3
    assert len(listed(as_ada, f"{page_of(collection)}?sort=newest")) == 3


def test_a_new_one_by_its_name(as_ada: Client, workspace: Workspace) -> None:
    made = rows(workspace, 2)
    act(as_ada, "collect", made, name="  Spring \t brochure ")
    collection = Collection.objects.get()
    assert collection.name == "Spring brochure"
    assert collection.images.count() == 2
    act(as_ada, "collect", made)
    assert "Choose a collection" in as_ada.get(LIST).content.decode()


def test_a_collection_can_be_shared(as_ada: Client, collection: Collection) -> None:
    link = f"{reverse('gallery:link_create')}?collection={collection.pk}"
    assert f'href="{link}"' in as_ada.get(page_of(collection)).content.decode()
    assert "Best" in as_ada.get(link).content.decode()


def test_moved_about(as_ada: Client, ada: User, collection: Collection) -> None:
    made = rows(collection.workspace, 4)
    collections.add(collection=collection, images=made, by=ada)
    address = reverse("gallery:collection_move", args=[collection.pk])
    for image, after, expected in (
        (3, None, "dabc"),
        (0, 1, "dbac"),
        (3, 2, "bacd"),
        (1, 0, "abcd"),
        (2, 2, "abcd"),
    ):
        data = {"image": made[image].pk, "after": "" if after is None else made[after].pk}
        as_ada.post(address, data)
        assert order(as_ada, collection, made) == expected
    assert as_ada.post(address, {"image": "x"}).status_code == 404


def test_there_is_always_room_between_two(
    as_ada: Client, ada: User, collection: Collection
) -> None:
    made = rows(collection.workspace, 3)
    collections.add(collection=collection, images=made, by=ada)
    for number in range(30):
        moved = made[1 + number % 2]
        collections.move(collection=collection, images=[moved.pk], after=made[0].pk, by=ada)
    assert order(as_ada, collection, made) == "acb"


def test_many_are_moved_together(as_ada: Client, ada: User, collection: Collection) -> None:
    made = rows(collection.workspace, 5)
    collections.add(collection=collection, images=made, by=ada)
    keys = [each.pk for each in made]
    for moved, after, expected in (
        ([4, 1], None, "ebacd"),
        ([0, 4], 2, "bcaed"),
        ([1, 3, 1], 0, "cabde"),
        ([2, 0, 1, 3, 4], None, "cabde"),
        ([1, 0], 1, "cbade"),
    ):
        collections.move(
            collection=collection,
            images=[keys[each] for each in moved],
            after=None if after is None else keys[after],
            by=ada,
        )
        assert order(as_ada, collection, made) == expected
    for number in range(12):  # until nothing is left between two
        pair = [keys[3], keys[4]] if number % 2 else [keys[4], keys[3]]
        collections.move(collection=collection, images=pair, after=keys[2], by=ada)
    assert order(as_ada, collection, made) == "cdeba"


def test_a_cover_is_chosen_or_the_first(as_ada: Client, ada: User, collection: Collection) -> None:
    made = rows(collection.workspace, 3)
    collections.add(collection=collection, images=made, by=ada)

    def cover() -> Image:
        [(shown, image)] = as_ada.get(COLLECTIONS).context["collections"]
        assert shown.count == Image.objects.in_workspace(collection.workspace).count()
        return image

    assert cover() == made[0]
    collections.change(collection=collection, cover=made[2].pk, by=ada)
    assert cover() == made[2]
    images.trash(images=made[2:], by=ada)
    assert cover() == made[0]


def test_taken_out_it_stays_in_the_gallery(
    as_ada: Client, ada: User, collection: Collection
) -> None:
    made = rows(collection.workspace, 2)
    collections.add(collection=collection, images=made, by=ada)
    address = reverse("gallery:collection_remove", args=[collection.pk])
    as_ada.post(address, {"image": made[0].pk})
    assert order(as_ada, collection, made) == "b"
    assert len(listed(as_ada)) == 2
    as_ada.post(reverse("gallery:collection_delete", args=[collection.pk]))
    assert not Collection.objects.exists()
    assert len(listed(as_ada)) == 2


@pytest.mark.parametrize("name", ["", "   ", "\0", "x" * 101])
def test_a_name_is_needed(as_ada: Client, collection: Collection, name: str) -> None:
    address = reverse("gallery:collection_change", args=[collection.pk])
    assert as_ada.post(address, {"name": name}).status_code == 422
    as_ada.post(reverse("gallery:collection_create"), {"name": name})
    assert Collection.objects.get().name == "Best"


def test_images_of_elsewhere_and_of_the_trash_are_not_taken(
    ada: User, collection: Collection, mallory: User
) -> None:
    [theirs] = rows(workspaces.personal(mallory), 1)
    [gone] = rows(collection.workspace, 1)
    images.trash(images=[gone], by=ada)
    assert collections.add(collection=collection, images=[theirs, gone], by=ada) == 0
    with pytest.raises(CollectionRefused):
        collections.change(collection=collection, cover=theirs.pk, by=ada)
    with pytest.raises(CollectionRefused):
        collections.move(collection=collection, images=[theirs.pk], after=None, by=ada)


def test_viewers_only_look(collection: Collection, vera: User) -> None:
    for verb in (
        lambda: collections.create(workspace=collection.workspace, by=vera, name="x"),
        lambda: collections.change(collection=collection, by=vera, name="x"),
        lambda: collections.add(collection=collection, images=[], by=vera),
        lambda: collections.remove(collection=collection, images=[], by=vera),
        lambda: collections.delete(collection=collection, by=vera),
    ):
        with pytest.raises(NotAllowed):
            verb()
