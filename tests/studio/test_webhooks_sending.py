"""One request to a real receiver: signed, bounded, and never to where it must not go."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from standardwebhooks import WebhookVerificationError

from accounts.models import User, Workspace
from studio.models import Delivery, Webhook
from studio.webhooks import keeping, sending, signing
from studio.webhooks.sending import Answer
from tests.engines.makers import closed_port, resolves_to
from tests.studio.webhook_receiver import Received, Receiver, dripping, status

pytestmark = pytest.mark.django_db
Post = Callable[..., Answer]
BODY = '{"type":"job.succeeded","data":{"id":"1","error":"größer"}}'


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOK_PRIVATE_HOSTS = ["127.0.0.1"]
    with Receiver() as running:
        yield running


@pytest.fixture
def webhook(workspace: Workspace, receiver: Receiver) -> Webhook:
    return Webhook.objects.create(workspace=workspace, url=receiver.url)


@pytest.fixture
def post(webhook: Webhook) -> Iterator[Post]:
    with closing(sending.transport()) as transport:

        def once(url: str = "", at: datetime | None = None) -> Answer:
            webhook.refresh_from_db()
            webhook.url = url or webhook.url
            delivery = Delivery(webhook=webhook, event_id="evt_1", type="job.x", body=BODY)
            return sending.post(transport, delivery, at=at or timezone.now())

        yield once


def test_it_is_signed_as_the_standard_says(
    post: Post, webhook: Webhook, receiver: Receiver
) -> None:
    answer = post()
    assert (answer.error, answer.status) == ("", 204)
    got = receiver.received[0]
    assert (got.path, got.id, got.body.decode()) == ("/hook", "evt_1", BODY)
    assert got.headers["content-type"] == "application/json"
    assert got.verified(signing.secret_of(webhook.seed))["data"]["error"] == "größer"
    with pytest.raises(WebhookVerificationError):
        got.verified(signing.secret_of("another"))


def rotate(webhook: Webhook, by: User) -> str:
    webhook.refresh_from_db()
    return keeping.rotate(webhook=webhook, by=by, ending=signing.ending_of(webhook.seed))


def verifies(got: Received, secret: str) -> bool:
    try:
        got.verified(secret)
    except WebhookVerificationError as error:
        return "matching" not in str(error)
    return True


def test_a_former_secret_signs_beside_the_new_one_for_a_day(
    post: Post, ada: User, webhook: Webhook, receiver: Receiver
) -> None:
    first = signing.secret_of(webhook.seed)
    second = rotate(webhook, ada)
    assert first != second
    post()
    assert verifies(receiver.received[-1], first)
    assert verifies(receiver.received[-1], second)
    later = timezone.now() + timedelta(hours=24)
    webhook.refresh_from_db()
    signed = signing.headers(webhook, event_id="evt_1", body=BODY, at=later)
    assert len(signed["webhook-signature"].split()) == 1


def test_the_second_rotation_ends_the_first_secret(
    post: Post, ada: User, webhook: Webhook, receiver: Receiver
) -> None:
    """A secret that has leaked is rid of by rotating twice."""
    first = signing.secret_of(webhook.seed)
    second = rotate(webhook, ada)
    third = rotate(webhook, ada)
    post()
    assert [verifies(receiver.received[-1], each) for each in (first, second, third)] == [
        False,
        True,
        True,
    ]


def test_another_secret_key_makes_other_secrets(settings: Any) -> None:
    before = signing.secret_of("seed")
    settings.SECRET_KEY = "another"
    assert signing.secret_of("seed") != before


@pytest.mark.parametrize("code", [400, 404, 500, 503])
def test_what_is_not_2xx_is_a_failure_with_a_little_of_the_answer(
    post: Post, receiver: Receiver, code: int
) -> None:
    receiver.does = [status(code, b"no such\x00\n hook " + b"x" * 5_000, Retry_After="120")]
    answer = post()
    assert (answer.status, answer.retry_after_seconds) == (code, 120)
    assert str(code) in answer.error
    assert answer.text.startswith("no such")
    assert len(answer.text) <= 300
    assert answer.text.isprintable()


def test_a_redirect_is_a_failure_and_leads_nowhere(post: Post, receiver: Receiver) -> None:
    with Receiver() as private:
        for code in (301, 302, 303, 307, 308):
            receiver.does = [status(code, Location=private.url)]
            answer = post()
            assert answer.status == code
            assert "redirects are not followed" in answer.error
        assert private.received == []
    assert len(receiver.received) == 5


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0"]
)
def test_private_addresses_are_not_connected_to(
    post: Post, receiver: Receiver, settings: Any, host: str
) -> None:
    settings.WEBHOOK_PRIVATE_HOSTS = ["elsewhere.example"]
    answer = post(f"http://{host}:{receiver.port}/hook")
    assert answer.error.startswith("It could not be reached")
    assert receiver.received == []


def test_a_name_that_leads_elsewhere_by_then_is_not_connected_to(
    post: Post, receiver: Receiver, settings: Any, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: public when the webhook is added, our own machine when it is sent to."""
    settings.WEBHOOK_PRIVATE_HOSTS = []
    monkeypatch.setattr("socket.getaddrinfo", resolves_to("93.184.215.14", "127.0.0.1"))
    url = f"http://rebind.example:{receiver.port}/hook"
    webhook, _ = keeping.add(workspace=ada.personal_workspace, by=ada, url=url)
    assert "rebind.example" in post(webhook.url).error
    assert receiver.received == []


def test_connecting_in_vain_is_said(post: Post) -> None:
    with closed_port() as port:
        answer = post(f"http://127.0.0.1:{port}/")
    assert answer.status is None
    assert "refused" in answer.error


@pytest.mark.parametrize(
    ("answer", "code", "error"),
    [
        (dripping(b"x"), None, "It took longer than 1 seconds to answer."),
        (dripping(b"X-A: b\r\n", b"HTTP/1.1 200 OK\r\n"), None, "It took longer than 1"),
        (dripping(b"x", b"HTTP/1.1 500 No\r\n\r\n"), 500, "It answered 500"),
        (dripping(b"x", b"HTTP/1.1 200 OK\r\n\r\n"), 200, ""),
    ],
)
def test_a_slow_receiver_is_given_up_in_time(
    post: Post, receiver: Receiver, monkeypatch: Any, answer: Any, code: int | None, error: str
) -> None:
    """All of it, as each single byte comes soon enough."""
    monkeypatch.setattr(sending, "DEADLINE_SECONDS", 1.0)
    receiver.does = [answer]
    begun = time.monotonic()
    got = post()
    assert time.monotonic() - begun < 10
    assert got.status == code
    assert got.error.startswith(error) if error else got.error == ""


def test_an_answer_without_end_is_not_read(post: Post, receiver: Receiver) -> None:
    receiver.does = [dripping(b"x" * 1_000_000, b"HTTP/1.1 500 No\r\n\r\n")]
    begun = time.monotonic()
    assert len(post().text) == 300
    assert time.monotonic() - begun < 5


def test_words_that_are_no_http_are_a_failure(post: Post, receiver: Receiver) -> None:
    receiver.does = [lambda handler: handler.wfile.write(b"hello\r\n\r\n") and None]
    assert post().error == "The connection broke off before it had answered."
