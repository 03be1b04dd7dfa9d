from django.db import models
from django.utils import timezone


class Worker(models.Model):
    """A supervisor that lives: it renews `beat_at` every few seconds."""

    identity = models.CharField(primary_key=True, max_length=120)
    concurrency = models.PositiveIntegerField()
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    beat_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.identity
