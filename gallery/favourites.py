"""What a person likes of the images that they may see. Viewers like things, too."""

from collections.abc import Iterable

from accounts.models import User
from gallery.models import Favourite, Image


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
    Favourite.objects.filter(user=by, image__in=[each.pk for each in images]).delete()
