import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from studio.api import errors
from studio.api.base import is_api


class ApiMiddleware:
    """Answers programs in JSON, and says when a request is not to be sent again.

    Its name, `x-request-id`, is given by `config.health`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if is_api(request):
            response = _in_json(response)
            if getattr(request, "is_accepted", False):
                response["x-should-retry"] = "false"
        return response


def _in_json(response: HttpResponseBase) -> HttpResponseBase:
    """What Django refuses by itself, said as the rest of the API says it."""
    is_said = response.headers.get("Content-Type", "").startswith("application/json")
    if response.status_code >= 400 and not is_said and isinstance(response, HttpResponse):
        said = errors.body(response.status_code, f"{response.reason_phrase}.")
        response.content = json.dumps(said)
        response["Content-Type"] = "application/json"
        response["Content-Length"] = str(len(response.content))
    return response
