from django.db import models
from django.db.models import Q


class Offer(models.Model):
    """Whether a model of the catalog is on offer, at what price, and why not."""

    model = models.CharField(primary_key=True, max_length=60)
    is_on = models.BooleanField(default=False)
    price_micros = models.PositiveBigIntegerField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True, help_text="Shown to users.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(is_on=False) | Q(price_micros__isnull=False, price_micros__gt=0),
                name="offer_on_has_price",
                violation_error_message="A model needs a price before it goes on offer.",
            )
        ]

    def __str__(self) -> str:
        return self.model
