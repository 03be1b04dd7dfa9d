from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from accounts import ids
from accounts.models.people import User
from accounts.models.workspaces import Membership, Workspace


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def visible_to(self, user: User) -> Self:
        """Their own; to those who manage a workspace, all of it."""
        managed = Workspace.objects.managed_by(user)
        own = Q(created_by=user, workspace__in=Workspace.objects.of(user))
        return self.filter(own | Q(workspace__in=managed))

    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def not_revoked(self) -> Self:
        return self.filter(revoked_at=None)

    def with_makers(self) -> Self:
        """And whether they still work here, as `is_held`."""
        membership = Membership.objects.filter(
            user=OuterRef("created_by"), user__is_active=True, workspace=OuterRef("workspace")
        )
        return self.select_related("created_by").annotate(is_held=Exists(membership))

    def working(self, at: datetime) -> Self:
        """Those that open something: their makers work there, may sign in, and mean to stay."""
        return self.filter(
            Q(expires_at=None) | Q(expires_at__gt=at),
            revoked_at=None,
            created_by__is_active=True,
            created_by__erase_at=None,
            created_by__memberships__workspace=F("workspace"),
        )

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-id")


class ApiKey(models.Model):
    """A program's way in. The key itself is shown once and kept only as a hash.

    `prefix` and `ending` are the parts of it that may be shown again; `ending` is empty for
    keys made before it was kept.
    """

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="api_keys")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys"
    )
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=20)
    ending = models.CharField(max_length=4, blank=True, default="")
    secret_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    monthly_cap_micros = models.PositiveBigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    is_held: bool  # after `with_makers`

    objects = ApiKeyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def is_expired(self, at: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= at
