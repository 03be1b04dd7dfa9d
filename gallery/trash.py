"""Where images wait for 30 days before they are gone for good.

What is in the trash is left out by every set of `ImageQuerySet` but `in_trash`. An image that has
been there for longer than `TRASH_KEEPS` is the sweep's: its row is removed, and then its bytes.
Emptying the trash only makes what is in it as old as that.
"""

import logging
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts import registry, workspaces
from accounts.models import User, Workspace
from gallery.models import TRASH_KEEPS, Image, PendingObject

log = logging.getLogger("easel.gallery")
_AT_ONCE = 100


def trash(*, images: Iterable[Image], by: User) -> list[UUID]:
    """Moves them to the trash; returns those that were not there yet. Raises NotAllowed.

    Everybody who may make pictures may do it, to others' too, and undo it. May be repeated.
    """
    with transaction.atomic():
        ids = _checked(images, by)
        rows = Image.objects.filter(pk__in=ids, deleted_at=None)
        moved = list(rows.order_by("pk").select_for_update().values_list("pk", flat=True))
        Image.objects.filter(pk__in=moved).update(deleted_at=timezone.now())
    return moved


def restore(*, images: Iterable[Image], by: User) -> list[UUID]:
    """Brings them back from the trash; returns those that were in it. Raises NotAllowed.

    What is about to be gone for good stays where it is. May be repeated.
    """
    with transaction.atomic():
        ids = _checked(images, by)
        rows = Image.objects.filter(pk__in=ids, deleted_at__gt=timezone.now() - TRASH_KEEPS)
        moved = list(rows.order_by("pk").select_for_update().values_list("pk", flat=True))
        Image.objects.filter(pk__in=moved).update(deleted_at=None)
    return moved


def empty(*, workspace: Workspace, by: User, images: Collection[UUID] | None = None) -> int:
    """Gives all of a workspace's trash, or those named of it, to the next sweep.

    Only who manages the workspace may, as nothing brings them back. Raises NotAllowed.
    """
    workspaces.check_may_manage(by, workspace)
    rows = Image.objects.in_trash(workspace)
    if images is not None:
        rows = rows.filter(pk__in=images)
    return rows.update(deleted_at=F("deleted_at") - TRASH_KEEPS)


def _checked(images: Iterable[Image], by: User) -> list[UUID]:
    found = list(images)
    for workspace in Workspace.objects.filter(pk__in={each.workspace_id for each in found}):
        workspaces.check_may_make(by, workspace)
    return [each.pk for each in found]


def purge(*, at: datetime) -> list[str]:
    """Removes the rows of some images that were in the trash for long enough.

    Returns the keys of their objects, which are orphans from now on, to be discarded.
    All are of one workspace, as each transaction changes the stock of one (`gallery.stock`).
    """
    old = Image.objects.filter(deleted_at__lte=at - TRASH_KEEPS).order_by("deleted_at")
    workspace = old.values_list("workspace", flat=True)[:1]
    return remove(old.filter(workspace__in=list(workspace)))


def remove(rows: "QuerySet[Image]") -> list[str]:
    """Removes some of these images of one workspace; returns the keys of their objects.

    What somebody else still needs waits for another time; see `registry.image_releases`.
    """
    with transaction.atomic():
        chosen = list(rows.select_for_update()[:_AT_ONCE])
        released = {each.pk for each in chosen}
        for release in registry.image_releases:
            released &= set(release(released))
        gone = [each for each in chosen if each.pk in released]
        keys = [key for each in gone for key in each.keys]
        PendingObject.objects.bulk_create(PendingObject(key=key, is_doomed=True) for key in keys)
        Image.objects.filter(pk__in=released).delete()
    if gone:
        log.info("purged images=%s objects=%s", len(gone), len(keys))
    return keys
