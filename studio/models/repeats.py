from django.db import models
from django.utils import timezone

from accounts import ids
from accounts.models import Workspace


class RepeatKey(models.Model):
    """An `Idempotency-Key` of the API: the order that it stands for, kept for a day.

    Only the name of the order is kept, and no answer: what became of the order is in its
    jobs. A row whose order has no jobs stands for a call that was refused or has died.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    order_id = models.UUIDField(default=ids.new, editable=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "key"], name="repeat_key_unique")
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.workspace_id}"
