from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from config import bodies, errors

_READ_AWAY_BYTES = 100 * 1024 * 1024


class BodyLimitMiddleware:
    """Refuses a body by its length before anything parses it: if too large, or one too many.

    Every body has a length: `config.bodies` measures those that come in chunks. Up to 100 MB
    are read and forgotten, so that a browser still sending sees the answer instead of a
    broken connection.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not (length.isdigit() and int(length) <= bodies.MAX_BODY_BYTES):
            return self._refused(request, errors.page(request, 413))
        claim = request.META.get(bodies.CLAIM) or bodies.Claim()
        request.drop_body = claim.drop  # type: ignore[attr-defined]  # for who waits afterwards
        try:
            if claim.is_denied or not claim.grow(int(length)):
                return self._refused(request, _crowded(request))
            return self.get_response(request)
        finally:
            claim.drop()

    def _refused(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) <= _READ_AWAY_BYTES:
            while request.read(1024 * 1024):
                pass
        response["Connection"] = "close"
        return response


def _crowded(request: HttpRequest) -> HttpResponse:
    response = errors.page(
        request,
        429,
        title="Many photos are arriving",
        advice="Please send yours again in a moment.",
    )
    response["Retry-After"] = "2"
    return response
