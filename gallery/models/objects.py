from django.db import models
from django.utils import timezone


class PendingObject(models.Model):
    """A key of the object storage that is being written and that no image owns yet.

    The row is there before the object and goes in the transaction that gives the object
    its owner, so a row that grows old names an orphan exactly, without listing the storage.

    `purpose` and `facts` are for whoever goes on after a process died: what the object was
    meant for, and what else was known then. Once `is_doomed`, it can have no owner any more.
    """

    key = models.CharField(primary_key=True, max_length=200)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    sha256 = models.CharField(max_length=64)
    purpose = models.CharField(max_length=60, blank=True, db_index=True)
    facts = models.JSONField(default=dict, blank=True)
    is_doomed = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.key
