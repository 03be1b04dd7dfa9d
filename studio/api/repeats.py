"""`Idempotency-Key`: the same key names the same order for a day.

A row binds the key to what was asked and to an order's name, before the order is
accepted; `jobs.submit` accepts an order of one name once. So calls that come at the same
moment need no lock here: all submit the same order, and all but one find its jobs.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.request import Request

from accounts import ids
from accounts.models import Workspace
from studio.api.errors import BadField, Refusal
from studio.engines.contract import Operation
from studio.models import Job, RepeatKey

KEPT = timedelta(hours=24)
# A call that bound its key and made no job within this time was refused, or has died.
_DEAD_AFTER = timedelta(seconds=50)
_NAME = "Idempotency-Key"


@dataclass(frozen=True, kw_only=True)
class Repeat:
    workspace: Workspace
    key: str
    fingerprint: str


def key_in(request: Request) -> str:
    """The key of this request, or nothing. Raises BadField."""
    if _NAME not in request.headers:
        return ""
    key: str = request.headers[_NAME]
    if not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        raise BadField(_NAME, f"{_NAME} has 1 to 255 printable ASCII characters.")
    return key


def fingerprint(operation: Operation, values: dict[str, Any], pictures: dict[str, bytes]) -> str:
    """Of what was asked, and not of how it was written: a form's boundary may change."""
    asked: dict[str, Any] = {"operation": operation, **values}
    asked["pictures"] = {name: hashlib.sha256(data).hexdigest() for name, data in pictures.items()}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def find(repeat: Repeat) -> list[Job]:
    """The jobs of the order that the key stands for; none if there are none. Raises Refusal."""
    bound = _rows(repeat).first()
    if bound is None or _is_dead(bound):
        return []
    _check(bound, repeat)
    return _jobs_of(bound)


def bind(repeat: Repeat) -> UUID:
    """The name of the order that this key stands for. Raises Refusal.

    It binds a key that is free, or whose call has died. A refusal for a field comes before.
    """
    RepeatKey.objects.filter(
        workspace=repeat.workspace, created_at__lt=timezone.now() - KEPT
    ).delete()
    fresh = RepeatKey(workspace=repeat.workspace, key=repeat.key, fingerprint=repeat.fingerprint)
    RepeatKey.objects.bulk_create([fresh], ignore_conflicts=True)
    bound = _rows(repeat).get()
    if bound.fingerprint != repeat.fingerprint and _is_dead(bound):
        RepeatKey.objects.filter(pk=bound.pk, order_id=bound.order_id).update(
            fingerprint=repeat.fingerprint, order_id=ids.new(), created_at=timezone.now()
        )
        bound.refresh_from_db()
    _check(bound, repeat)
    return bound.order_id


def _rows(repeat: Repeat) -> QuerySet[RepeatKey]:
    return RepeatKey.objects.filter(
        workspace=repeat.workspace, key=repeat.key, created_at__gte=timezone.now() - KEPT
    )


def _is_dead(bound: RepeatKey) -> bool:
    return bound.created_at < timezone.now() - _DEAD_AFTER and not _jobs_of(bound)


def _jobs_of(bound: RepeatKey) -> list[Job]:
    ours = Job.objects.filter(workspace=bound.workspace_id, order_id=bound.order_id)
    return list(ours.order_by("pk"))


def _check(bound: RepeatKey, repeat: Repeat) -> None:
    if bound.fingerprint != repeat.fingerprint:
        raise Refusal(
            422,
            f"This {_NAME} was used for another request.",
            code="idempotency_key_reused",
            param=_NAME,
        )
