"""/metrics: who may read it, and how it is answered."""

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST

from studio import metrics


def answer(request: HttpRequest) -> HttpResponse:
    """404 to everybody else: that there are figures is nobody's business."""
    if not _may_read(request):
        return HttpResponse("Not found\n", status=404, content_type="text/plain")
    try:
        return HttpResponse(metrics.text(), content_type=CONTENT_TYPE_LATEST)
    except DatabaseError:
        return HttpResponse("The database does not answer\n", status=503, content_type="text/plain")


def _may_read(request: HttpRequest) -> bool:
    """With METRICS_TOKEN, who has it. Without, this machine, and only of an Easel for itself:
    behind a proxy, everybody seems to come from there.
    """
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        wanted = f"Bearer {settings.METRICS_TOKEN}"
        return hmac.compare_digest(given.encode(), wanted.encode())
    is_forwarded = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded"))
    is_local = _is_loopback(urlsplit(settings.SITE_URL).hostname or "")
    peer = request.META.get("REMOTE_ADDR", "")
    return is_local and not is_forwarded and not settings.TRUSTED_PROXY_COUNT and _is_loopback(peer)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
