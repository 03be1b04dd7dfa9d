"""Decoding a photo is dear: what is refused anyway is refused before."""

from collections.abc import Callable

import pytest

from accounts.models import ApiKey, Membership, Plan, Role
from gallery import codec
from gallery.models import Image, PendingObject
from gallery.pictures import Picture
from studio.models import Offer
from tests.api.conftest import Program
from tests.api.test_edits import EDITS, PHOTO, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    sizes: list[int] = []
    normalise = codec.normalise

    def count(data: bytes) -> Picture:
        sizes.append(len(data))
        return normalise(data)

    monkeypatch.setattr(codec, "normalise", count)
    return sizes


def no_credit(caller: Program) -> None:
    Offer.objects.update(price_micros=150_001)


def no_quota(caller: Program) -> None:
    Plan.objects.update(images_per_day=0)


def no_room(caller: Program) -> None:
    Plan.objects.update(storage_bytes=0)


def no_cap(caller: Program) -> None:
    ApiKey.objects.update(monthly_cap_micros=2_999)
    caller.key.refresh_from_db()


def no_role(caller: Program) -> None:
    Membership.objects.update(role=Role.VIEWER)


def no_scope(caller: Program) -> None:
    ApiKey.objects.update(scopes=["read"])


@pytest.mark.parametrize(
    ("take_away", "status"),
    [
        (no_credit, 402),
        (no_cap, 402),
        (no_quota, 429),
        (no_room, 429),
        (no_role, 403),
        (no_scope, 403),
    ],
)
def test_who_may_not_make_has_nothing_decoded(
    ada_calls: Program,
    decoded: list[int],
    take_away: Callable[[Program], None],
    status: int,
) -> None:
    take_away(ada_calls)
    for key in ({}, {"Idempotency-Key": "one"}):
        response = ada_calls.form(EDITS, prompt="add snow", image=upload(), headers=key)
        assert response.status_code == status, response.content
    assert decoded == []
    assert Image.objects.count() == PendingObject.objects.count() == 0


def test_a_field_that_is_wrong_has_nothing_decoded(ada_calls: Program, decoded: list[int]) -> None:
    for field, value in (("steps", "51"), ("model", "step-2x-large"), ("n", "11")):
        response = ada_calls.form(EDITS, prompt="add snow", image=upload(), **{field: value})
        assert (response.status_code, response.json()["error"]["param"]) == (400, field)
    assert decoded == []
    assert ada_calls.form(EDITS, prompt="add snow", image=upload()).status_code == 200
    assert decoded == [len(PHOTO)]


def test_an_order_that_was_accepted_is_found_without_credit(
    ada_calls: Program, decoded: list[int]
) -> None:
    key = {"Idempotency-Key": "one"}
    assert ada_calls.form(EDITS, prompt="x", image=upload(), headers=key).status_code == 200
    Offer.objects.update(price_micros=150_001)
    assert ada_calls.form(EDITS, prompt="x", image=upload(), headers=key).status_code == 200
    assert decoded == [len(PHOTO)]
