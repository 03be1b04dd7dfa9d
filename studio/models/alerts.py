from django.db import models
from django.db.models import Q
from django.utils import timezone


class Alert(models.Model):
    """Something that only the operator can mend. One open row for each `key`."""

    key = models.CharField(max_length=100)
    message = models.CharField(max_length=300)
    opened_at = models.DateTimeField(default=timezone.now, editable=False)
    seen_at = models.DateTimeField(default=timezone.now, editable=False)
    count = models.PositiveIntegerField(default=1)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(closed_at__isnull=True), name="alert_one_open"
            )
        ]

    def __str__(self) -> str:
        return self.message
