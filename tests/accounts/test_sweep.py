from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import sweep

pytestmark = pytest.mark.django_db


def sessions(count: int, **from_now: int) -> None:
    ends_at = timezone.now() + timedelta(**from_now)
    first = Session.objects.count()
    Session.objects.bulk_create(
        Session(session_key=f"key-{first + number}", session_data="", expire_date=ends_at)
        for number in range(count)
    )


def test_expired_sessions_go_and_others_stay() -> None:
    sessions(3, days=-1)
    sessions(2, days=1)
    sweep.sweep(at=timezone.now())
    assert Session.objects.count() == 2


def test_many_go_in_several_rounds() -> None:
    sessions(1_001, days=-1)
    for left in (1, 0, 0):
        sweep.sweep(at=timezone.now())
        assert Session.objects.count() == left
