"""Who looks at a picture, and whether they may, in one query with that of their session."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import F, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import User
from accounts.prepared import Prepared
from gallery.models import Image


def _asked(image_id: UUID, key: str, now: datetime) -> QuerySet[Image]:
    """One at most, as a session is noted to be one person's."""
    kept = Session.objects.filter(pk=key, expire_date__gt=now).values("session_data")
    return Image.objects.filter(
        pk=image_id,
        workspace__memberships__user__is_active=True,
        workspace__memberships__user__usersession__session_key=key,
    ).annotate(
        person=F("workspace__memberships__user"),
        password=F("workspace__memberships__user__password"),
        session_data=Subquery(kept),
    )


_SEEN = Prepared(_asked)


def seen(request: HttpRequest, image_id: UUID) -> Image | None:
    """An image that the session's person may see, as `of_members` and `login_required` have it.

    None where that is not certain: the usual way then says what is wrong. A page shows dozens of
    pictures, and for each of them session, person and membership are asked for together here: by
    whose session it was noted to be (`accounts.sessions`), which its own content has to confirm.
    """
    key = request.session.session_key
    if not key:
        return None
    found: Any = _SEEN.first(image_id=image_id, key=key, now=timezone.now())
    if found is None or not found.session_data:
        return None
    session = request.session.decode(found.session_data)
    return found if _is_of(session, found.person, found.password) else None


def _is_of(session: dict[str, Any], person: int, password: str) -> bool:
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    now = User(password=password).get_session_auth_hash()
    is_theirs = constant_time_compare(session.get(HASH_SESSION_KEY) or "", now)
    return is_theirs and session.get(SESSION_KEY) == str(person)
