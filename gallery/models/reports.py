from django.db import models
from django.utils import timezone

from accounts import ids
from accounts.models import Workspace
from gallery.models.collections import ShareLink
from gallery.models.images import Image


class Report(models.Model):
    """What somebody says is wrong with a picture that was shared. Handled in the admin."""

    class Reason(models.TextChoices):
        CHILD = "child", "It shows a child in a sexual way"
        INTIMATE = "intimate", "It shows somebody intimately who did not agree"
        DECEPTION = "deception", "It pretends that somebody did or said something"
        VIOLENCE = "violence", "It threatens, or incites to violence or hatred"
        RIGHTS = "rights", "It breaks a copyright, a trade mark, or somebody’s privacy"
        OTHER = "other", "Something else"

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    link = models.ForeignKey(ShareLink, null=True, on_delete=models.SET_NULL, related_name="+")
    image = models.ForeignKey(Image, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=10, choices=Reason)
    text = models.TextField(max_length=2_000, blank=True)
    email = models.EmailField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    handled_at = models.DateTimeField(null=True, blank=True)
    outcome = models.TextField(max_length=2_000, blank=True, help_text="What was done, and why.")

    class Meta:
        indexes = [
            models.Index(
                fields=["-created_at"],
                condition=models.Q(handled_at=None),
                name="report_to_handle",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.created_at:%Y-%m-%d})"
