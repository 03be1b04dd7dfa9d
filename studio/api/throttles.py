"""Counts the requests of a key, of its person and of its workspace, minute by minute.

The counts stand in the shared cache, so all processes keep one limit. A person or a
workspace has five times what one key has: more keys do not make more room without end.
"""

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.models import ApiKey

if TYPE_CHECKING:  # its module reads settings that name this one
    from rest_framework.views import APIView

_PERIOD_SECONDS = 60
_TOGETHER = 5


@dataclass(frozen=True, kw_only=True)
class Rate:
    limit: int
    remaining: int
    reset_seconds: int

    @property
    def headers(self) -> dict[str, str]:
        return {
            "x-ratelimit-limit-requests": str(self.limit),
            "x-ratelimit-remaining-requests": str(self.remaining),
            "x-ratelimit-reset-requests": f"{self.reset_seconds}s",
        }


class KeyThrottle(BaseThrottle):
    """`view.rate` is left for the answer's headers."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        if not isinstance(request.auth, ApiKey):
            return True
        now = _now()
        left = _left(request.auth, int(now // _PERIOD_SECONDS))
        self.rate = Rate(
            limit=settings.API_RATE,
            remaining=max(0, min(left, settings.API_RATE)),
            reset_seconds=math.ceil(_PERIOD_SECONDS - now % _PERIOD_SECONDS),
        )
        view.rate = self.rate  # type: ignore[attr-defined]
        return left >= 0

    def wait(self) -> float:
        return self.rate.reset_seconds


def _now() -> float:
    return time.time()


def _left(key: ApiKey, minute: int) -> int:
    """How many more requests fit into this minute; -1 if this one did not."""
    limits = {
        f"api:key:{key.pk}:{minute}": settings.API_RATE,
        f"api:person:{key.created_by_id}:{minute}": settings.API_RATE * _TOGETHER,
        f"api:workspace:{key.workspace_id}:{minute}": settings.API_RATE * _TOGETHER,
    }
    counts: list[int] = cache.count(list(limits), 2 * _PERIOD_SECONDS)  # type: ignore[attr-defined]
    return min(limit - count for limit, count in zip(limits.values(), counts, strict=True))
