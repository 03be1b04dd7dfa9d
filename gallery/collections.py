"""Images that somebody put together, in an order of their own. Everybody who makes pictures may."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import Max

from accounts import workspaces
from accounts.models import User, Workspace
from gallery.models import Collection, CollectionImage, Image

STEP = 1024  # so much room is left between two images
MAX_COLLECTIONS = 1_000
_GONE = "This image is not in the collection any more."


class CollectionRefused(Exception):
    """A collection cannot be so; the message is a sentence for people."""


def create(*, workspace: Workspace, by: User, name: str) -> Collection:
    """Raises NotAllowed, CollectionRefused."""
    workspaces.check_may_make(by, workspace)
    if Collection.objects.filter(workspace=workspace).count() >= MAX_COLLECTIONS:
        raise CollectionRefused(f"A workspace has at most {MAX_COLLECTIONS:,} collections.")
    return Collection.objects.create(workspace=workspace, created_by=by, name=_named(name))


def change(
    *, collection: Collection, by: User, name: str | None = None, cover: UUID | None = None
) -> None:
    """What is given: another name, another of its images in front. All of it, or nothing.

    Raises NotAllowed, CollectionRefused.
    """
    workspaces.check_may_make(by, collection.workspace)
    changed: dict[str, Any] = {}
    if name is not None:
        changed["name"] = collection.name = _named(name)
    if cover is not None:
        if not CollectionImage.objects.filter(collection=collection, image=cover).exists():
            raise CollectionRefused(_GONE)
        changed["cover"] = cover
    Collection.objects.filter(pk=collection.pk).update(**changed)


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


def move(*, collection: Collection, images: Sequence[UUID], after: UUID | None, by: User) -> None:
    """Puts images, in their order, right after another one, which stays; or first of all.

    Raises NotAllowed, CollectionRefused.
    """
    workspaces.check_may_make(by, collection.workspace)
    wanted = [each for each in dict.fromkeys(images) if each != after]
    with transaction.atomic():
        _lock(collection)
        places = CollectionImage.objects.filter(collection=collection)
        found = {each.image_id: each for each in places.filter(image__in=wanted)}
        before = places.filter(image=after).first() if after else None
        if len(found) < len(wanted) or (after and before is None):
            raise CollectionRefused(_GONE)
        _place([found[each] for each in wanted], places.exclude(image__in=wanted), before)


def _place(
    moved: list[CollectionImage],
    others: models.QuerySet[CollectionImage],
    before: CollectionImage | None,
) -> None:
    """Right after that one. Where there is no room left, all positions are made anew."""
    left = before.position if before else None
    right = (others.filter(position__gt=left) if before else others).order_by("position", "pk")
    end = right.values_list("position", flat=True).first()
    if end is None:
        _number(moved, start=left or 0, step=STEP)
    elif left is None:
        _number(moved, start=end - STEP * (len(moved) + 1), step=STEP)
    elif end - left > len(moved):
        _number(moved, start=left, step=(end - left) // (len(moved) + 1))
    else:
        rest = list(others.order_by("position", "pk"))
        place = 1 + next(n for n, each in enumerate(rest) if before and each.pk == before.pk)
        _number([*rest[:place], *moved, *rest[place:]], start=0, step=STEP)


def _number(places: list[CollectionImage], *, start: int, step: int) -> None:
    for number, each in enumerate(places, start=1):
        each.position = start + step * number
    CollectionImage.objects.bulk_update(places, ["position"], batch_size=500)


def _lock(collection: Collection) -> None:
    """Who arranges it waits for who arranges it just now. Raises CollectionRefused."""
    if Collection.objects.select_for_update().filter(pk=collection.pk).first() is None:
        raise CollectionRefused("This collection was deleted.")
