"""Into the trash and back; after 30 days, or when it is emptied, the bytes are gone too."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import registry
from accounts.models import User, Workspace
from accounts.workspaces import NotAllowed
from gallery import images, trash
from gallery.models import Collection, CollectionImage, Image, PendingObject
from tests.conftest import person
from tests.gallery.makers import jpeg
from tests.gallery.test_images import files, later, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def image(ada: User, workspace: Workspace) -> Image:
    made = upload(ada, workspace)
    images.make_previews(made)
    made.refresh_from_db()
    return made


def is_in_trash(image: Image) -> bool:
    image.refresh_from_db()
    return image.deleted_at is not None


def test_into_the_trash_and_back(image: Image, ada: User, workspace: Workspace) -> None:
    assert images.trash(images=[image], by=ada) == [image.pk]
    assert list(Image.objects.in_workspace(workspace)) == []
    assert list(Image.objects.visible_to(ada)) == []
    assert list(Image.objects.in_trash(workspace)) == [image]
    assert images.restore(images=[image], by=ada) == [image.pk]
    assert list(Image.objects.in_workspace(workspace)) == [image]
    assert list(Image.objects.in_trash(workspace)) == []


def test_again_is_the_same_as_once(image: Image, ada: User, workspace: Workspace) -> None:
    other = upload(ada, workspace, jpeg())
    images.trash(images=[image], by=ada)
    image.refresh_from_db()
    assert images.trash(images=[image, other], by=ada) == [other.pk]
    assert Image.objects.get(pk=image.pk).deleted_at == image.deleted_at
    assert len(images.restore(images=Image.objects.all(), by=ada)) == 2
    assert images.restore(images=[image], by=ada) == []


def test_who_makes_pictures_may(image: Image, ben: User) -> None:
    images.trash(images=[image], by=ben)
    assert is_in_trash(image)
    images.restore(images=[image], by=ben)
    assert not is_in_trash(image)


@pytest.mark.parametrize("who", ["vera", "mallory"])
def test_others_may_not(image: Image, ada: User, who: str, request: pytest.FixtureRequest) -> None:
    by = request.getfixturevalue(who)
    with pytest.raises(NotAllowed):
        images.trash(images=[image], by=by)
    images.trash(images=[image], by=ada)
    with pytest.raises(NotAllowed):
        images.restore(images=[image], by=by)
    assert is_in_trash(image)


def test_one_image_of_others_refuses_them_all(image: Image, ada: User, mallory: User) -> None:
    theirs = upload(mallory, mallory.personal_workspace)
    with pytest.raises(NotAllowed):
        images.trash(images=[image, theirs], by=ada)
    assert not is_in_trash(image)


# For good


def test_after_thirty_days_row_and_bytes_are_gone(image: Image, ada: User, settings: Any) -> None:
    images.trash(images=[image], by=ada)
    images.sweep(at=later(days=29, hours=23))
    assert is_in_trash(image)
    assert len(files(settings)) == 3
    images.sweep(at=later(days=30))
    assert not Image.objects.exists()
    assert not PendingObject.objects.exists()
    assert files(settings) == []


def test_an_image_that_is_not_in_the_trash_stays(image: Image, settings: Any) -> None:
    images.sweep(at=later(days=400))
    assert Image.objects.get() == image
    assert len(files(settings)) == 3


def test_a_sweep_killed_before_the_bytes_were_gone_is_finished(
    image: Image, ada: User, settings: Any
) -> None:
    images.trash(images=[image], by=ada)
    assert sorted(trash.purge(at=later(days=31))) == sorted(image.keys)
    assert len(files(settings)) == 3
    images.sweep(at=later(hours=1))
    assert files(settings) == []


def test_what_was_made_of_it_stays(image: Image, ada: User, workspace: Workspace) -> None:
    child = upload(ada, workspace, jpeg())
    Image.objects.filter(pk=child.pk).update(parent=image)
    collection = Collection.objects.create(workspace=workspace, name="Best", cover=image)
    CollectionImage.objects.create(collection=collection, image=image, position=1)
    images.trash(images=[image], by=ada)
    images.sweep(at=later(days=31))
    assert Image.objects.get().parent is None
    collection.refresh_from_db()
    assert collection.cover is None
    assert not collection.images.exists()


def test_more_than_go_at_once(
    ada: User, workspace: Workspace, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trash, "_AT_ONCE", 2)
    images.trash(images=[upload(ada, workspace) for _ in range(5)], by=ada)
    images.sweep(at=later(days=31))
    assert files(settings) == []


def test_an_image_that_somebody_needs_waits(
    image: Image, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    images.trash(images=[image], by=ada)
    with monkeypatch.context() as patch:
        patch.setattr(registry, "image_releases", [lambda _: ()])
        images.sweep(at=later(days=31))
        assert is_in_trash(image)
    images.sweep(at=later(days=31))
    assert not Image.objects.exists()


def test_what_is_as_good_as_gone_does_not_come_back(image: Image, ada: User) -> None:
    Image.objects.update(deleted_at=timezone.now() - timedelta(days=31))
    assert images.restore(images=[image], by=ada) == []
    assert not Image.objects.in_trash(image.workspace).exists()


# Emptied


def test_emptied_it_is_gone_with_the_next_sweep(
    image: Image, ada: User, workspace: Workspace, settings: Any
) -> None:
    kept = upload(ada, workspace, jpeg())
    images.trash(images=[image], by=ada)
    assert trash.empty(workspace=workspace, by=ada) == 1
    assert not Image.objects.in_trash(workspace).exists()
    assert images.restore(images=[image], by=ada) == []
    images.sweep(at=timezone.now())
    assert Image.objects.get() == kept
    assert len(files(settings)) == 1


def test_some_of_it_can_be_removed(image: Image, ada: User, workspace: Workspace) -> None:
    other = upload(ada, workspace, jpeg())
    images.trash(images=[image, other], by=ada)
    assert trash.empty(workspace=workspace, by=ada, images=[image.pk]) == 1
    assert list(Image.objects.in_trash(workspace)) == [other]


def test_only_who_manages_the_workspace_empties_it(
    image: Image, ada: User, ben: User, workspace: Workspace
) -> None:
    images.trash(images=[image], by=ben)
    for by in (ben, person("Max")):
        with pytest.raises(NotAllowed):
            trash.empty(workspace=workspace, by=by)
    assert list(Image.objects.in_trash(workspace)) == [image]


def test_the_trash_of_others_is_not_emptied(image: Image, ada: User, mallory: User) -> None:
    theirs = mallory.personal_workspace
    images.trash(images=[upload(mallory, theirs)], by=mallory)
    assert trash.empty(workspace=image.workspace, by=ada) == 0
    assert Image.objects.in_trash(theirs).count() == 1
