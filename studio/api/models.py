from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from studio import catalog, offers
from studio.api import presenting, schema
from studio.api.base import ApiView


class ModelList(ApiView):
    @schema.gives("ModelList", "list_models")
    def get(self, _request: Request) -> Response:
        """Every model with its limits and price, and why it is not on offer if it is not."""
        return Response({"object": "list", "data": [_model(name) for name in catalog.models()]})


class ModelOne(ApiView):
    @schema.gives("Model", "read_model")
    def get(self, _request: Request, name: str) -> Response:
        """One model."""
        if name not in catalog.models():
            raise Http404
        return Response(_model(name))


def _model(name: str) -> dict[str, object]:
    prices = {each.model.name: each.price_micros for each in offers.all_on()}
    why_not = None if name in prices else offers.why_not(name)
    return presenting.model(name, prices.get(name), why_not)
