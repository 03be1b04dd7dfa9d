"""Who sends what and when, and what comes of it. Each step may be repeated."""

import logging
import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Min

from studio.models import Delivery, Webhook
from studio.models.webhooks import DeliveryQuerySet
from studio.webhooks import sending
from studio.webhooks.events import TEST
from studio.webhooks.sending import Answer

log = logging.getLogger("easel.webhooks")
WAITS_SECONDS = (5, 30, 120, 600, 3_600, 21_600, 86_400)
KEPT = timedelta(days=30)
FAILING = timedelta(days=5)  # of failures and no success, after which a webhook is switched off
LEASE = timedelta(seconds=sending.DEADLINE_SECONDS + 20)
MOST_OF_ONE = 4  # at once for one workspace, so that slow receivers of one hold up nobody else
_AT_ONCE = 1_000


def claim(limit: int, *, at: datetime) -> list[Delivery]:
    """Takes up to `limit` deliveries that are due, each counted as tried and with a lease.

    What a sender that died had taken is due again when its lease is over.
    """
    chosen = _in_turn(limit, at)
    if not chosen:
        return []
    with transaction.atomic(durable=True):
        free = Delivery.objects.due(at).filter(pk__in=chosen)
        free = free.select_for_update(skip_locked=True, of=("self",))
        taken = list(free.values_list("pk", flat=True))
        Delivery.objects.filter(pk__in=taken).update(
            attempts=F("attempts") + 1, lease_until=at + LEASE
        )
    return list(Delivery.objects.filter(pk__in=taken).select_related("webhook"))


def _in_turn(limit: int, at: datetime) -> list[UUID]:
    """The workspace with the fewest under way first, then what has waited longest.

    Of a long backlog only counts and heads are read.
    """
    due = Delivery.objects.due(at)
    oldest = due.order_by().values_list("webhook__workspace").annotate(Min("next_attempt_at"))
    if not (waiting := list(oldest)):
        return []
    under_way = _under_way(at)
    waiting.sort(key=lambda each: (under_way[each[0]], each[1]))
    turns = [
        (under_way[workspace] + place, next_attempt_at, pk)
        for workspace, _ in waiting[:limit]
        for place, (next_attempt_at, pk) in enumerate(
            due.filter(webhook__workspace=workspace)
            .order_by("next_attempt_at", "pk")
            .values_list("next_attempt_at", "pk")[: max(0, MOST_OF_ONE - under_way[workspace])]
        )
    ]
    return [pk for _, _, pk in sorted(turns)[:limit]]


def _under_way(at: datetime) -> Counter[UUID]:
    """How many are being sent for each workspace."""
    sent = Delivery.objects.waiting().filter(lease_until__gt=at).order_by()
    return Counter(dict(sent.values_list("webhook__workspace").annotate(n=Count("pk"))))


def finish(delivery: Delivery, answer: Answer, *, at: datetime) -> None:
    """Writes down how a claimed attempt went, unless it was claimed anew meanwhile."""
    with transaction.atomic(durable=True):
        if webhook := Webhook.objects.locked(delivery.webhook_id):
            (_fail if answer.error else _deliver)(delivery, webhook, answer, at)
    log.info(
        "%s delivery=%s webhook=%s attempt=%s status=%s ms=%s",
        "failed" if answer.error else "delivered",
        delivery.pk,
        delivery.webhook_id,
        delivery.attempts,
        answer.status,
        answer.duration_ms,
    )


def _deliver(delivery: Delivery, webhook: Webhook, answer: Answer, at: datetime) -> None:
    """Counts even if the webhook was switched off meanwhile: it did take the event."""
    won = _mine(delivery).update(
        state=Delivery.State.DELIVERED, next_attempt_at=None, delivered_at=at, **_columns(answer)
    )
    if won and webhook.failing_since:
        Webhook.objects.filter(pk=webhook.pk).update(failing_since=None)


def _fail(delivery: Delivery, webhook: Webhook, answer: Answer, at: datetime) -> None:
    wait = _wait_seconds(delivery, answer)
    following = (
        {"state": Delivery.State.FAILED, "next_attempt_at": None}
        if wait is None
        else {"next_attempt_at": at + timedelta(seconds=wait)}
    )
    if not _mine(delivery).waiting().update(**following, **_columns(answer)):
        return
    if delivery.type != TEST and not webhook.failing_since:
        Webhook.objects.filter(pk=webhook.pk).update(failing_since=at)
    if answer.status == sending.GONE:
        switch_off(webhook, at=at, reason="It answered 410: it is gone for good.")
    elif wait is None and delivery.type != TEST and _has_failed_for_long(webhook, at):
        switch_off(webhook, at=at, reason=f"Everything sent to it failed for {FAILING.days} days.")


def _has_failed_for_long(webhook: Webhook, at: datetime) -> bool:
    return webhook.failing_since is not None and at - webhook.failing_since >= FAILING


def _mine(delivery: Delivery) -> DeliveryQuerySet:
    return Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts)


def _columns(answer: Answer) -> dict[str, Any]:
    return {
        "lease_until": None,
        "status": answer.status,
        "error": answer.error,
        "answer": answer.text,
        "duration_ms": answer.duration_ms,
    }


def _wait_seconds(delivery: Delivery, answer: Answer) -> float | None:
    """Growing, and spread, so that what failed together does not come back together."""
    if delivery.type == TEST or delivery.attempts > len(WAITS_SECONDS):
        return None
    wait = WAITS_SECONDS[delivery.attempts - 1] * random.uniform(0.8, 1.2)  # noqa: S311
    return max(wait, min(answer.retry_after_seconds or 0, WAITS_SECONDS[-1]))


def switch_off(webhook: Webhook, *, at: datetime, reason: str = "") -> None:
    """It is locked. What still waits for it is given up, and can be sent again once it is on."""
    if webhook.is_on:
        Webhook.objects.filter(pk=webhook.pk).update(off_at=at, off_reason=reason)
        _give_up(webhook)
        log.info("switched off webhook=%s by=%s", webhook.pk, "itself" if reason else "a person")


def switch_on(webhook: Webhook) -> None:
    """It is locked. An event that was told in the moment of switching off may still wait."""
    if not webhook.is_on:
        _give_up(webhook)
        Webhook.objects.filter(pk=webhook.pk).update(off_at=None, off_reason="", failing_since=None)


def _give_up(webhook: Webhook) -> None:
    webhook.deliveries.waiting().update(
        state=Delivery.State.FAILED,
        next_attempt_at=None,
        lease_until=None,
        error="The webhook was switched off.",
    )


def sweep(*, at: datetime) -> None:
    """Some at a time, so that no lock is held for long."""
    old = Delivery.objects.filter(created_at__lt=at - KEPT)
    chosen = list(old.values_list("pk", flat=True)[:_AT_ONCE])
    old.filter(pk__in=chosen).delete()
    Webhook.objects.filter(old_seed_until__lte=at).update(old_seed="", old_seed_until=None)
