"""What a person likes of the images that they may see. Viewers like things, too."""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db import transaction

from accounts.models import User
from gallery.models import Favourite, Image

_AT_ONCE = 500


def add(*, images: Iterable[Image], by: User) -> None:
    """May be repeated. What the person may not see is left out."""
    visible = Image.objects.visible_to(by).filter(pk__in=[each.pk for each in images])
    Favourite.objects.bulk_create(
        (
            Favourite(user=by, image_id=pk, image_created_at=created_at)
            for pk, created_at in visible.values_list("pk", "created_at")
        ),
        ignore_conflicts=True,
    )


def remove(*, images: Iterable[Image], by: User) -> None:
    _remove([each.pk for each in images], by)


def forget(user: User) -> None:
    """All of theirs, some at a time. May be repeated."""
    theirs = Favourite.objects.filter(user=user).values_list("image", flat=True)
    while some := list(theirs[:_AT_ONCE]):
        _remove(some, user)


def _remove(ids: Collection[UUID], user: User) -> None:
    """Images are locked first, as by who moves them: their marks change with it."""
    with transaction.atomic():
        images = Image.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
        list(images.values_list("pk"))
        Favourite.objects.filter(user=user, image__in=ids).delete()
