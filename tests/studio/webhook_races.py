"""Senders that work at once, and one that is killed. Run by test_webhooks_races.py."""

import os
import signal
import threading
import time
from collections import Counter
from datetime import timedelta
from functools import partial

from tests.programs import at_once, ended, forked, ready, say

ready()

from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts import connections, workspaces  # noqa: E402
from accounts.models import User  # noqa: E402
from studio.models import Delivery, Webhook  # noqa: E402
from studio.webhooks import deliveries, events, signing  # noqa: E402
from studio.webhooks.sender import Sender  # noqa: E402
from tests.studio.webhook_receiver import Receiver, dripping  # noqa: E402

EVENTS = 60


def webhook_at(url: str, name: str) -> Webhook:
    user = User.objects.create_user(f"{name}@example.com", "correct horse", name=name)
    return Webhook.objects.create(workspace=workspaces.personal(user), url=url)


def work(seconds: float) -> None:
    """A sender of this process, until all is delivered."""
    sender = Sender()
    threading.Thread(target=_stop_when_done, args=(sender, seconds), daemon=True).start()
    sender.run()


def _stop_when_done(sender: Sender, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and Delivery.objects.waiting().exists():
        time.sleep(0.05)
    sender.stop()


def at_the_same_time() -> None:
    with Receiver() as receiver:
        hooks = [webhook_at(receiver.url, name) for name in ("ada", "ben", "cleo")]
        for number in range(EVENTS):
            events.test(hooks[number % 3], at=timezone.now())
        at_once(*[partial(work, 60)] * 3)
        secrets = {str(each.pk): signing.secret_of(each.seed) for each in hooks}
        told = [got.verified(_secret(got.body, secrets)) for got in receiver.received]
        say(
            step="at once",
            requests=len(told),
            ids=len({got.id for got in receiver.received}),
            states=Counter(Delivery.objects.values_list("state", flat=True)),
            attempts=Counter(map(str, Delivery.objects.values_list("attempts", flat=True))),
        )


def _secret(body: bytes, secrets: dict[str, str]) -> str:
    return next(secret for key, secret in secrets.items() if key.encode() in body)


def kill_in_the_middle() -> None:
    """The receiver has the event and keeps its answer back; then the sender is killed."""
    with Receiver() as receiver:
        receiver.does = [dripping(b"x")]
        webhook = webhook_at(receiver.url, "dora")
        sent = events.test(webhook, at=timezone.now())
        pid = forked(partial(work, 60))
        while not receiver.received:
            time.sleep(0.01)
        os.kill(pid, signal.SIGKILL)
        status = ended(pid)
        before = len(deliveries.claim(9, at=timezone.now()))
        connections.close_before_fork()
        Delivery.objects.filter(pk=sent.pk).update(
            lease_until=timezone.now() - timedelta(seconds=1)
        )
        work(60)
        sent.refresh_from_db()
        first, second = receiver.received
        say(
            step="killed",
            status=status,
            claimable_within_its_lease=before,
            same=(first.id, first.body) == (second.id, second.body),
            state=sent.state,
            attempts=sent.attempts,
        )


if __name__ == "__main__":
    settings.WEBHOOK_PRIVATE_HOSTS = ["127.0.0.1"]
    at_the_same_time()
    kill_in_the_middle()
