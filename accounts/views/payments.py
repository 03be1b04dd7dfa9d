"""What Stripe tells. The pages of a payment are in `accounts.views.credit`."""

import logging

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.payments import Away, webhooks
from accounts.payments.webhooks import NotStripes

log = logging.getLogger("easel.payments")


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Stripe sends again, for three days, whatever is not answered with 200."""
    if not settings.STRIPE_WEBHOOK_SECRET:
        raise Http404
    if int(request.META.get("CONTENT_LENGTH") or 0) > webhooks.MAX_BYTES:
        return HttpResponse("too large\n", status=413, content_type="text/plain")
    signature = request.headers.get("Stripe-Signature", "")
    try:
        webhooks.hear(body=request.body, signature=signature)
    except NotStripes as error:
        log.warning("stripe webhook refused: %s", error)
        return HttpResponse(f"{error}\n", status=400, content_type="text/plain")
    except Away:
        return HttpResponse("not now\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")
