from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from config import errors
from config.bodies import MAX_BODY_BYTES

_READ_AWAY_BYTES = 100 * 1024 * 1024


class BodyLimitMiddleware:
    """Refuses a body by its length before anything parses it.

    Every body has one: `config.bodies` measures those that come in chunks. Up to 100 MB
    are read and forgotten, so that a browser still sending sees the answer instead of a
    broken connection.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) <= MAX_BODY_BYTES:
            return self.get_response(request)
        if length.isdigit() and int(length) <= _READ_AWAY_BYTES:
            while request.read(1024 * 1024):
                pass
        response = errors.page(request, 413)
        response["Connection"] = "close"
        return response
