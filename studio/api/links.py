"""Links to an image's bytes that need no key, and live for two hours."""

import time
from uuid import UUID

from django.core.signing import Signer
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare

LIFE_SECONDS = 7_200
QUERY = ("expires", "signature")
_signer = Signer(salt="easel.api.content")


def to(image_id: UUID, request: HttpRequest) -> str:
    """On the host that the caller has reached, which is the one that it can reach."""
    expires = int(_now()) + LIFE_SECONDS
    path = reverse("api:image_content", args=[image_id])
    signature = _signature(image_id, expires)
    return request.build_absolute_uri(f"{path}?expires={expires}&signature={signature}")


def is_good(image_id: UUID, query: dict[str, str]) -> bool:
    expires = query.get("expires", "")
    if not (expires.isascii() and expires.isdigit() and len(expires) <= 12):
        return False
    given = query.get("signature", "")
    is_ours = constant_time_compare(given, _signature(image_id, int(expires)))
    return is_ours and _now() < int(expires)


def _signature(image_id: UUID, expires: int) -> str:
    return _signer.signature(f"{image_id}:{expires}")


def _now() -> float:
    return time.time()
