"""Bounds what strangers may try, for all processes together."""

import time
from collections.abc import Mapping

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest


def allow(request: HttpRequest, limits: Mapping[str, int], *, seconds: int) -> bool:
    """Counts this try; False once there were more of a name than its limit in that time.

    A name that holds {ip} is counted for each address.
    """
    window = int(time.time() // seconds)
    ip = address_of(request)
    names = {f"tries:{name.format(ip=ip)}:{window}": most for name, most in limits.items()}
    counts: list[int] = cache.count(list(names), 2 * seconds)  # type: ignore[attr-defined]
    return all(count <= most for count, most in zip(counts, names.values(), strict=True))


def address_of(request: HttpRequest) -> str:
    """The visitor's, as far as proxies in front of us are believed (TRUSTED_PROXY_COUNT)."""
    ip: str = get_adapter(request).get_client_ip(request)
    return ip
