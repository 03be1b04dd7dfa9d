from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts import ids
from accounts.models.people import User


class ExportQuerySet(models.QuerySet["Export"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(user=user)

    def unfinished(self) -> Self:
        return self.filter(state__in=(Export.State.WAITING, Export.State.BUILDING))

    def ready(self, at: datetime) -> Self:
        return self.filter(state=Export.State.READY, expires_at__gt=at)

    def due(self, at: datetime) -> Self:
        """Those to be built now, and not being built by anybody."""
        return self.unfinished().filter(Q(lease_until=None) | Q(lease_until__lte=at))

    def newest_first(self) -> Self:
        return self.order_by("-id")


class Export(models.Model):
    """All that is somebody's, in one ZIP in the storage under `key`, until `expires_at`.

    `attempt` grows with every claim and fences the finish, as a job's does.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        BUILDING = "building"
        READY = "ready"
        FAILED = "failed"

    FOLDER = "exports/"

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="exports"
    )
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    attempt = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True, db_index=True)
    size_bytes = models.PositiveBigIntegerField(default=0)

    objects = ExportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(state__in=("waiting", "building")),
                name="export_one_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"export {self.id}"

    @property
    def key(self) -> str:
        """Of its object in the storage."""
        return f"{self.FOLDER}{self.id}.zip"
