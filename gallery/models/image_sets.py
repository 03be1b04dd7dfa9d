from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import FilteredRelation, Q
from django.utils import timezone

from accounts.models import User, Workspace
from gallery import search, words

if TYPE_CHECKING:
    from gallery.models.collections import Collection
    from gallery.models.images import Image

TRASH_KEEPS = timedelta(days=30)


def older(row: "Image | Collection") -> Q:
    """What follows a row where the newest come first."""
    same_moment = Q(created_at=row.created_at, pk__lt=row.pk)
    earlier = Q(created_at__lt=row.created_at) | same_moment
    return earlier & Q(created_at__lte=row.created_at)  # so that an index is entered


class ImageQuerySet(models.QuerySet["Image"]):
    def visible_to(self, user: User) -> Self:
        """Images of the person's workspaces that are not in the trash."""
        return self.filter(workspace__memberships__user=user, deleted_at=None)

    def of_members(self, user: User) -> Self:
        """Images of the person's workspaces, in the trash or not."""
        return self.filter(workspace__memberships__user=user)

    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace, deleted_at=None)

    def in_trash(self, workspace: Workspace) -> Self:
        """What can still be brought back from it."""
        return self.filter(workspace=workspace, deleted_at__gt=timezone.now() - TRASH_KEEPS)

    def search(self, text: str, known: Sequence[str] = ()) -> Self:
        """Those whose prompt or note has each word of the text.

        `known`: terms of `search.about` that are asked for anyhow, so that both are looked up
        together. Without a text, by these alone.
        """
        wanted = words.wanted(text)
        terms = [] if text and not wanted else [*wanted, *known]
        found: Self = search.matching(self, terms)
        return found

    def favourites_of(self, user: User) -> Self:
        """With the person's own mark as `mark`."""
        mark = FilteredRelation("favourites", condition=Q(favourites__user=user))
        return self.annotate(mark=mark).filter(mark__isnull=False)

    def placed_in(self, collection: "Collection") -> Self:
        """With the place in the collection as `place`."""
        place = FilteredRelation("places", condition=Q(places__collection=collection))
        return self.annotate(place=place).filter(place__isnull=False)

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-id")

    def oldest_first(self) -> Self:
        return self.order_by("created_at", "id")

    def newer_than(self, image: "Image") -> Self:
        """What follows `image` in `oldest_first`."""
        same_moment = Q(created_at=image.created_at, id__gt=image.pk)
        later = Q(created_at__gt=image.created_at) | same_moment
        return self.filter(later, created_at__gte=image.created_at)  # so that an index is entered

    def older_than(self, image: "Image") -> Self:
        """What follows `image` in `newest_first`."""
        return self.filter(older(image))
