"""Which models are on offer, and at what price."""

from dataclasses import dataclass

from studio import catalog
from studio.catalog import Model
from studio.models import Offer


@dataclass(frozen=True, kw_only=True)
class Offered:
    model: Model
    price_micros: int


def enter() -> None:
    """Gives every model of the catalog its row; changes none that is there."""
    Offer.objects.bulk_create(
        (
            Offer(model=name, price_micros=model.price_micros, is_on=model.price_micros is not None)
            for name, model in catalog.models().items()
        ),
        ignore_conflicts=True,
    )


def all_on() -> list[Offered]:
    """In the order of the catalog."""
    rows = {offer.model: offer for offer in Offer.objects.filter(is_on=True)}
    return [
        Offered(model=model, price_micros=rows[name].price_micros or 0)
        for name, model in catalog.models().items()
        if name in rows
    ]


def why_not(name: str) -> str:
    """A sentence on why the model is not on offer."""
    row = Offer.objects.filter(model=name).first()
    return row.note if row and row.note else f"{name} is not on offer at the moment."
