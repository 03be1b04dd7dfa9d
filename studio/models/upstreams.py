from django.db import models


class Upstream(models.Model):
    """What a server that makes pictures said of its own account, when it was asked last.

    `balance` is in that account's currency, which it does not name; None if it does not tell.
    """

    server = models.CharField(primary_key=True, max_length=120)
    balance = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    is_prepaid = models.BooleanField(default=True)
    asked_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.server
