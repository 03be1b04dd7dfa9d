"""When events are sent, and what comes of it. Time is given, so nobody waits."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User, Workspace
from studio.models import Delivery, Webhook
from studio.webhooks import deliveries, events, keeping
from studio.webhooks.deliveries import KEPT, LEASE, MOST_OF_ONE, WAITS_SECONDS
from studio.webhooks.sending import Answer
from tests.conftest import person
from tests.studio.makers import Puppet, run_to_end, submit

pytestmark = pytest.mark.django_db
GOOD = Answer(error="", status=204, duration_ms=12)
BAD = Answer(error="It answered 500.", status=500, text="oops", duration_ms=34)


@pytest.fixture
def webhook(workspace: Workspace) -> Webhook:
    return Webhook.objects.create(workspace=workspace, url="https://hooks.example/easel")


def put(webhook: Webhook, *, at: datetime, number: int = 0) -> Delivery:
    return Delivery.objects.create(
        webhook=webhook,
        event_id=f"evt_{number}",
        type="job.succeeded",
        body="{}",
        created_at=at,
        next_attempt_at=at,
    )


def attempt(answer: Answer, *, at: datetime) -> Delivery:
    (claimed,) = deliveries.claim(9, at=at)
    deliveries.finish(claimed, answer, at=at)
    claimed.refresh_from_db()
    return claimed


def test_what_is_taken_is_delivered(webhook: Webhook) -> None:
    now = timezone.now()
    put(webhook, at=now)
    done = attempt(GOOD, at=now)
    assert (done.state, done.attempts, done.status) == ("delivered", 1, 204)
    assert (done.delivered_at, done.next_attempt_at, done.lease_until) == (now, None, None)
    assert deliveries.claim(9, at=now + timedelta(days=2)) == []


def test_waits_grow_and_then_it_is_given_up(webhook: Webhook) -> None:
    now = timezone.now()
    put(webhook, at=now)
    for number, seconds in enumerate(WAITS_SECONDS):
        done = attempt(BAD, at=now)
        assert (done.state, done.attempts, done.error) == ("waiting", number + 1, BAD.error)
        assert (done.status, done.answer, done.duration_ms) == (500, "oops", 34)
        assert done.next_attempt_at is not None
        wait = (done.next_attempt_at - now).total_seconds()
        assert seconds * 0.8 <= wait <= seconds * 1.2
        assert deliveries.claim(9, at=done.next_attempt_at - timedelta(seconds=1)) == []
        now = done.next_attempt_at
    done = attempt(BAD, at=now)
    assert (done.state, done.attempts, done.next_attempt_at) == ("failed", 8, None)


def test_waits_are_spread(webhook: Webhook) -> None:
    now = timezone.now()
    for number in range(MOST_OF_ONE):
        put(webhook, at=now, number=number)
    for each in deliveries.claim(9, at=now):
        deliveries.finish(each, BAD, at=now)
    assert Delivery.objects.values("next_attempt_at").distinct().count() == MOST_OF_ONE


@pytest.mark.parametrize(("asked", "waited"), [(1_000, 1_000), (10**7, 86_400), (1, 4)])
def test_a_receiver_may_ask_for_time(webhook: Webhook, asked: float, waited: int) -> None:
    now = timezone.now()
    put(webhook, at=now)
    busy = Answer(error="It answered 429.", status=429, duration_ms=1, retry_after_seconds=asked)
    done = attempt(busy, at=now)
    assert done.next_attempt_at is not None
    assert waited <= (done.next_attempt_at - now).total_seconds() <= max(waited, 6)


def test_what_a_dead_sender_had_taken_is_sent_again_after_its_lease(webhook: Webhook) -> None:
    now = timezone.now()
    put(webhook, at=now)
    (dead,) = deliveries.claim(9, at=now)
    assert deliveries.claim(9, at=now + LEASE - timedelta(seconds=1)) == []
    (again,) = deliveries.claim(9, at=now + LEASE)
    assert (again.event_id, again.body, again.attempts) == (dead.event_id, dead.body, 2)
    deliveries.finish(dead, BAD, at=now + LEASE)
    again.refresh_from_db()
    assert (again.status, again.lease_until) == (None, now + LEASE + LEASE)


def test_slow_receivers_of_one_workspace_leave_room_for_others(webhook: Webhook) -> None:
    now = timezone.now()
    for number in range(9):
        put(webhook, at=now, number=number)
    mallory = person("Mallory")
    other = Webhook.objects.create(workspace=mallory.personal_workspace, url="https://m.example/")
    late = put(other, at=now)
    assert [each.webhook for each in deliveries.claim(2, at=now)] == [webhook, other]
    late.refresh_from_db()
    assert late.attempts == 1
    assert len(deliveries.claim(9, at=now)) == MOST_OF_ONE - 1
    assert deliveries.claim(9, at=now) == []


def test_five_days_of_nothing_but_failures_switch_it_off(webhook: Webhook) -> None:
    start = timezone.now()
    put(webhook, at=start)
    attempt(BAD, at=start)
    Delivery.objects.all().delete()
    late = start + timedelta(days=5)
    last = put(webhook, at=late, number=1)
    put(webhook, at=late + timedelta(days=9), number=2)
    attempt(BAD, at=late)
    webhook.refresh_from_db()
    assert webhook.is_on, "one failure after days of silence is not enough"
    Delivery.objects.filter(pk=last.pk).update(attempts=len(WAITS_SECONDS), next_attempt_at=late)
    attempt(BAD, at=late)
    webhook.refresh_from_db()
    assert (webhook.off_at, webhook.is_on) == (late, False)
    assert webhook.off_reason == "Everything sent to it failed for 5 days."
    assert not Delivery.objects.waiting().exists(), "what waited for it is given up"


def test_one_success_begins_the_days_anew(webhook: Webhook) -> None:
    start = timezone.now()
    for number, answer in enumerate((BAD, GOOD)):
        put(webhook, at=start, number=number)
        for each in deliveries.claim(1, at=start):
            deliveries.finish(each, answer, at=start)
        Delivery.objects.all().delete()
    put(webhook, at=start + timedelta(days=5))
    attempt(BAD, at=start + timedelta(days=5))
    webhook.refresh_from_db()
    assert webhook.is_on
    assert webhook.failing_since == start + timedelta(days=5)


def test_gone_switches_it_off_at_once(
    ada: User, workspace: Workspace, webhook: Webhook, puppet: Puppet
) -> None:
    now = timezone.now()
    put(webhook, at=now)
    attempt(Answer(error="It answered 410.", status=410, duration_ms=1), at=now)
    webhook.refresh_from_db()
    assert "410" in webhook.off_reason
    (job,) = submit(ada, workspace)
    run_to_end(job)
    assert not Delivery.objects.filter(job=job).exists()


def test_a_success_on_the_way_counts_although_it_was_switched_off(
    ada: User, webhook: Webhook
) -> None:
    now = timezone.now()
    for number in range(2):
        put(webhook, at=now, number=number)
    taken, refused = deliveries.claim(9, at=now)
    keeping.switch(webhook=webhook, by=ada, is_on=False)
    deliveries.finish(taken, GOOD, at=now)
    deliveries.finish(refused, BAD, at=now)
    taken.refresh_from_db()
    refused.refresh_from_db()
    assert (taken.state, refused.state) == ("delivered", "failed")
    assert refused.error == "The webhook was switched off."


def test_a_removed_webhook_takes_its_log_along(ada: User, webhook: Webhook) -> None:
    now = timezone.now()
    put(webhook, at=now)
    (claimed,) = deliveries.claim(9, at=now)
    keeping.remove(webhook=webhook, by=ada)
    deliveries.finish(claimed, BAD, at=now)
    assert not Delivery.objects.exists()


def test_what_comes_too_late_for_a_removed_webhook_is_sent_nowhere(webhook: Webhook) -> None:
    """As when it is removed in the moment in which a job ends: the job still ends."""
    now = timezone.now()
    gone = webhook.pk
    webhook.delete()
    Delivery.objects.create(webhook_id=gone, event_id="evt_1", type="job.failed", body="{}")
    assert deliveries.claim(9, at=now + timedelta(hours=1)) == []


def test_what_was_told_while_it_was_switched_off_is_not_sent(ada: User, webhook: Webhook) -> None:
    """A job that ends in that moment may still have seen it on."""
    now = timezone.now()
    keeping.switch(webhook=webhook, by=ada, is_on=False)
    late = put(webhook, at=now)
    assert deliveries.claim(9, at=now) == []
    keeping.switch(webhook=webhook, by=ada, is_on=True)
    assert deliveries.claim(9, at=now) == []
    late.refresh_from_db()
    assert (late.state, late.error) == ("failed", "The webhook was switched off.")


def test_what_is_switched_off_between_the_look_and_the_claim_is_not_taken(
    ada: User, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    row = put(webhook, at=now)
    keeping.switch(webhook=webhook, by=ada, is_on=False)
    Delivery.objects.update(state="waiting", next_attempt_at=now)
    monkeypatch.setattr(deliveries, "_in_turn", lambda *_: [row.pk])
    assert deliveries.claim(9, at=now) == []


def test_a_test_is_tried_once(webhook: Webhook) -> None:
    now = timezone.now()
    events.test(webhook, at=now)
    done = attempt(BAD, at=now)
    assert (done.type, done.state, done.attempts) == ("webhook.test", "failed", 1)


def test_a_failed_test_does_not_help_to_switch_it_off(webhook: Webhook) -> None:
    now = timezone.now()
    events.test(webhook, at=now)
    attempt(BAD, at=now)
    webhook.refresh_from_db()
    assert webhook.failing_since is None
    Webhook.objects.update(failing_since=now - timedelta(days=9))
    for answer in (BAD, GOOD):
        events.test(webhook, at=now)
        attempt(answer, at=now)
        webhook.refresh_from_db()
        assert webhook.is_on
    assert webhook.failing_since is None, "a success is one"


def test_old_deliveries_are_swept(webhook: Webhook) -> None:
    now = timezone.now()
    put(webhook, at=now - KEPT - timedelta(minutes=1))
    put(webhook, at=now - KEPT + timedelta(minutes=1), number=1)
    deliveries.sweep(at=now)
    assert [each.event_id for each in Delivery.objects.all()] == ["evt_1"]


def test_nothing_of_it_is_in_the_log(webhook: Webhook, caplog: Any) -> None:
    Webhook.objects.update(url="https://hooks.example/?token=plugh")
    now = timezone.now()
    put(webhook, at=now)
    attempt(BAD, at=now)
    assert "failed delivery=" in caplog.text
    for secret in ("plugh", "oops", webhook.seed):
        assert secret not in caplog.text
