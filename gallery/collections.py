"""Images that somebody put together, in an order of their own. Everybody who makes pictures may."""

from collections.abc import Iterable
from uuid import UUID

from django.db import models, transaction
from django.db.models import Max

from accounts import workspaces
from accounts.models import User, Workspace
from gallery.models import Collection, CollectionImage, Image

STEP = 1024  # so much room is left between two images
MAX_COLLECTIONS = 1_000


class CollectionRefused(Exception):
    """A collection cannot be so; the message is a sentence for people."""


def create(*, workspace: Workspace, by: User, name: str) -> Collection:
    """Raises NotAllowed, CollectionRefused."""
    workspaces.check_may_make(by, workspace)
    if Collection.objects.filter(workspace=workspace).count() >= MAX_COLLECTIONS:
        raise CollectionRefused(f"A workspace has at most {MAX_COLLECTIONS:,} collections.")
    return Collection.objects.create(workspace=workspace, created_by=by, name=_named(name))


def rename(*, collection: Collection, by: User, name: str) -> None:
    """Raises NotAllowed, CollectionRefused."""
    workspaces.check_may_make(by, collection.workspace)
    collection.name = _named(name)
    Collection.objects.filter(pk=collection.pk).update(name=collection.name)


def _named(name: str) -> str:
    """Raises CollectionRefused."""
    name = " ".join(name.replace("\0", "").split())
    if not name:
        raise CollectionRefused("Give the collection a name.")
    if len(name) > 100:
        raise CollectionRefused("A name has at most 100 characters.")
    return name


def delete(*, collection: Collection, by: User) -> None:
    """Its images stay. Raises NotAllowed."""
    workspaces.check_may_make(by, collection.workspace)
    collection.delete()


def add(*, collection: Collection, images: Iterable[Image], by: User) -> int:
    """Puts them at the end, in their order; returns how many were not in it yet.

    Only images of its workspace are taken, from outside the trash. Raises NotAllowed,
    CollectionRefused.
    """
    workspaces.check_may_make(by, collection.workspace)
    with transaction.atomic():
        _lock(collection)
        places = CollectionImage.objects.filter(collection=collection)
        ours = Image.objects.in_workspace(collection.workspace)
        wanted = [each.pk for each in images]
        found = ours.filter(pk__in=wanted).exclude(pk__in=places.values("image"))
        times = dict(found.values_list("pk", "created_at"))
        new = [pk for pk in dict.fromkeys(wanted) if pk in times]
        last = places.aggregate(last=Max("position"))["last"] or 0
        CollectionImage.objects.bulk_create(
            CollectionImage(
                collection=collection,
                image_id=pk,
                image_created_at=times[pk],
                position=last + STEP * number,
            )
            for number, pk in enumerate(new, start=1)
        )
    return len(new)


def remove(*, collection: Collection, images: Iterable[Image], by: User) -> int:
    """Takes them out of it, and nowhere else. Raises NotAllowed."""
    workspaces.check_may_make(by, collection.workspace)
    ids = [each.pk for each in images]
    with transaction.atomic():
        gone, _ = CollectionImage.objects.filter(collection=collection, image__in=ids).delete()
        Collection.objects.filter(pk=collection.pk, cover__in=ids).update(cover=None)
    return gone


def move(*, collection: Collection, image: UUID, after: UUID | None, by: User) -> None:
    """Puts an image right after another, or first of all. Raises NotAllowed, CollectionRefused."""
    workspaces.check_may_make(by, collection.workspace)
    with transaction.atomic():
        _lock(collection)
        places = CollectionImage.objects.filter(collection=collection)
        moved = places.filter(image=image).first()
        before = places.filter(image=after).first() if after else None
        if moved is None or (after and before is None):
            raise CollectionRefused("This image is not in the collection any more.")
        if moved.image_id != after:
            moved.position = _room(places.exclude(pk=moved.pk), before)
            moved.save(update_fields=["position"])


def _room(rows: models.QuerySet[CollectionImage], before: CollectionImage | None) -> int:
    """A position right after that one. Where there is no room left, all positions are made anew."""
    left = before.position if before else None
    right = (rows.filter(position__gt=left) if before else rows).order_by("position", "pk")
    next_position = right.values_list("position", flat=True).first()
    if next_position is None:
        return (left or 0) + STEP
    if left is None:
        return next_position - STEP
    if next_position - left >= 2:
        return (left + next_position) // 2
    spread = list(rows.order_by("position", "pk"))
    for number, each in enumerate(spread, start=1):
        each.position = STEP * number
    CollectionImage.objects.bulk_update(spread, ["position"], batch_size=500)
    return next(each.position for each in spread if before and each.pk == before.pk) + STEP // 2


def set_cover(*, collection: Collection, image: Image, by: User) -> None:
    """Raises NotAllowed, CollectionRefused."""
    workspaces.check_may_make(by, collection.workspace)
    if not CollectionImage.objects.filter(collection=collection, image=image).exists():
        raise CollectionRefused("This image is not in the collection any more.")
    Collection.objects.filter(pk=collection.pk).update(cover=image)


def _lock(collection: Collection) -> None:
    """Who arranges it waits for who arranges it just now. Raises CollectionRefused."""
    if Collection.objects.select_for_update().filter(pk=collection.pk).first() is None:
        raise CollectionRefused("This collection was deleted.")
