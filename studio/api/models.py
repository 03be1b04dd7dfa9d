from collections.abc import Mapping
from typing import Any

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from studio import catalog, offers
from studio.api import schema
from studio.api.base import ApiView
from studio.api.presenting import wire_size
from studio.catalog import Model, Range
from studio.engines.contract import Operation


class ModelList(ApiView):
    @schema.gives("ModelList", "list_models")
    def get(self, _request: Request) -> Response:
        """Every model with its limits and price, and why it is not on offer if it is not."""
        return Response({"object": "list", "data": described()})


class ModelOne(ApiView):
    @schema.gives("Model", "read_model")
    def get(self, _request: Request, name: str) -> Response:
        """One model."""
        if name not in catalog.models():
            raise Http404
        return Response(_model(name, _prices()))


def described() -> list[dict[str, Any]]:
    prices = _prices()
    return [_model(name, prices) for name in catalog.models()]


def _prices() -> dict[str, int]:
    return {each.model.name: each.price_micros for each in offers.all_on()}


def _model(name: str, prices: Mapping[str, int]) -> dict[str, Any]:
    model = catalog.models()[name]
    return {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": "easel",
        "title": model.title,
        "about": model.about,
        "is_on_offer": name in prices,
        "why_not": None if name in prices else offers.why_not(name),
        "price_micros": prices.get(name),
        "limits": _limits(model),
    }


def _limits(model: Model) -> dict[str, Any]:
    generate, edit = model.generate, model.edit
    return {
        "prompt_characters": model.max_prompt,
        "size_order": model.size_order,
        "steps": {name: int(limit) for name, limit in _range(model.steps).items()},
        "cfg_scale": _range(model.cfg_scale),
        "negative_prompt": model.negative_prompt or "never",
        "text_mode": model.text_mode,
        "style_reference": model.style_reference,
        "generate": {"sizes": _sizes(model, "generate")} if generate else None,
        "edit": edit
        and {
            "sizes": _sizes(model, "edit"),
            "min_side": edit.min_side,
            "max_side": edit.max_side,
            "max_ratio": edit.max_ratio or None,
            "max_bytes": edit.max_bytes,
        },
    }


def _sizes(model: Model, operation: Operation) -> list[str]:
    return [wire_size(model, each) for each in model.sizes(operation)]


def _range(limits: Range) -> dict[str, float]:
    return {"minimum": limits.minimum, "maximum": limits.maximum, "default": limits.default}
