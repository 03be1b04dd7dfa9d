from collections.abc import Collection, Sequence
from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import ApiKey
from studio.api.errors import BadField
from studio.api.throttles import Rate

PREFIX = "/v1"


class ApiView(APIView):
    """`scopes`: a key needs one of them; for what is no GET one of `change_scopes`, if there are.

    `query`: the parameters that a GET here knows.
    """

    scopes: Sequence[str] = ()
    change_scopes: Sequence[str] = ()
    query: Collection[str] = ()
    http_method_names = ["get", "head", "post"]
    rate: Rate | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        for name, values in request.query_params.lists():
            if name not in self.query:
                said = f"There is no query parameter {name[:100]}."
                raise BadField(name[:100], said, code="unknown_parameter")
            if len(values) > 1:
                raise BadField(name, f"{name} is there twice.")

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in (self.rate.headers if self.rate else {}).items():
            response[name] = value
        return response


def key_of(request: Request) -> ApiKey:
    key = request.auth
    assert isinstance(key, ApiKey)  # noqa: S101 - KeyAuthentication lets nobody else in
    return key


def is_api(request: HttpRequest) -> bool:
    return request.path == PREFIX or request.path.startswith(f"{PREFIX}/")


def note_accepted(request: Request) -> None:
    """From here on a program that tried again would pay again."""
    request._request.is_accepted = True  # type: ignore[attr-defined]


def drop_body(request: Request) -> None:
    """Makes room for others' while this caller waits; what was read of it stays readable."""
    request._request.drop_body()  # type: ignore[attr-defined]
