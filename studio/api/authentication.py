from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts import keys
from accounts.models import ApiKey, User
from studio.api.errors import Refusal

if TYPE_CHECKING:  # its module reads settings that name this one
    from rest_framework.views import APIView

_USED_PERIOD = timedelta(minutes=1)
_REFUSED = "This API key is wrong, has expired or has been revoked."
_HOW = "Send it in a header: Authorization: Bearer YOUR_KEY"


class KeyAuthentication(BaseAuthentication):
    """`request.auth` is the key, `request.user` who made it.

    Only the header counts. Two of them arrive as one with a comma, which is no key.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        kind, _, secret = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
        if not kind:
            raise AuthenticationFailed(f"No API key came with this request. {_HOW}")
        if kind.lower() != "bearer":
            raise AuthenticationFailed(f"This is no API key. {_HOW}")
        key = keys.find(secret.strip())
        if key is None:
            raise AuthenticationFailed(_REFUSED)
        _note_use(key)
        return key.created_by, key

    def authenticate_header(self, _request: Request) -> str:
        return 'Bearer realm="Easel"'


def check_still(key: ApiKey) -> None:
    """For who has waited: the key may have been revoked, or its maker removed, meanwhile."""
    if not keys.still_works(key):
        raise AuthenticationFailed(_REFUSED)


def _note_use(key: ApiKey) -> None:
    """At most one write a minute for each key."""
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at < now - _USED_PERIOD:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _USED_PERIOD)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


class HasScope(BasePermission):
    """A view names the scopes of which a key needs one; none named, any key will do."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        needed = getattr(view, "scopes", ())
        if request.method not in SAFE_METHODS:
            needed = getattr(view, "change_scopes", ()) or needed
        held = request.auth.scopes if isinstance(request.auth, ApiKey) else ()
        if needed and not set(needed) & set(held):
            raise Refusal(403, f'This key has no scope "{needed[0]}".', code="insufficient_scope")
        return True
