"""Lets images go that are removed for good, or that move to another workspace."""

from collections.abc import Collection
from uuid import UUID

from studio.models import ArchivedJob, Job


def release_images(images: Collection[UUID]) -> set[UUID]:
    """Those that no job has still to edit. The jobs that made these know that they are gone.

    In the caller's transaction, which removes or moves them.
    """
    to_edit = Job.objects.unfinished().filter(source__in=images)
    released = set(images) - set(to_edit.values_list("source", flat=True))
    for rows in (Job.objects, ArchivedJob.objects):
        rows.filter(image__in=released).update(is_image_purged=True, image=None)
        rows.filter(source__in=released).update(source=None)
    return released
