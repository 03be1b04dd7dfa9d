"""One ring serves all that wait, and never those whose transaction goes on."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django_q.models import OrmQ

from studio.queue import doorbell


@pytest.mark.django_db
def test_a_ring_that_waits_serves_the_next_one_too() -> None:
    for _ in range(3):
        doorbell.ring()
    assert OrmQ.objects.count() == 1


@pytest.mark.django_db
def test_one_that_is_being_answered_does_not() -> None:
    doorbell.ring()
    OrmQ.objects.update(lock=timezone.now() + timedelta(seconds=60))
    doorbell.ring()
    assert OrmQ.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_nobody_answers_it_before_its_jobs_can_be_seen() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets nobody write meanwhile")
    doorbell.ring()
    other = connection.copy()
    try:
        with transaction.atomic(durable=True):
            doorbell.ring()
            assert OrmQ.objects.count() == 1
            with other.cursor() as cursor:
                cursor.execute("SET lock_timeout = '200ms'")
                with pytest.raises(OperationalError):
                    cursor.execute("UPDATE django_q_ormq SET lock = now()")
        with other.cursor() as cursor:
            cursor.execute("UPDATE django_q_ormq SET lock = now()")
            assert cursor.rowcount == 1
    finally:
        other.close()
