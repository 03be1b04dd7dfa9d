"""Tells the operator of what only they can mend: once, however many jobs run into it."""

from django.core.mail import mail_admins
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from studio.models import Alert


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
    mail_admins("Easel needs you", f"{message}\n", fail_silently=True)


def close(*keys: str) -> None:
    """What works again needs no alert."""
    Alert.objects.filter(key__in=keys, closed_at=None).update(closed_at=timezone.now())
