"""Tells the operator of what only they can mend: once, however many jobs run into it."""

import time
from functools import lru_cache

from django.core.mail import mail_admins
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from studio.models import Alert

_LOOK_SECONDS = 2


def open_once(key: str, message: str) -> None:
    """Opens the alert and writes to the operator, unless it is open already."""
    open_ones = Alert.objects.filter(key=key, closed_at=None)
    if open_ones.update(count=F("count") + 1, seen_at=timezone.now()):
        return
    try:
        with transaction.atomic():
            Alert.objects.create(key=key, message=message[:300])
    except IntegrityError:
        return
    _is_any_open.cache_clear()
    mail_admins("Easel needs you", f"{message}\n", fail_silently=True)


def close(*keys: str) -> None:
    """What works again needs no alert. Said after every call, so it asks rarely."""
    if _is_any_open(int(time.monotonic() / _LOOK_SECONDS)):
        Alert.objects.filter(key__in=keys, closed_at=None).update(closed_at=timezone.now())


@lru_cache(maxsize=1)
def _is_any_open(_period: int) -> bool:
    return Alert.objects.filter(closed_at=None).exists()
