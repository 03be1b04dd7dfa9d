from django.conf import settings
from django.db import models
from django.utils import timezone


class Acceptance(models.Model):
    """That somebody accepted a text in one of its versions, and when."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="acceptances"
    )
    text = models.CharField(max_length=20)
    version = models.PositiveIntegerField()
    accepted_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "text", "version"], name="acceptance_once")
        ]

    def __str__(self) -> str:
        return f"{self.text} {self.version} by {self.user_id}"
