"""Models: on or off, at what price, and what people read of one that is off."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin import KeptAdmin
from accounts.money import dollars
from studio import catalog, serving
from studio.models import Offer


@admin.register(Offer)
class OfferAdmin(KeptAdmin):
    list_display = ("model", "title", "engine", "is_on", "price_micros", "dollars", "note")
    list_editable = ("is_on", "price_micros", "note")
    ordering = ("model",)
    fields = ("model", "is_on", "price_micros", "note")
    readonly_fields = ("model",)
    csv_columns = ("model", "is_on", "price_micros", "note")

    @admin.display(description="is called")
    def title(self, offer: Offer) -> str:
        found = catalog.models().get(offer.model)
        return found.title if found else "not in the catalog any more"

    @admin.display(description="made by")
    def engine(self, offer: Offer) -> str:
        return serving.server(offer.model).engine

    @admin.display(description="price")
    def dollars(self, offer: Offer) -> str:
        return dollars(offer.price_micros) if offer.price_micros else "unknown"

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> tuple[str, ...]:
        return ("model",)
