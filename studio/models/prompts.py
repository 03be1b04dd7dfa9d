from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts import ids
from accounts.models import User, Workspace


class PromptQuerySet(models.QuerySet["Prompt"]):
    def of(self, user: User, workspace: Workspace) -> Self:
        return self.filter(user=user, workspace=workspace)

    def latest_first(self) -> Self:
        return self.order_by("-used_at", "-id")


class Prompt(models.Model):
    """Words that a person used in a workspace, to be used again. Nobody else sees them.

    `digest` is of the text, so that the same words are one row. `starred_at` keeps them.
    """

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    text = models.TextField()
    digest = models.CharField(max_length=64, editable=False)
    used_at = models.DateTimeField(default=timezone.now)
    starred_at = models.DateTimeField(null=True, blank=True)

    objects = PromptQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "workspace", "digest"], name="prompt_once"),
        ]
        indexes = [
            models.Index(fields=["user", "workspace", "-used_at", "-id"], name="prompt_latest"),
        ]

    def __str__(self) -> str:
        return f"prompt {self.id}"
