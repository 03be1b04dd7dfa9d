"""What people do with webhooks, and which addresses they may give."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Membership, Role, User, Workspace
from accounts.once import MadeAlready
from accounts.workspaces import NotAllowed
from studio.models import Delivery, Webhook
from studio.webhooks import deliveries, keeping, signing
from studio.webhooks.addresses import BadAddress
from studio.webhooks.keeping import IsOff, TooMany
from studio.webhooks.sending import Answer
from tests.conftest import person
from tests.engines.makers import resolves_to

pytestmark = pytest.mark.django_db
URL = "https://hooks.example/easel?from=easel"
BAD = Answer(error="It answered 500.", status=500, duration_ms=1)


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getaddrinfo", resolves_to("93.184.215.14"))


@pytest.fixture
def webhook(ada: User, workspace: Workspace) -> Webhook:
    return keeping.add(workspace=workspace, by=ada, url=URL)[0]


@pytest.fixture
def delivery(ada: User, webhook: Webhook) -> Delivery:
    """One that has been given up."""
    keeping.send_test(webhook=webhook, by=ada)
    (claimed,) = deliveries.claim(1, at=timezone.now())
    deliveries.finish(claimed, BAD, at=timezone.now())
    claimed.refresh_from_db()
    return claimed


def test_a_webhook_is_added_with_a_secret_that_is_nowhere_kept(
    ada: User, workspace: Workspace
) -> None:
    webhook, secret = keeping.add(workspace=workspace, by=ada, url=f"  {URL} ")
    webhook.refresh_from_db()
    assert (webhook.url, webhook.created_by, webhook.is_on) == (URL, ada, True)
    assert secret.startswith("whsec_")
    assert len(secret) == 46
    assert secret[6:] not in str(Webhook.objects.values().get())


def test_a_workspace_has_at_most_ten(ada: User, workspace: Workspace) -> None:
    for _ in range(10):
        keeping.add(workspace=workspace, by=ada, url=URL)
    with pytest.raises(TooMany, match="at most 10"):
        keeping.add(workspace=workspace, by=ada, url=URL)
    mallory = person("Mallory")
    keeping.add(workspace=mallory.personal_workspace, by=mallory, url=URL)
    assert Webhook.objects.in_workspace(workspace).count() == 10


def ending(webhook: Webhook) -> str:
    return signing.ending_of(webhook.seed)


VERBS: list[Callable[..., Any]] = [
    lambda by, on, _: keeping.add(workspace=on.workspace, by=by, url=URL),
    lambda by, on, _: keeping.rotate(webhook=on, by=by, ending=ending(on)),
    lambda by, on, _: keeping.switch(webhook=on, by=by, is_on=False),
    lambda by, on, _: keeping.switch(webhook=on, by=by, is_on=True),
    lambda by, on, _: keeping.send_test(webhook=on, by=by),
    lambda by, _, what: keeping.send_again(delivery=what, by=by),
    lambda by, on, _: keeping.remove(webhook=on, by=by),
]


@pytest.mark.parametrize("verb", VERBS)
def test_only_owners_and_admins_do_any_of_it(
    verb: Callable[..., Any],
    webhook: Webhook,
    delivery: Delivery,
    ben: User,
    vera: User,
    mallory: User,
) -> None:
    before = list(Webhook.objects.values()), list(Delivery.objects.values())
    for each in (ben, vera, mallory):
        with pytest.raises(NotAllowed):
            verb(each, webhook, delivery)
    assert before == (list(Webhook.objects.values()), list(Delivery.objects.values()))
    Membership.objects.filter(user=ben).update(role=Role.ADMIN)
    Membership.objects.filter(user=ben, workspace=ben.personal_workspace).delete()
    verb(ben, webhook, delivery)


def test_a_form_that_is_sent_twice_does_it_once(ada: User, webhook: Webhook) -> None:
    with pytest.raises(MadeAlready):
        keeping.add(workspace=webhook.workspace, by=ada, url=URL, new_id=webhook.pk)
    before = ending(webhook)
    keeping.rotate(webhook=webhook, by=ada, ending=before)
    with pytest.raises(MadeAlready):
        keeping.rotate(webhook=webhook, by=ada, ending=before)
    webhook.refresh_from_db()
    assert signing.ending_of(webhook.old_seed) == before


def test_one_that_is_removed_meanwhile(ada: User, webhook: Webhook) -> None:
    before = ending(webhook)
    keeping.remove(webhook=Webhook.objects.get(), by=ada)
    keeping.switch(webhook=webhook, by=ada, is_on=False)
    keeping.remove(webhook=webhook, by=ada)
    with pytest.raises(IsOff):
        keeping.send_test(webhook=webhook, by=ada)
    with pytest.raises(Webhook.DoesNotExist):
        keeping.rotate(webhook=webhook, by=ada, ending=before)


def test_one_that_is_off_is_sent_nothing(ada: User, webhook: Webhook, delivery: Delivery) -> None:
    keeping.switch(webhook=webhook, by=ada, is_on=False)
    webhook.refresh_from_db()
    assert (webhook.is_on, webhook.off_reason) == (False, "")
    delivery.refresh_from_db()
    with pytest.raises(IsOff):
        keeping.send_test(webhook=webhook, by=ada)
    with pytest.raises(IsOff):
        keeping.send_again(delivery=Delivery.objects.get(), by=ada)
    Webhook.objects.update(failing_since=timezone.now() - timedelta(days=9))
    keeping.switch(webhook=webhook, by=ada, is_on=True)
    webhook.refresh_from_db()
    assert (webhook.is_on, webhook.failing_since) == (True, None)


def test_a_test_is_waited_for_before_the_next(ada: User, webhook: Webhook) -> None:
    keeping.send_test(webhook=webhook, by=ada)
    keeping.send_test(webhook=webhook, by=ada)
    assert Delivery.objects.get().type == "webhook.test"


def test_sent_again_it_is_the_same_event(ada: User, delivery: Delivery) -> None:
    before = (delivery.event_id, delivery.body)
    assert delivery.state == "failed"
    assert keeping.send_again(delivery=delivery, by=ada)
    (claimed,) = deliveries.claim(9, at=timezone.now())
    assert (claimed.event_id, claimed.body) == before
    assert not keeping.send_again(delivery=claimed, by=ada), "it is on its way"
    deliveries.finish(claimed, Answer(error="", status=200, duration_ms=1), at=timezone.now())
    claimed.refresh_from_db()
    assert (claimed.state, claimed.attempts) == ("delivered", 2)


# Addresses


def add(ada: User, url: str) -> None:
    keeping.add(workspace=ada.personal_workspace, by=ada, url=url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "whole address"),
        ("hooks.example", "whole address"),
        ("ftp://hooks.example/", "whole address"),
        ("javascript:alert(1)", "whole address"),
        ("https://", "whole address"),
        ("https:///easel", "whole address"),
        ("https://hooks.example:99999/", "no address"),
        ("https://hooks.example:0/", "no address"),
        ("https://ho oks.example/", "no address"),
        ("https://hooks.example\x00/", "no address"),
        ("https://ada:secret@hooks.example/", "name and password"),
        ("https://hooks.example/#top", "after #"),
        ("https://hooks.example/" + "x" * 500, "at most 500"),
        ("http://hooks.example/", "https"),
    ],
)
def test_addresses_that_are_none(ada: User, settings: Any, url: str, said: str) -> None:
    settings.SITE_URL = "https://easel.example"
    with pytest.raises(BadAddress, match=said):
        add(ada, url)
    assert not Webhook.objects.exists()


def test_plain_http_will_do_where_easel_itself_is_plain(ada: User) -> None:
    add(ada, "http://hooks.example/")


def test_a_name_that_nobody_knows_is_said(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with pytest.raises(BadAddress, match="spelled right"):
        add(ada, "https://nowhere.invalid/")


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.5", "192.168.1.1", "169.254.169.254", "::1", "fd00::1"]
)
def test_private_addresses_are_refused_but_for_hosts_that_the_operator_names(
    ada: User, settings: Any, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    settings.SITE_URL = "https://easel.example"
    monkeypatch.setattr("socket.getaddrinfo", resolves_to(address))
    with pytest.raises(BadAddress, match="private address"):
        add(ada, "https://ci.internal/hook")
    settings.WEBHOOK_PRIVATE_HOSTS = ["ci.internal"]
    add(ada, "https://CI.internal/hook")
    add(ada, "http://ci.internal:8080/hook")
    with pytest.raises(BadAddress, match="private address"):
        add(ada, "https://other.internal/hook")
