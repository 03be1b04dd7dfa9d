"""Tells the owners of a workspace that its credit is almost used up: once, until there is more.

Looked for by the sweep, so that no spend waits for a letter. A workspace that never spent
anything is told nothing.
"""

import logging
from datetime import datetime

from django.conf import settings
from django.db.models import Exists, F, OuterRef, QuerySet
from django.urls import reverse

from accounts import letters, workspaces
from accounts.models import Transfer, Wallet, Workspace
from accounts.money import dollars

log = logging.getLogger("easel.letters")
_AT_ONCE = 50


def sweep(*, at: datetime) -> None:
    _forget()
    for wallet in _low()[:_AT_ONCE]:
        untold = Workspace.objects.filter(wallets=wallet.pk, low_credit_told_at=None)
        if wallet.workspace and untold.update(low_credit_told_at=at):
            _tell(wallet.workspace, left_micros=max(0, wallet.available_micros))


def _forget() -> None:
    """Who has more again may be told again."""
    limit = settings.LOW_CREDIT_MICROS
    rich = Wallet.objects.filter(
        kind=Wallet.Kind.CREDIT, posted_micros__gte=F("held_micros") + limit
    )
    told = Workspace.objects.exclude(low_credit_told_at=None)
    told.filter(wallets__in=rich).update(low_credit_told_at=None)


def _low() -> "QuerySet[Wallet]":
    spent = Transfer.objects.filter(debit=OuterRef("pk"), state=Transfer.State.POSTED)
    return Wallet.objects.filter(
        Exists(spent),
        kind=Wallet.Kind.CREDIT,
        posted_micros__lt=F("held_micros") + settings.LOW_CREDIT_MICROS,
        workspace__low_credit_told_at=None,
        workspace__closed_at=None,
    ).select_related("workspace")


def _tell(workspace: Workspace, *, left_micros: int) -> None:
    """Those who did not say that they want no such letter."""
    for owner in workspaces.owners_of(workspace):
        if owner.erase_at or not owner.is_told_of_low_credit:
            continue
        letters.send(
            "low_credit",
            to=owner.email,
            workspace=str(workspace),
            left=dollars(left_micros),
            url=letters.at_site("/"),
            settings_url=letters.at_site(reverse("accounts:privacy")),
        )
    log.info("low credit told workspace=%s", workspace.pk)
