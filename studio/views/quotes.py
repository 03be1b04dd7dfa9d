"""What would be sent, and for how much, before anything is paid."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import ledger
from accounts.middleware import WorkspaceRequest
from gallery.models import Image
from studio import serving
from studio.catalog import MAX_SEED
from studio.forms import QuoteForm
from studio.orders import Order
from studio.views.fragments import fragment, signed_in


@never_cache
@require_POST
@signed_in
def job_quote(request: WorkspaceRequest) -> HttpResponse:
    """A POST for the sake of the prompt, which is not to stand in a log; it changes nothing."""
    form = QuoteForm(request.POST, images=Image.objects.in_workspace(request.workspace))
    context: dict[str, Any] = {"form": form}
    if form.is_valid() and form.order:
        context |= _said(request, form.order)
    return fragment(request, "studio/_quote.html", context)


def _said(request: WorkspaceRequest, order: Order) -> dict[str, Any]:
    left_micros = ledger.credit_of(request.workspace).available_micros - order.total_micros
    return {
        "order": order,
        "server": serving.server(order.model.name),
        "last_seed": _last_seed(order),
        "left_micros": left_micros,
        "left_images": max(left_micros, 0) // order.price_micros,
    }


def _last_seed(order: Order) -> int | None:
    """Seeds count up over the images of an order."""
    if order.seed is None or order.count == 1:
        return None
    return (order.seed + order.count - 1) % (MAX_SEED + 1)
