from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts import ids
from accounts.models import Workspace
from gallery import words
from gallery.models.image_sets import TRASH_KEEPS, ImageQuerySet


def _newest_first(name: str, *columns: str) -> models.Index:
    """For a page of the gallery, of all images or of those with the same of something."""
    return models.Index(
        fields=["workspace", *columns, "-created_at", "-id"],
        condition=Q(deleted_at=None),
        name=name,
    )


class WordsField(models.TextField):  # type: ignore[type-arg]
    """What the image is found by: made of its prompt and its note whenever it is saved."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: ARG002
        image: Any = model_instance
        image.words = words.indexed(image.prompt, image.note)
        return image.words


class Image(models.Model):
    """A picture in a workspace, and the recipe that it was made by.

    `parent` is the image that it was edited from, so that edits form a tree. `original`
    and the two previews are keys of the object storage; a preview's key is empty until it
    is made, and the original stands in for it.
    """

    class Kind(models.TextChoices):
        UPLOAD = "upload"
        GENERATED = "generated"
        EDITED = "edited"

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    kind = models.CharField(max_length=9, choices=Kind)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children"
    )
    price_micros = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True)

    # The object
    original = models.CharField(max_length=200, unique=True)
    preview_small = models.CharField(max_length=200, blank=True)
    preview_large = models.CharField(max_length=200, blank=True)
    content_type = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    placeholder = models.CharField(max_length=800, blank=True)

    # The recipe
    model = models.CharField(max_length=60, blank=True)
    prompt = models.TextField(blank=True)
    negative_prompt = models.TextField(blank=True)
    seed = models.BigIntegerField(null=True, blank=True)
    steps = models.PositiveSmallIntegerField(null=True, blank=True)
    cfg_scale = models.FloatField(null=True, blank=True)
    size = models.CharField(max_length=11, blank=True)
    text_mode = models.BooleanField(default=False)
    engine = models.CharField(max_length=20, blank=True)
    engine_ms = models.PositiveIntegerField(null=True, blank=True)
    changed_outside_percent = models.FloatField(
        null=True,
        blank=True,
        help_text="Of an edit of a region: how much of the rest was put back.",
    )
    notes = models.JSONField(default=list, blank=True)

    # What people say of it, and what it is found by
    note = models.TextField(blank=True)
    words = WordsField(blank=True, editable=False)

    objects = ImageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(price_micros__gte=0), name="image_price"),
        ]
        indexes = [
            _newest_first("image_newest_first"),
            _newest_first("image_by_model", "model"),
            _newest_first("image_by_kind", "kind"),
            _newest_first("image_by_person", "created_by"),
            _newest_first("image_by_size", "width", "height"),
            _newest_first("image_by_seed", "seed"),
            models.Index(fields=["workspace", "sha256"], name="image_same_bytes"),
            models.Index(
                fields=["created_at"],
                condition=Q(preview_large=""),
                name="image_without_previews",
            ),
            models.Index(
                fields=["workspace", "-deleted_at", "-id"],
                condition=Q(deleted_at__isnull=False),
                name="image_in_trash",
            ),
            models.Index(
                fields=["deleted_at"],
                condition=Q(deleted_at__isnull=False),
                name="image_to_purge",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def keys(self) -> list[str]:
        """Of its objects in the storage; the original may stand in for its previews."""
        return list(filter(None, {self.original, self.preview_small, self.preview_large}))

    @property
    def is_in_trash(self) -> bool:
        """And can still be brought back."""
        return bool(self.deleted_at and self.deleted_at > timezone.now() - TRASH_KEEPS)

    @property
    def is_stand_in(self) -> bool:
        """Made by the embedded engine, which is no AI and says so wherever it is shown."""
        return self.engine == "sketch"

    @property
    def title(self) -> str:
        return self.prompt or "Photo"
