from datetime import datetime

from django.contrib.sessions.models import Session

from accounts import periods, thrift
from accounts.payments import reconciling

_AT_ONCE = 1_000


def sweep(*, at: datetime) -> None:
    _remove_sessions(at)
    thrift.sweep(at=at)
    reconciling.reconcile(at=at)
    periods.close(at=at)


def _remove_sessions(at: datetime) -> None:
    """Those that have expired, some at a time, so that no lock is held for long."""
    expired = Session.objects.filter(expire_date__lt=at)
    chosen = list(expired.values_list("pk", flat=True)[:_AT_ONCE])
    expired.filter(pk__in=chosen).delete()
