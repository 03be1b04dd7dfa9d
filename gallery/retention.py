"""How long photos that people bring are kept in a workspace: until deleted, or for some days.

Its owner says so. What was made of a photo stays; the photo goes wherever it is used, bytes and
all, without lying in the trash before. One that a job has still to edit waits for it.
"""

from datetime import datetime, timedelta

from accounts import workspaces
from accounts.models import Role, User, Workspace
from accounts.workspaces import NotAllowed
from gallery import images, trash
from gallery.models import Image
from gallery.models.image_sets import ImageQuerySet

CHOICES = {None: "Until somebody deletes them", 1: "1 day", 7: "7 days", 30: "30 days"}
CHOICES |= {90: "90 days", 365: "A year"}
_AT_ONCE = 500


def set_days(*, workspace: Workspace, by: User, days: int | None) -> None:
    """Raises NotAllowed."""
    if workspaces.role_of(by, workspace) != Role.OWNER:
        raise NotAllowed
    Workspace.objects.filter(pk=workspace.pk).update(uploads_kept_days=days)


def over(workspace: Workspace, *, days: int | None, at: datetime) -> ImageQuerySet:
    """The photos that are older than that, in the trash or not."""
    photos = Image.objects.filter(workspace=workspace, kind=Image.Kind.UPLOAD)
    return (
        photos.none() if days is None else photos.filter(created_at__lt=at - timedelta(days=days))
    )


def sweep(*, at: datetime) -> None:
    """Some at a time: the next sweep goes on."""
    for workspace in Workspace.objects.exclude(uploads_kept_days=None):
        old = over(workspace, days=workspace.uploads_kept_days, at=at)
        left = _AT_ONCE
        while left > 0 and (keys := trash.remove(old.order_by("created_at", "pk"))):
            images.discard(keys)
            left -= len(keys)
