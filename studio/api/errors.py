"""Says no in OpenAI's words: {"error": {"message", "type", "param", "code"}}.

Refusal     a status, a sentence, and what a program needs to tell it by
"""

import math
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    429: "rate_limit_error",
}
# What `code` may be for each status; the first unless another is said.
CODES: dict[int, tuple[str, ...]] = {
    400: (
        "invalid_request",
        "invalid_value",
        "missing_parameter",
        "unknown_parameter",
        "model_not_found",
        "invalid_image",
        "refused",
    ),
    401: ("invalid_api_key",),
    402: ("insufficient_credit", "monthly_cap_reached"),
    403: ("not_allowed", "insufficient_scope", "link_expired"),
    404: ("not_found",),
    405: ("method_not_allowed",),
    409: ("conflict", "cancelled"),
    413: ("request_too_large",),
    415: ("unsupported_media_type",),
    422: ("idempotency_key_reused",),
    429: ("rate_limit_exceeded", "queue_full", "too_many_waiting", "quota_exceeded"),
    500: ("internal_error",),
    502: ("unavailable",),
    503: ("unavailable", "out_of_service", "busy", "storage"),
    504: ("not_done_yet",),
}


class Refusal(exceptions.APIException):
    """`headers` are added to those of the answer."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status_code = status
        self.message = message
        self.code = code
        self.param = param
        self.headers = headers or {}


class BadField(Refusal):
    def __init__(self, param: str | None, message: str, *, code: str = "invalid_value") -> None:
        super().__init__(400, message, code=code, param=param)


def body(
    status: int, message: str, *, code: str | None = None, param: str | None = None
) -> dict[str, Any]:
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    code = code or CODES.get(status, ("error",))[0]
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def handle(error: Exception, _context: dict[str, Any]) -> Response | None:
    """The answer of an exception; None for one that nobody foresaw, which Django answers."""
    refusal = _refusal(error)
    if refusal is None:
        return None
    answer = body(refusal.status_code, refusal.message, code=refusal.code, param=refusal.param)
    return Response(answer, status=refusal.status_code, headers=refusal.headers)


def _refusal(error: Exception) -> Refusal | None:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, Http404):
        return Refusal(404, "There is nothing here under this name.")
    if isinstance(error, PermissionDenied):
        return Refusal(403, "The key's owner may not do this in this workspace.")
    if isinstance(error, SuspiciousOperation):
        return Refusal(400, "This request cannot be read.")
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    return None


def _of_framework(error: exceptions.APIException) -> Refusal:
    headers = {}
    message = str(error.detail)
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        headers["WWW-Authenticate"] = 'Bearer realm="Easel"'
        return Refusal(401, message, headers=headers)
    if isinstance(error, exceptions.Throttled):
        headers["Retry-After"] = str(math.ceil(getattr(error, "wait", None) or 1))
        message = f"Too many requests. Try again in {headers['Retry-After']} seconds."
    if isinstance(error, exceptions.UnsupportedMediaType):
        message = (
            "Send Content-Type: application/json, or multipart/form-data where an edit sends a "
            "file. This one is of another type."
        )
    if isinstance(error, exceptions.MethodNotAllowed):
        message = "This address does not take this method."
    return Refusal(error.status_code, message, headers=headers)
