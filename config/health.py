"""/healthz says that the process lives, /readyz that it can work; /metrics is beside them."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from config import logs, metrics
from config.probe import Probe
from gallery import images
from studio.models import Worker

_BEAT_LIMIT = timedelta(seconds=15)
_storage = Probe(images.is_storage_up)


class HealthMiddleware:
    """Answers before the host is checked or a session is opened: probes come by address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return HttpResponse("ok\n", content_type="text/plain")
        if request.path == "/readyz":
            return _ready()
        if request.path == "/metrics":
            return metrics.answer(request)
        return self._named(request)

    def _named(self, request: HttpRequest) -> HttpResponse:
        """Under a name of its own, which every line of the log about it bears, and its answer."""
        name = f"req_{uuid4().hex}"
        kept = logs.request_id.set(name)
        try:
            response = self.get_response(request)
            response.headers["X-Request-Id"] = name
            return response
        finally:
            logs.request_id.reset(kept)


def _ready() -> JsonResponse:
    found = {"database": _database(), "storage": _storage.is_up(), "worker": _worker()}
    response = JsonResponse(found, status=200 if all(found.values()) else 503)
    response._has_been_logged = True  # type: ignore[attr-defined]  # a probe's 503 is no error
    return response


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _worker() -> bool:
    try:
        return Worker.objects.filter(beat_at__gt=timezone.now() - _BEAT_LIMIT).exists()
    except DatabaseError:
        return False
