"""Which models are on offer, and at what price."""

from dataclasses import dataclass

from accounts.prepared import Prepared
from studio import catalog
from studio.catalog import Model
from studio.models import Offer

_PRICES = Prepared(
    lambda: Offer.objects.filter(is_on=True, price_micros__isnull=False).values_list(
        "model", "price_micros"
    )
)
_NO_SUCH = "There is no model of this name."


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
    prices = dict(_PRICES())
    return [
        Offered(model=model, price_micros=prices[name] or 0)
        for name, model in catalog.models().items()
        if name in prices
    ]


def all_off() -> list[tuple[str, str]]:
    """(title, why it is not on offer), in the order of the catalog."""
    on = {each.model.name for each in all_on()}
    notes = dict(Offer.objects.values_list("model", "note"))
    return [
        (model.title, notes.get(name) or "Not on offer at the moment.")
        for name, model in catalog.models().items()
        if name not in on
    ]


def why_not(name: str) -> str:
    """A sentence on why the model is not on offer."""
    if name not in catalog.models():
        return _NO_SUCH if name or all_on() else "No model is on offer at the moment."
    note = Offer.objects.filter(model=name).values_list("note", flat=True).first()
    return note or f"{name} is not on offer at the moment."
