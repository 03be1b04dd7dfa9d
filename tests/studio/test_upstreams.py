"""What a paying account is worth: asked now and then, and said before it is empty."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from studio import serving, upstreams
from studio.models import Alert, Upstream
from tests.engines.makers import remote, strict_server
from tests.engines.strict import Strict

pytestmark = pytest.mark.django_db


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> Iterator[Strict]:
    with strict_server("stepfun") as server, remote(server) as engine:
        monkeypatch.setattr(serving, "engines", lambda: {"step-image-edit-2": engine})
        yield server


def said() -> list[str]:
    return list(upstreams.balances().values())


def test_it_is_asked_every_ten_minutes(strict: Strict) -> None:
    now = timezone.now()
    for minutes in (0, 5, 9, 11):
        upstreams.ask(now + timedelta(minutes=minutes))
    assert len(strict.file_requests) == 2
    assert said() == ["12.50"]


def test_one_who_tells_nothing_is_shown_as_that(strict: Strict) -> None:
    strict.account = None
    upstreams.ask(timezone.now())
    assert said() == ["not told"]
    assert not Alert.objects.exists()


def test_a_low_balance_is_said_once_until_it_is_filled_up(strict: Strict) -> None:
    now = timezone.now()
    for minutes, balance in ((0, 0.5), (11, 0.4), (22, 40)):
        strict.account = {"object": "account", "type": "prepaid", "balance": balance}
        upstreams.ask(now + timedelta(minutes=minutes))
        is_open = Alert.objects.filter(closed_at=None, key__endswith=":low").count()
        assert is_open == (balance < 5)
    assert Alert.objects.count() == 1
    assert Upstream.objects.get().balance == 40
