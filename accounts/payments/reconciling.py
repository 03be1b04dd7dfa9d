"""Finds what no webhook told: payments that nobody asked about, and events that never came."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from accounts.models import Payment, Reconciliation
from accounts.payments import client, webhooks
from accounts.payments.errors import Away
from accounts.payments.settling import settle

log = logging.getLogger("easel.payments")
# How long Stripe keeps its events
_REACH = timedelta(days=30)
# Events may appear in its list a little later than their time says
_OVERLAP = timedelta(minutes=15)
_EVERY = timedelta(minutes=5)
_AT_ONCE = 25
# A Checkout is open for a day; one whose answer we never had was shown to nobody.
_LOST_AFTER = timedelta(days=2)


def reconcile(*, at: datetime) -> None:
    """May be repeated; does little unless something is due."""
    if not settings.STRIPE_SECRET_KEY:
        return
    try:
        _settle_waiting(at)
        _read_events(at)
    except Away:
        log.warning("stripe is away; payments are looked at again later")
    webhooks.forget(before=at - timedelta(days=webhooks.KEPT_DAYS))


def _settle_waiting(at: datetime) -> None:
    """Those that were begun some minutes ago, ever more seldom."""
    waiting = Payment.objects.unsettled()
    waiting.filter(session_id=None, created_at__lt=at - _LOST_AFTER).update(
        state=Payment.State.EXPIRED
    )
    begun = waiting.exclude(session_id=None).filter(created_at__lt=at - timedelta(minutes=2))
    looked_at = 0
    for payment in begun.order_by(F("checked_at").asc(nulls_first=True)).iterator():
        if _is_due(payment, at):
            settle(payment.pk)
            looked_at += 1
        if looked_at == _AT_ONCE:
            return


def _is_due(payment: Payment, at: datetime) -> bool:
    age = at - payment.created_at
    return payment.checked_at is None or at - payment.checked_at > age / 8


def _read_events(at: datetime) -> None:
    """All since the last time, in pages; those that were heard are passed over."""
    row = Reconciliation.objects.filter(pk=1).first()
    if row and at - row.until < _EVERY:
        return
    since = max(row.until - _OVERLAP, at - _REACH) if row else at - _REACH
    for told in client.events(webhooks.TYPES, since=since):
        webhooks.deal_with(told)
    Reconciliation.objects.update_or_create(pk=1, defaults={"until": at})
