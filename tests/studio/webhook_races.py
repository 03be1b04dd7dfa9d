"""Senders at once, one that is killed, receivers that are gone. For test_webhooks_races.py."""

import logging
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.programs import at_once, ended, forked, ready, say

ready()

from django.conf import settings  # noqa: E402
from django.db.backends.base.base import BaseDatabaseWrapper  # noqa: E402
from django.db.backends.signals import connection_created  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts import connections, workspaces  # noqa: E402
from accounts.models import User  # noqa: E402
from studio.models import Delivery, Webhook  # noqa: E402
from studio.webhooks import deliveries, events, signing  # noqa: E402
from studio.webhooks.deliveries import MOST_OF_ONE  # noqa: E402
from studio.webhooks.sender import Sender  # noqa: E402
from tests.studio.webhook_receiver import Receiver, dripping, status  # noqa: E402

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
        how = ended(pid)
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
            status=how,
            claimable_within_its_lease=before,
            same=(first.id, first.body) == (second.id, second.body),
            state=sent.state,
            attempts=sent.attempts,
        )


def answers_of_gone_together() -> None:
    """Each of the answers to a webhook's events would switch it off."""
    hooks = [webhook_at("", name) for name in ("eve", "finn", "gus")]
    together = threading.Barrier(len(hooks) * MOST_OF_ONE)

    def gone(handler: BaseHTTPRequestHandler) -> None:
        together.wait(30)
        status(410)(handler)

    connection_created.connect(_slow_down)
    connections.close_before_fork()
    broke = Broke()
    logging.getLogger("easel.webhooks").addHandler(broke)
    with Receiver() as receiver:
        receiver.does = [gone] * together.parties
        for hook in hooks:
            Webhook.objects.filter(pk=hook.pk).update(url=receiver.url)
        Delivery.objects.bulk_create(
            Delivery(webhook=hook, event_id=f"evt_{number}", type="job.succeeded", body="{}")
            for hook in hooks
            for number in range(MOST_OF_ONE)
        )
        work(60)
        sent = Delivery.objects.filter(webhook__in=hooks)
        say(
            step="gone",
            requests=len(receiver.received),
            broke=broke.words,
            states=Counter(sent.values_list("state", flat=True)),
            on=Webhook.objects.on().filter(pk__in=[hook.pk for hook in hooks]).count(),
        )


def _slow_down(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """So that transactions that can meet do."""

    def execute(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        done = execute(sql, *rest)
        if sql.startswith('UPDATE "studio_'):
            time.sleep(0.05)
        return done

    connection.execute_wrappers = [execute]  # it comes for each transaction


class Broke(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.words: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.words.append(str(record.exc_info and record.exc_info[1]).partition("\n")[0])


if __name__ == "__main__":
    settings.WEBHOOK_PRIVATE_HOSTS = ["127.0.0.1"]
    at_the_same_time()
    kill_in_the_middle()
    answers_of_gone_together()
