"""`Idempotency-Key`: one order, however often it is sent."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import User, Workspace
from studio import jobs
from studio.engines.contract import Trouble
from studio.models import Job, Offer, RepeatKey
from tests.api.conftest import Program, balance, program
from tests.studio.makers import Puppet, png

pytestmark = pytest.mark.django_db
KEY = {"Idempotency-Key": "order-1"}


def without_links(body: dict[str, Any]) -> dict[str, Any]:
    for datum in body["data"]:
        assert datum.pop("url")
    return body


def test_the_same_answer_again(ada_calls: Program, workspace: Workspace) -> None:
    first = ada_calls.generate(KEY, n=2, user="u1", size="768x1360")
    again = ada_calls.generate(KEY, n=2, user="u1", size="768x1360")
    assert (first.status_code, again.status_code) == (200, 200)
    assert without_links(first.json()) == without_links(again.json())
    assert Job.objects.count() == 2
    assert balance(workspace) == (144_000, 0)


def test_the_order_of_the_fields_is_no_other_body(ada_calls: Program) -> None:
    body = {"prompt": "a lake", "n": 1}
    for each in (body, dict(reversed(body.items()))):
        ada_calls.post("/v1/images/generations", json.dumps(each), headers=KEY)
    assert Job.objects.count() == 1


def test_another_body(ada_calls: Program, workspace: Workspace) -> None:
    ada_calls.generate(KEY)
    response = ada_calls.generate(KEY, prompt="a hill")
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "idempotency_key_reused"
    assert response.json()["error"]["param"] == "Idempotency-Key"
    assert ada_calls.generate(KEY, response_format="b64_json").status_code == 422
    assert balance(workspace) == (147_000, 0)


def test_a_photo_is_part_of_the_body(ada_calls: Program) -> None:
    def edit(photo: bytes) -> int:
        image = SimpleUploadedFile("a.png", photo, "image/png")
        answer = ada_calls.form("/v1/images/edits", prompt="add snow", image=image, headers=KEY)
        return int(answer.status_code)

    assert edit(png(8, 8)) == 200
    assert edit(png(8, 8)) == 200
    assert edit(png(8, 9)) == 422
    assert Job.objects.count() == 1


def test_a_failure_is_the_same_again(ada_calls: Program, puppet: Puppet) -> None:
    puppet.does = [Trouble("It broke.")] * 3
    first, again = ada_calls.generate(KEY), ada_calls.generate(KEY)
    assert first.status_code == again.status_code == 502
    assert first.json() == again.json()
    assert len(puppet.calls) == 3


def test_it_is_found_though_the_model_is_off_now(ada_calls: Program) -> None:
    assert ada_calls.generate(KEY).status_code == 200
    Offer.objects.update(is_on=False)
    assert ada_calls.generate(KEY).status_code == 200
    assert ada_calls.generate().status_code == 400


def test_who_comes_while_it_runs_joins(ada_calls: Program, puppet: Puppet) -> None:
    accepted = ada_calls.generate({**KEY, "Prefer": "respond-async"}).json()
    assert accepted["state"] == "queued"
    joined = ada_calls.generate(KEY)
    assert joined.json()["x_jobs"] == [accepted["id"]]
    assert len(puppet.calls) == 1


def test_who_asked_for_the_jobs_has_them_again(ada_calls: Program, puppet: Puppet) -> None:
    """202 and the same shape, though they have ended meanwhile; so too if they failed."""
    for fault in ([], [Trouble("It broke.")] * 3):
        puppet.does = [*fault]
        headers = {"Idempotency-Key": f"jobs-{len(fault)}", "Prefer": "respond-async"}
        first = ada_calls.generate(headers)
        ended = ada_calls.get(first["Location"], data={"wait": "9"}).json()
        again = ada_calls.generate(headers)
        assert (first.status_code, again.status_code) == (202, 202)
        assert again["Location"] == first["Location"]
        assert set(again.json()) == set(first.json())
        assert again.json()["state"] == ended["state"] == ("failed" if fault else "succeeded")
        assert again.json()["x_cost"] == (0 if fault else 3_000)
    assert Job.objects.count() == 2


def test_a_key_is_of_its_workspace(ada_calls: Program, mallory: User, workspace: Workspace) -> None:
    ada_calls.generate(KEY)
    assert program(mallory).generate(KEY, prompt="a hill").status_code == 200
    assert program(mallory, None).generate(KEY, prompt="a lake").status_code == 422
    assert program(ada_calls.key.created_by).generate(KEY).status_code == 200
    assert Job.objects.in_workspace(workspace).count() == 1


def test_a_refusal_binds_nothing(ada_calls: Program) -> None:
    assert ada_calls.generate(KEY, n=11).status_code == 400
    assert ada_calls.generate(KEY, n=1).status_code == 200


def test_a_refusal_for_credit_may_be_sent_again(ada_calls: Program, workspace: Workspace) -> None:
    Offer.objects.update(price_micros=150_001)
    assert ada_calls.generate(KEY).status_code == 402
    Offer.objects.update(price_micros=3_000)
    assert ada_calls.generate(KEY).status_code == 200


def test_a_request_that_died_leaves_the_key_usable(
    ada_calls: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(**_: Any) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "submit", die)
        assert ada_calls.generate(KEY).status_code == 500
    assert RepeatKey.objects.count() == 1
    assert ada_calls.generate(KEY, prompt="a hill").status_code == 422
    RepeatKey.objects.update(created_at=timezone.now() - timedelta(seconds=60))
    assert ada_calls.generate(KEY, prompt="a hill").status_code == 200
    assert ada_calls.generate(KEY).status_code == 422


def test_it_may_be_sent_again_at_once_if_it_is_the_same(
    ada_calls: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(**_: Any) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "submit", die)
        ada_calls.generate(KEY)
    assert ada_calls.generate(KEY).status_code == 200


def test_a_day_later_the_key_is_free(ada_calls: Program) -> None:
    ada_calls.generate(KEY)
    RepeatKey.objects.update(created_at=timezone.now() - timedelta(hours=23, minutes=59))
    assert ada_calls.generate(KEY, prompt="a hill").status_code == 422
    RepeatKey.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    assert ada_calls.generate(KEY, prompt="a hill").status_code == 200
    assert RepeatKey.objects.count() == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel", "a\tb", "a\x7fb"])
def test_a_key_that_is_none(ada_calls: Program, key: str) -> None:
    for dry_run in (False, True):
        response = ada_calls.generate({"Idempotency-Key": key}, dry_run=dry_run)
        assert response.status_code == 400
        assert response.json()["error"]["param"] == "Idempotency-Key"
    assert Job.objects.count() == 0


@pytest.mark.parametrize("key", ["x", "x" * 255, "01890000-0000-7000-8000-000000000000", "a b ~!"])
def test_a_key_that_is_one(ada_calls: Program, key: str) -> None:
    assert ada_calls.generate({"Idempotency-Key": key}).status_code == 200


def test_a_dry_run_binds_nothing(ada_calls: Program) -> None:
    ada_calls.generate(KEY, dry_run=True)
    assert ada_calls.generate(KEY).status_code == 200
