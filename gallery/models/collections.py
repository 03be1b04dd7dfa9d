from datetime import date, datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts import ids
from accounts.models import User, Workspace
from gallery.models.image_sets import older
from gallery.models.images import Image

_MOMENT = timedelta(microseconds=1)


class CollectionQuerySet(models.QuerySet["Collection"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(workspace__memberships__user=user)

    def older_than(self, collection: "Collection") -> Self:
        return self.filter(older(collection))

    def with_covers(self) -> Self:
        """With `shown_cover`, the cover or else the first image, outside the trash; and `count`."""
        here = CollectionImage.objects.filter(collection=OuterRef("pk"), image__deleted_at=None)
        cover = here.filter(image=OuterRef("cover")).values("image")
        first = here.order_by("position", "pk").values("image")[:1]
        count = here.order_by().values("collection").annotate(n=Count("pk")).values("n")
        return self.annotate(
            shown_cover=Coalesce(Subquery(cover), Subquery(first), output_field=models.UUIDField()),
            count=Coalesce(Subquery(count), 0),
        )


class Collection(models.Model):
    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    cover = models.ForeignKey(
        Image, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    images = models.ManyToManyField(Image, through="CollectionImage", related_name="collections")

    objects = CollectionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-created_at"], name="collection_of_workspace")
        ]

    def __str__(self) -> str:
        return self.name


class CollectionImage(models.Model):
    """An image's place in a collection. Positions leave room between them (`collections.move`).

    `image_created_at` is the image's own, so that a collection is read in the gallery's order.
    """

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="places")
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="places")
    position = models.BigIntegerField()
    image_created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["collection", "image"], name="collection_image_once")
        ]
        indexes = [
            models.Index(fields=["collection", "position", "id"], name="collection_in_order"),
            models.Index(
                fields=["collection", "-image_created_at", "-image"],
                name="collection_newest_first",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.image_id} in {self.collection_id}"


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(workspace__memberships__user=user)

    def live(self, at: datetime) -> Self:
        """Those of somebody whose account is about to end lead nowhere meanwhile."""
        return self.filter(
            Q(expires_at=None) | Q(expires_at__gt=at),
            revoked_at=None,
            workspace__personal_of__erase_at=None,
        )


class ShareLink(models.Model):
    """A way in for those without an account. The token is kept as a hash only.

    `allows_preview`: other sites may show its picture where the link is posted. `token` is there
    on one that was found by it.
    """

    token = ""

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    image = models.ForeignKey(
        Image, null=True, blank=True, on_delete=models.CASCADE, related_name="share_links"
    )
    collection = models.ForeignKey(
        Collection, null=True, blank=True, on_delete=models.CASCADE, related_name="share_links"
    )
    token_hash = models.CharField(max_length=64, unique=True)
    password_hash = models.CharField(max_length=128, blank=True)
    shows_recipe = models.BooleanField(default=False)
    shows_before = models.BooleanField(default=False)
    allows_preview = models.BooleanField(default=False)
    allows_download = models.BooleanField(default=False)
    view_count = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(image__isnull=False, collection__isnull=True)
                | Q(image__isnull=True, collection__isnull=False),
                name="share_link_of_one_thing",
            )
        ]

    def __str__(self) -> str:
        return f"link to {self.image_id or self.collection_id}"

    @property
    def last_day(self) -> date | None:
        """In UTC, as it was chosen."""
        return (self.expires_at - _MOMENT).date() if self.expires_at else None

    def has_ended(self, at: datetime) -> bool:
        return bool(self.revoked_at or (self.expires_at and self.expires_at <= at))
