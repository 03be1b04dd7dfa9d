"""Who looks at a picture, and whether they may, in one query beside that of their session."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db.models import F
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from accounts.models import User
from gallery.models import Image


def seen(request: HttpRequest, image_id: UUID) -> Image | None:
    """An image that the session's person may see, as `visible_to` and `login_required` have it.

    None where that is not certain: the usual way then says what is wrong. A page shows dozens of
    pictures, and for each of them the person and their membership are asked for together here.
    """
    session = request.session
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    found: Any = (
        Image.objects.filter(
            pk=image_id,
            deleted_at=None,
            workspace__memberships__user=session.get(SESSION_KEY),
            workspace__memberships__user__is_active=True,
        )
        .annotate(password=F("workspace__memberships__user__password"))
        .first()
    )
    if found is None:
        return None
    now = User(password=found.password).get_session_auth_hash()
    is_theirs = constant_time_compare(session.get(HASH_SESSION_KEY) or "", now)
    return found if is_theirs else None
