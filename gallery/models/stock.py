from django.db import models

from accounts.models import Workspace


class Stock(models.Model):
    """What a workspace keeps: the bytes of all its originals, of those in the trash too.

    The database adds and subtracts by itself, whoever stores, moves or erases an image:
    see `gallery.stock`. A workspace that never kept anything may have no row.
    """

    workspace = models.OneToOneField(
        Workspace, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    size_bytes = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.size_bytes} bytes of {self.workspace_id}"
