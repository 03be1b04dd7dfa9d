"""What people do with the webhooks of their workspace."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import ids, once, workspaces
from accounts.models import User, Workspace
from accounts.once import MadeAlready
from studio.models import Delivery, Webhook
from studio.models.webhooks import new_seed
from studio.queue import listeners
from studio.webhooks import addresses, deliveries, events, signing

MOST = 10
OVERLAP = timedelta(hours=24)


class TooMany(Exception):
    """The message is a sentence for the person who wants one more."""


class IsOff(Exception):
    """Nothing is sent to a webhook that is switched off."""


def add(
    *, workspace: Workspace, by: User, url: str, new_id: UUID | None = None
) -> tuple[Webhook, str]:
    """The webhook and its secret, which cannot be shown again.

    The same `new_id` again adds no second one. Raises workspaces.NotAllowed,
    addresses.BadAddress, MadeAlready and TooMany.
    """
    workspaces.check_may_manage(by, workspace)
    url = addresses.check(url)
    with transaction.atomic(durable=True):
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        once.check(Webhook, new_id)
        if Webhook.objects.in_workspace(workspace).count() >= MOST:
            raise TooMany(f"A workspace has at most {MOST} webhooks. Delete one that is not used.")
        webhook = Webhook.objects.create(
            pk=new_id or ids.new(), workspace=workspace, created_by=by, url=url
        )
    return webhook, signing.secret_of(webhook.seed)


def rotate(*, webhook: Webhook, by: User, ending: str) -> str:
    """A new secret, which cannot be shown again, for the one that has this `ending`.

    That one goes on signing beside it for a day; one that did so from before ends now. So the
    same call again must make no third: it raises MadeAlready. Raises workspaces.NotAllowed, and
    Webhook.DoesNotExist for one that was removed meanwhile.
    """
    workspaces.check_may_manage(by, webhook.workspace)
    with transaction.atomic(durable=True):
        webhook = Webhook.objects.select_for_update(of=("self",)).get(pk=webhook.pk)
        if signing.ending_of(webhook.seed) != ending:
            raise MadeAlready
        webhook.old_seed, webhook.old_seed_until = webhook.seed, timezone.now() + OVERLAP
        webhook.seed = new_seed()
        webhook.save(update_fields=["seed", "old_seed", "old_seed_until"])
    return signing.secret_of(webhook.seed)


def switch(*, webhook: Webhook, by: User, is_on: bool) -> None:
    """Raises workspaces.NotAllowed. Switching on forgets the failures before."""
    workspaces.check_may_manage(by, webhook.workspace)
    with transaction.atomic(durable=True):
        if not (locked := Webhook.objects.locked(webhook.pk)):
            return
        if is_on:
            deliveries.switch_on(locked)
        else:
            deliveries.switch_off(locked, at=timezone.now())


def remove(*, webhook: Webhook, by: User) -> None:
    """With its log. Raises workspaces.NotAllowed."""
    workspaces.check_may_manage(by, webhook.workspace)
    with transaction.atomic(durable=True):
        if locked := Webhook.objects.locked(webhook.pk):
            locked.delete()


def send_test(*, webhook: Webhook, by: User) -> None:
    """One at a time. Raises workspaces.NotAllowed and IsOff."""
    with transaction.atomic(durable=True):
        _check_may_send(webhook, by)
        if not webhook.deliveries.waiting().filter(type=events.TEST).exists():
            events.test(webhook, at=timezone.now())


def send_again(*, delivery: Delivery, by: User) -> bool:
    """The same event under the same id, now. False while it is being sent.

    Raises workspaces.NotAllowed and IsOff.
    """
    now = timezone.now()
    idle = Delivery.objects.filter(Q(lease_until=None) | Q(lease_until__lte=now), pk=delivery.pk)
    with transaction.atomic(durable=True):
        _check_may_send(delivery.webhook, by)
        is_queued = idle.update(state=Delivery.State.WAITING, next_attempt_at=now, lease_until=None)
        listeners.wake(events.BELL)
    return bool(is_queued)


def _check_may_send(webhook: Webhook, by: User) -> None:
    """And locks it, so that it stays on until this is written down."""
    workspaces.check_may_manage(by, webhook.workspace)
    locked = Webhook.objects.locked(webhook.pk)
    if not (locked and locked.is_on):
        raise IsOff
