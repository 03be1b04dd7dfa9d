import secrets
from datetime import datetime
from typing import Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts import ids
from accounts.models import User, Workspace
from studio.models.jobs import Job


def new_seed() -> str:
    return secrets.token_urlsafe(24)


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(workspace__memberships__user=user)

    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def on(self) -> Self:
        return self.filter(off_at=None)

    def locked(self, pk: UUID) -> "Webhook | None":
        """None if it is removed. Who also changes deliveries locks their webhook first.

        So nobody who holds the one waits for who holds the other.
        """
        return self.select_for_update(no_key=True).filter(pk=pk).first()


class Webhook(models.Model):
    """An address that is told when jobs of a workspace end.

    Its secrets are not kept: `studio.webhooks.signing` derives them from their seeds. Until
    `old_seed_until` the former one signs beside the new one. `failing_since` is the first of the
    failures that no success has followed yet; those of tests do not count.
    """

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    url = models.CharField(max_length=500)
    seed = models.CharField(max_length=32, default=new_seed, editable=False)
    old_seed = models.CharField(max_length=32, blank=True, editable=False)
    old_seed_until = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    off_at = models.DateTimeField(null=True, blank=True)
    off_reason = models.CharField(
        max_length=200, blank=True, help_text="Empty if a person switched it off."
    )

    objects = WebhookQuerySet.as_manager()

    def __str__(self) -> str:
        return f"webhook {self.id}"

    @property
    def is_on(self) -> bool:
        return self.off_at is None


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def waiting(self) -> Self:
        return self.filter(state=Delivery.State.WAITING)

    def due(self, at: datetime) -> Self:
        """Those to be tried now, and not being tried by anybody."""
        return self.waiting().filter(
            Q(lease_until=None) | Q(lease_until__lte=at),
            next_attempt_at__lte=at,
            webhook__off_at=None,
        )

    def newest_first(self) -> Self:
        return self.order_by("-id")


class Delivery(models.Model):
    """One event for one webhook: what is sent, and how that goes.

    `event_id` and `body` stay the same over all attempts. `attempts` grows with every claim,
    before anything is sent, and fences the finish, as a job's `attempt` does.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        DELIVERED = "delivered"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    # No constraint in the database: a webhook that is removed while a job ends must not
    # keep the job from ending. A row that comes too late for it is nobody's, and swept.
    webhook = models.ForeignKey(
        Webhook,
        on_delete=models.CASCADE,
        related_name="deliveries",
        db_constraint=False,
        db_index=False,
    )
    job = models.ForeignKey(Job, null=True, on_delete=models.CASCADE, related_name="+")
    event_id = models.CharField(max_length=40)
    type = models.CharField(max_length=30)
    body = models.TextField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)

    # How the last attempt went
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)
    answer = models.CharField(max_length=300, blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["webhook", "event_id"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(state="waiting", next_attempt_at__isnull=False)
                | (~Q(state="waiting") & Q(next_attempt_at__isnull=True)),
                name="delivery_waiting_has_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(state="waiting"), name="delivery_waiting"
            ),
            models.Index(fields=["webhook", "-id"], name="delivery_newest_first"),
            models.Index(fields=["created_at"], name="delivery_created"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
