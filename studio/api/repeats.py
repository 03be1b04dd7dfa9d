"""`Idempotency-Key`: the same key names the same order for a day.

A row binds the key to what was asked and to an order's name, before the order is
accepted; `jobs.submit` accepts an order of one name once. So calls that come at the same
moment need no lock here: all submit the same order, and all but one find its jobs.
"""

import hashlib
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts import ids
from accounts.models import Workspace
from studio.api.errors import BadField, Refusal
from studio.api.fields import Given
from studio.engines.contract import Operation
from studio.models import Job, RepeatKey

KEPT = timedelta(hours=24)
# A call that bound its key and made no job within this time was refused, or has died.
_DEAD_AFTER = timedelta(seconds=50)
_NAME = "Idempotency-Key"


def key_in(request: Request) -> str:
    """The key of this request, or nothing. Raises BadField."""
    if _NAME not in request.headers:
        return ""
    key: str = request.headers[_NAME]
    if not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        raise BadField(_NAME, f"{_NAME} has 1 to 255 printable ASCII characters.")
    return key


def fingerprint(operation: Operation, given: Given, photos: list[bytes]) -> str:
    """Of what was asked, and not of how it was written: a form's boundary may change."""
    asked: dict[str, Any] = {"operation": operation, **given.values}
    asked["photos"] = [hashlib.sha256(photo).hexdigest() for photo in photos]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def bind(*, workspace: Workspace, key: str, fingerprint: str) -> UUID:
    """The name of the order that this key stands for. Raises Refusal."""
    now = timezone.now()
    ours = RepeatKey.objects.filter(workspace=workspace)
    ours.filter(created_at__lt=now - KEPT).delete()
    fresh = RepeatKey(workspace=workspace, key=key, fingerprint=fingerprint)
    RepeatKey.objects.bulk_create([fresh], ignore_conflicts=True)
    bound = ours.get(key=key)
    if bound.fingerprint != fingerprint:
        bound = _bind_anew(bound, fingerprint)
    return bound.order_id


def jobs_of(workspace: Workspace, order_id: UUID) -> list[Job]:
    ours = Job.objects.in_workspace(workspace).filter(order_id=order_id)
    return list(ours.with_pictures().order_by("pk"))


def _bind_anew(bound: RepeatKey, fingerprint: str) -> RepeatKey:
    """Gives the key of a dead call to another request. Raises Refusal if it is alive."""
    now = timezone.now()
    is_dead = bound.created_at < now - _DEAD_AFTER and not jobs_of(bound.workspace, bound.order_id)
    if is_dead:
        RepeatKey.objects.filter(pk=bound.pk, order_id=bound.order_id).update(
            fingerprint=fingerprint, order_id=ids.new(), created_at=now
        )
        bound.refresh_from_db()
    if bound.fingerprint != fingerprint:
        raise Refusal(
            422,
            f"This {_NAME} was used for another request.",
            code="idempotency_key_reused",
            param=_NAME,
        )
    return bound
