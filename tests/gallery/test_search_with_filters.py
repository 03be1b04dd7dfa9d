"""Words and filters asked for together, from one index on both databases."""

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts import workspaces
from accounts.models import User, Workspace
from gallery import collections, favourites, notes, pages, search, search_index, trash
from gallery.filters import Filters, chosen
from gallery.models import Collection, CollectionImage, Favourite, Image
from tests.gallery.test_gallery_pages import rows
from tests.gallery.test_search import walked
from tests.product import until

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 3, 4, 23, 59, 59, 999_999, tzinfo=UTC)
ODD_MODEL = "it's \\ a 'model' & | ¤kupload 湖"


def found(workspace: Workspace, by: User, **asked: Any) -> list[Image]:
    return walked(workspace, by, Filters(**asked), "newest")


@pytest.mark.parametrize(
    ("columns", "asked"),
    [
        ({"model": "step-1x"}, {"model": "step-1x"}),
        ({"model": ODD_MODEL}, {"model": ODD_MODEL}),
        ({"kind": "upload"}, {"kind": "upload"}),
        ({"seed": 0}, {"seed": 0}),
        ({"width": 80, "height": 40}, {"size": (80, 40)}),
        ({"created_at": DAY}, {"since": DAY.date(), "until": DAY.date()}),
    ],
)
def test_a_word_and_a_filter(
    ada: User, workspace: Workspace, columns: dict[str, Any], asked: dict[str, Any]
) -> None:
    [both] = rows(workspace, 1, prompt="a lake", **columns)
    rows(workspace, 1, prompt="a harbour", **columns)
    rows(workspace, 6, prompt="a lake")
    assert found(workspace, ada, text="lake", **asked) == [both]


def test_several_filters_without_a_word(ada: User, ben: User, workspace: Workspace) -> None:
    [all_of_it] = rows(workspace, 1, model="a", seed=7, created_by=ben, width=80, height=40)
    for columns in ({"model": "a", "seed": 8}, {"model": "b", "seed": 7}, {"created_by": ben}):
        rows(workspace, 2, **columns)
    for asked in (
        {"model": "a", "seed": 7},
        {"person": ben.pk, "size": (80, 40)},
        {"person": ben.pk, "seed": 7, "kind": "generated"},
    ):
        assert found(workspace, ada, **asked) == [all_of_it]
    assert found(workspace, ada, model="b", person=ben.pk) == []


def test_a_word_among_favourites_and_in_a_collection(
    ada: User, ben: User, workspace: Workspace
) -> None:
    lakes = rows(workspace, 9, prompt="a lake")
    [harbour] = rows(workspace, 1, prompt="a harbour")
    collection = Collection.objects.create(workspace=workspace, name="Lakes")
    for position, image in enumerate((lakes[4], harbour, lakes[1], lakes[7])):
        for user in (ada, ben):
            Favourite.objects.create(user=user, image=image, image_created_at=image.created_at)
        CollectionImage.objects.create(collection=collection, image=image, position=position)
    Favourite.objects.filter(user=ada, image=lakes[1]).delete()
    liked = found(workspace, ada, text="lake", is_favourite=True)
    assert liked == [lakes[7], lakes[4]]
    filters = Filters(text="lake", collection=collection)
    assert walked(workspace, ada, filters, "arranged") == [lakes[4], lakes[1], lakes[7]]


def test_marks_come_and_go(ada: User, ben: User, workspace: Workspace) -> None:
    """Before and after, by several, through the trash, and with the image's words."""
    first, second, third = rows(workspace, 3, prompt="a lake", model="a")
    collection = collections.create(workspace=workspace, by=ada, name="Lakes")
    for by in (ada, ben):
        favourites.add(images=[first, second], by=by)
        favourites.add(images=[second, third], by=by)
    collections.add(collection=collection, images=[first, third], by=ada)
    favourites.remove(images=[second], by=ada)
    notes.write(image=third, by=ada, text="a heron")
    trash.trash(images=[first, third], by=ada)
    assert found(workspace, ada, text="lake", is_favourite=True) == []
    trash.restore(images=[first, third], by=ada)
    assert found(workspace, ada, model="a", is_favourite=True) == [third, first]
    assert found(workspace, ben, text="lake", is_favourite=True) == [third, second, first]
    assert found(workspace, ada, text="heron", is_favourite=True, collection=collection) == [third]
    collections.remove(collection=collection, images=[third], by=ada)
    assert found(workspace, ada, text="lake", collection=collection) == [first]
    collections.add(collection=collection, images=[second], by=ada)
    assert found(workspace, ada, is_favourite=True, collection=collection) == [first]
    first.delete()
    assert found(workspace, ben, text="lake", is_favourite=True) == [third, second]


def test_nobody_learns_from_the_index_what_somebody_liked(
    ada: User, ben: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(favourites, "_AT_ONCE", 2)
    images = rows(workspace, 3, prompt="a lake")
    for by in (ada, ben):
        favourites.add(images=images, by=by)
    favourites.remove(images=images[:1], by=ada)
    favourites.forget(ben)

    def entered(by: User) -> set[Image]:
        terms = search.about(workspace=workspace.pk, favourite_of=by.pk)
        return set(search.matching(Image.objects.all(), terms))

    assert (entered(ada), entered(ben)) == ({*images[1:]}, set())


waits = pytest.mark.skipif(connection.vendor == "sqlite", reason="who writes there waits anyhow")


@waits
@pytest.mark.django_db(transaction=True)
def test_two_who_like_an_image_at_once_both_find_it(
    ada: User, ben: User, workspace: Workspace
) -> None:
    [image] = rows(workspace, 1, prompt="a lake")

    with transaction.atomic():
        favourites.add(images=[image], by=ada)
        second = _waiting(lambda: favourites.add(images=[image], by=ben))
    second.join()
    for by in (ada, ben):
        assert found(workspace, by, text="lake", is_favourite=True) == [image]


@waits
@pytest.mark.django_db(transaction=True)
def test_an_image_is_moved_while_somebody_likes_it_no_more(ada: User, workspace: Workspace) -> None:
    """Neither has what the other waits for."""
    [image] = rows(workspace, 1, prompt="a lake")
    favourites.add(images=[image], by=ada)
    with transaction.atomic():
        Image.objects.select_for_update().get()
        second = _waiting(lambda: favourites.remove(images=[image], by=ada))
        Favourite.objects.filter(image=image).delete()
    second.join()
    assert found(workspace, ada, text="lake", is_favourite=True) == []


def _waiting(act: Callable[[], object]) -> threading.Thread:
    """One that acts beside this one, and waits for it."""

    def alone() -> None:
        with closing(connection):
            act()

    second = threading.Thread(target=alone, daemon=True)
    second.start()
    until(_somebody_waits, "the second's wait for the first")
    return second


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock')"
        )
        return bool(cursor.fetchone()[0])


def test_marks_of_before_the_index_are_in_it(ada: User, ben: User, workspace: Workspace) -> None:
    """Also of more images than are marked at once."""
    made = rows(workspace, 1_002, prompt="a lake")
    collection = collections.create(workspace=workspace, by=ada, name="Lakes")
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            search_index.unguard(using="default")
        favourites.add(images=made, by=ada)
        collections.add(collection=collection, images=made[:2], by=ada)
        favourites.add(images=made[-1:], by=ben)
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE gallery_image DROP COLUMN marks")
    search_index.guard(using="default")
    search_index.guard(using="default")
    liked = Filters(text="lake", is_favourite=True)
    assert [chosen(workspace, liked, by).count() for by in (ada, ben)] == [1_002, 1]
    assert found(workspace, ada, text="lake", collection=collection) == made[1::-1]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="tables are not made anew there")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("model", [Image, Favourite, Collection, CollectionImage])
def test_a_migration_may_make_a_table_anew(ada: User, workspace: Workspace, model: Any) -> None:
    images = rows(workspace, 3, prompt="a lake")
    favourites.add(images=images[:1], by=ada)
    search_index.unguard(using="default")
    with connection.schema_editor() as editor:
        editor._remake_table(model)
    favourites.add(images=images[1:2], by=ada)
    search_index.guard(using="default")
    favourites.add(images=images[2:], by=ada)
    assert found(workspace, ada, text="lake", is_favourite=True) == images[::-1]


def test_other_workspaces_are_other_lists(ada: User, workspace: Workspace, mallory: User) -> None:
    rows(workspaces.personal(mallory), 5, prompt="a lake", model="a")
    [ours] = rows(workspace, 1, prompt="a lake", model="a")
    assert found(workspace, ada, text="lake", model="a") == [ours]


def test_what_changes_is_found_as_it_is_now(ada: User, workspace: Workspace, mallory: User) -> None:
    """Moved, to the trash, back again, made by nobody known: the database keeps the index."""
    [image] = rows(workspace, 1, prompt="a lake", created_by=ada, model="a")
    team = workspaces.personal(mallory)
    assert found(workspace, ada, text="lake", person=ada.pk) == [image]
    Image.objects.update(workspace=team)
    assert found(workspace, ada, text="lake", person=ada.pk) == []
    assert found(team, ada, text="lake", person=ada.pk) == [image]
    for deleted_at, is_there in ((timezone.now(), False), (None, True)):
        Image.objects.update(deleted_at=deleted_at)
        assert bool(found(team, ada, text="lake", model="a")) == is_there
    Image.objects.update(created_by=None, model="b")
    assert found(team, ada, text="lake", person=ada.pk) == []
    assert found(team, ada, text="lake", model="b") == [image]


def test_what_is_beside_one_of_those_found(ada: User, workspace: Workspace) -> None:
    made = rows(workspace, 5, prompt="a lake", model="a")
    rows(workspace, 5, prompt="a lake", model="b")
    filters = Filters(text="lake", model="a")
    order = pages.sort(filters)
    beside = pages.beside(chosen(workspace, filters, ada), order, made[2].pk)
    assert beside == (made[3], made[1])
    other = Image.objects.get(pk=made[2].pk)
    Image.objects.filter(pk=other.pk).update(model="b")
    assert pages.beside(chosen(workspace, filters, ada), order, other.pk) is None


@pytest.mark.parametrize("asked", [{"until": datetime.max.date()}, {"since": datetime.max.date()}])
def test_the_last_of_all_days(ada: User, workspace: Workspace, asked: dict[str, Any]) -> None:
    made = rows(workspace, 1, prompt="a lake")
    expected = made if "until" in asked else []
    assert found(workspace, ada, **asked) == expected
    assert found(workspace, ada, text="lake", **asked) == expected
