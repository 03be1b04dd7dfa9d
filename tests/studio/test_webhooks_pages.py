"""The pages on which a workspace's webhooks are looked after."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User, Workspace
from studio.models import Delivery, Webhook
from studio.webhooks import deliveries, keeping, signing
from studio.webhooks.sending import Answer
from tests.engines.makers import resolves_to
from tests.studio.makers import Puppet, run_to_end, submit

pytestmark = pytest.mark.django_db
URL = "https://hooks.example/easel"
LIST = "/accounts/webhooks/"


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getaddrinfo", resolves_to("93.184.215.14"))


@pytest.fixture
def webhook(ada: User, workspace: Workspace) -> Webhook:
    return keeping.add(workspace=workspace, by=ada, url=URL)[0]


def to(view: str, webhook: Webhook) -> str:
    return reverse(f"studio:webhook_{view}", args=[webhook.pk])


def page(client: Client, address: str, **post: Any) -> str:
    response = client.post(address, post, follow=True) if post else client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def form(shown: str) -> dict[str, str]:
    """The hidden fields of the form in the page."""
    main = shown.partition("<main")[2]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', main))


def secrets_in(shown: str) -> list[str]:
    return re.findall(r"whsec_[\w+/]+", shown)


def test_one_is_added_and_its_secret_is_shown_once(as_ada: Client, workspace: Workspace) -> None:
    assert "Add a webhook" in page(as_ada, LIST)
    sent = form(page(as_ada, f"{LIST}new")) | {"url": URL}
    response = as_ada.post(f"{LIST}new", sent)
    webhook = Webhook.objects.get()
    assert (webhook.url, webhook.workspace) == (URL, workspace)
    assert secrets_in(response.content.decode()) == [signing.secret_of(webhook.seed)]
    assert "no-store" in response["Cache-Control"]
    again = page(as_ada, f"{LIST}new", **sent)
    assert "shown then" in again
    assert Webhook.objects.count() == 1
    for address in (LIST, to("page", webhook), to("rotate", webhook)):
        assert secrets_in(page(as_ada, address)) == []
    assert signing.ending_of(webhook.seed) in page(as_ada, to("page", webhook))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "Give the address"),
        ("x" * 501, "500"),
        ("hooks.example", "Give a whole address"),
        ("https://ada@hooks.example/", "Leave out the name"),
    ],
)
def test_an_address_that_will_not_do_is_said_beside_it(as_ada: Client, url: str, said: str) -> None:
    sent = form(page(as_ada, f"{LIST}new")) | {"url": url}
    response = as_ada.post(f"{LIST}new", sent)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not Webhook.objects.exists()


def test_the_eleventh_is_refused(as_ada: Client, ada: User, workspace: Workspace) -> None:
    for _ in range(10):
        keeping.add(workspace=workspace, by=ada, url=URL)
    assert f"{LIST}new" not in page(as_ada, LIST)
    sent = form(page(as_ada, f"{LIST}new")) | {"url": URL}
    assert "at most 10" in as_ada.post(f"{LIST}new", sent).content.decode()


def test_a_new_secret_is_shown_once_and_made_once(as_ada: Client, webhook: Webhook) -> None:
    before = signing.secret_of(webhook.seed)
    sent = form(page(as_ada, to("rotate", webhook)))
    (secret,) = secrets_in(as_ada.post(to("rotate", webhook), sent).content.decode())
    webhook.refresh_from_db()
    assert secret == signing.secret_of(webhook.seed) != before
    assert "shown then" in page(as_ada, to("rotate", webhook), **sent)
    webhook.refresh_from_db()
    assert signing.secret_of(webhook.old_seed) == before
    assert "The one before it ends now." in page(as_ada, to("rotate", webhook))


def test_a_test_can_be_sent_and_the_page_waits_for_it(as_ada: Client, webhook: Webhook) -> None:
    assert "hx-trigger" not in page(as_ada, to("page", webhook))
    shown = page(as_ada, to("test", webhook), x="")
    assert "webhook.test" in shown
    assert "On its way" in shown
    assert 'hx-trigger="load delay:1s"' in shown
    (claimed,) = deliveries.claim(1, at=timezone.now())
    assert "Now" in page(as_ada, to("page", webhook))
    deliveries.finish(claimed, Answer(error="", status=204, duration_ms=320), at=timezone.now())
    shown = page(as_ada, to("page", webhook))
    assert "Delivered (204)" in shown
    assert "0.32 s" in shown
    assert "hx-trigger" not in shown


def test_the_log_says_what_went_wrong_and_sends_again(
    as_ada: Client, ada: User, workspace: Workspace, webhook: Webhook, puppet: Puppet
) -> None:
    (job,) = submit(ada, workspace, prompt="xyzzy")
    run_to_end(job)
    now = timezone.now()
    (claimed,) = deliveries.claim(1, at=now)
    wrong = Answer(error="It answered 500.", status=500, text="<b>oops</b>", duration_ms=1_500)
    deliveries.finish(claimed, wrong, at=now)
    shown = page(as_ada, to("page", webhook))
    for said in ("job.succeeded", "It answered 500.", "1.5 s", "&lt;b&gt;oops", claimed.event_id):
        assert said in shown
    assert f"/images/{job.image_id}" in shown
    assert "xyzzy" not in shown.partition("<main")[2]
    assert "failing since" in shown
    Delivery.objects.update(next_attempt_at=now + timedelta(hours=1))
    page(as_ada, reverse("studio:delivery_again", args=[claimed.pk]), x="")
    assert len(deliveries.claim(1, at=timezone.now())) == 1


def test_the_log_comes_in_pages(as_ada: Client, webhook: Webhook) -> None:
    for number in range(53):
        Delivery.objects.create(webhook=webhook, event_id=f"evt_{number}", type="t", body="{}")
    first = page(as_ada, to("page", webhook))
    assert "evt_52<" in first
    assert "evt_2<" not in first
    (older,) = re.findall(r'href="(\?before=[^"]+)"', first)
    second = page(as_ada, to("page", webhook) + older)
    assert re.findall(r"evt_\d+", second) == ["evt_2", "evt_1", "evt_0"]
    assert as_ada.get(to("page", webhook) + "?before=x").status_code == 404


def test_it_is_switched_off_and_on(as_ada: Client, webhook: Webhook) -> None:
    shown = page(as_ada, to("switch", webhook), x="")
    assert "Switched off" in shown
    assert "Send a test" not in shown
    assert "so nothing is sent" in page(as_ada, to("test", webhook), x="")
    assert not Delivery.objects.exists()
    assert "Send a test" in page(as_ada, to("switch", webhook), on="on")


def test_why_it_was_switched_off_is_said(as_ada: Client, webhook: Webhook) -> None:
    reason = "Everything sent to it failed for 5 days."
    deliveries.switch_off(webhook, at=timezone.now(), reason=reason)
    assert reason in page(as_ada, LIST)
    assert reason in page(as_ada, to("page", webhook))


def test_it_is_deleted_after_a_question(as_ada: Client, webhook: Webhook) -> None:
    assert "Delete the webhook?" in page(as_ada, to("delete", webhook))
    assert Webhook.objects.exists()
    assert "The webhook is deleted." in page(as_ada, to("delete", webhook), x="")
    assert not Webhook.objects.exists()


def test_a_member_is_told_who_looks_after_them(
    client: Client, ben: User, workspace: Workspace
) -> None:
    client.force_login(ben)
    session = client.session
    session["workspace"] = str(workspace.pk)
    session.save()
    response = client.get(LIST)
    assert response.status_code == 403
    assert "Owners and admins" in response.content.decode()


def test_the_account_pages_lead_there(as_ada: Client) -> None:
    assert f'href="{LIST}"' in page(as_ada, reverse("mfa_index"))
    assert f'href="{LIST}"' in page(as_ada, "/v1/docs")


def test_the_account_pages_say_that_one_is_among_the_webhooks(
    as_ada: Client, webhook: Webhook
) -> None:
    below = [to(verb, webhook) for verb in ("page", "rotate", "delete")]
    for address in (reverse("studio:webhook_create"), *below):
        area = page(as_ada, address).partition('aria-label="Account pages"')[2]
        area = area.partition("</nav>")[0]
        assert area.count("aria-current") == 1
        assert f'href="{LIST}"' in area.partition("aria-current")[0].rpartition("<a ")[2]


def test_a_new_secret_for_one_that_is_removed_meanwhile(
    as_ada: Client, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = form(page(as_ada, to("rotate", webhook)))
    rotate = keeping.rotate

    def after_all(**arguments: Any) -> str:
        Webhook.objects.all().delete()
        return rotate(**arguments)

    monkeypatch.setattr(keeping, "rotate", after_all)
    assert as_ada.post(to("rotate", webhook), sent).status_code == 404
