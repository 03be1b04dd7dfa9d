from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponseBase

from studio.api.base import is_api


class ApiMiddleware:
    """Names every request under /v1, and says when it is not to be sent again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if is_api(request):
            response["x-request-id"] = f"req_{uuid4().hex}"
            if getattr(request, "is_accepted", False):
                response["x-should-retry"] = "false"
        return response
