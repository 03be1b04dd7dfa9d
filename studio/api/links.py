"""Links to an image's bytes that live for two hours, and no longer than the key they were given to.

They carry the id of that key, and open what it may see.
"""

import time
from collections.abc import Mapping
from uuid import UUID

from django.conf import settings
from django.core.signing import Signer
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.http import urlencode

from accounts.models import ApiKey

LIFE_SECONDS = 7_200
QUERY = ("expires", "key", "signature")
_SALT = "easel.api.content"


def to(image_id: UUID, request: HttpRequest, key: ApiKey) -> str:
    """On the host that the caller has reached, which is the one that it can reach."""
    expires = int(_now()) + LIFE_SECONDS
    path = reverse("api:image_content", args=[image_id])
    signed = {
        "expires": str(expires),
        "key": str(key.pk),
        "signature": _signature(image_id, expires, str(key.pk)),
    }
    return request.build_absolute_uri(f"{path}?{urlencode(signed)}")


def key_of(image_id: UUID, query: Mapping[str, str]) -> ApiKey | None:
    """The key that a good link was given to, while it works."""
    expires, key = query.get("expires", ""), query.get("key", "")
    if not (expires.isascii() and expires.isdigit() and len(expires) <= 12):
        return None
    given = query.get("signature", "")
    if not _is_ours(given, image_id, int(expires), key) or _now() >= int(expires):
        return None
    working = ApiKey.objects.working(timezone.now())
    return working.select_related("workspace").filter(pk=key).first()


def _signature(image_id: UUID, expires: int, key: str) -> str:
    return _signer().signature(_told(image_id, expires, key))


def _is_ours(given: str, image_id: UUID, expires: int, key: str) -> bool:
    """By the secret of now, or a former one that still counts."""
    told = _told(image_id, expires, key)
    former = [Signer(salt=_SALT, key=each) for each in settings.SECRET_KEY_FALLBACKS]
    return any(constant_time_compare(given, each.signature(told)) for each in (_signer(), *former))


def _told(image_id: UUID, expires: int, key: str) -> str:
    return f"{image_id}:{expires}:{key}"


def _signer() -> Signer:
    return Signer(salt=_SALT)


def _now() -> float:
    return time.time()
