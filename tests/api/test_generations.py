"""POST /v1/images/generations as a program sees it."""

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from PIL import Image as Pillow

from accounts.models import Plan, User, Workspace
from gallery.models import Image
from studio.engines.contract import Filtered, OutOfService, Refused, StyleReference, Trouble
from studio.models import Job, Offer
from tests.api.conftest import Program, balance, program
from tests.studio.makers import Puppet

pytestmark = pytest.mark.django_db


def test_an_image_is_made_paid_and_kept(
    ada_calls: Program, workspace: Workspace, client: Client
) -> None:
    response = ada_calls.generate(seed=42, steps=4, cfg_scale=2)
    body = response.json()
    assert response.status_code == 200
    (datum,) = body["data"]
    image = Image.objects.get(pk=datum["id"])
    assert (image.workspace, image.seed, image.steps, image.cfg_scale) == (workspace, 42, 4, 2.0)
    assert (datum["seed"], datum["finish_reason"]) == (42, "success")
    assert isinstance(body["created"], int)
    assert (body["x_cost"], body["x_warnings"]) == (3_000, [])
    assert balance(workspace) == (147_000, 0)
    assert response["x-should-retry"] == "false"
    assert Job.objects.get().api_key == ada_calls.key
    picture = client.get(datum["url"])
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/png")
    assert b"".join(picture.streaming_content)[:4] == b"\x89PNG"


def test_the_image_itself(ada_calls: Program) -> None:
    (datum,) = ada_calls.generate(response_format="b64_json").json()["data"]
    assert "url" not in datum
    assert Pillow.open(io.BytesIO(base64.b64decode(datum["b64_json"]))).size == (1024, 1024)


def test_several_are_fanned_out_and_said_to_be(ada_calls: Program, workspace: Workspace) -> None:
    body = ada_calls.generate(n=4, seed=5).json()
    assert [each["seed"] for each in body["data"]] == [5, 6, 7, 8]
    assert len({each["id"] for each in body["data"]}) == 4
    assert any("fanned out" in said for said in body["x_warnings"])
    assert (body["x_cost"], balance(workspace)) == (12_000, (138_000, 0))


def test_one_filtered_of_four_is_not_charged(
    ada_calls: Program, workspace: Workspace, puppet: Puppet
) -> None:
    puppet.does = [Filtered("Say it otherwise.")]
    body = ada_calls.generate(n=4).json()
    reasons = sorted(each["finish_reason"] for each in body["data"])
    assert reasons == ["content_filtered", "success", "success", "success"]
    assert (body["x_cost"], balance(workspace)) == (9_000, (141_000, 0))


def test_filtered_is_told_as_the_vendor_tells_it(
    ada_calls: Program, workspace: Workspace, puppet: Puppet
) -> None:
    puppet.does = [Filtered("Say it otherwise.")]
    response = ada_calls.generate()
    (datum,) = response.json()["data"]
    assert response.status_code == 200
    assert (datum["finish_reason"], datum["id"]) == ("content_filtered", None)
    assert not {"url", "b64_json"} & set(datum)
    assert "Say it otherwise." in response.json()["x_warnings"]
    assert (response.json()["x_cost"], balance(workspace)) == (0, (150_000, 0))


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Refused("The prompt is odd."), 400, "refused"),
        (OutOfService("", fault="key"), 503, "out_of_service"),
        (OutOfService("", fault="model"), 503, "out_of_service"),
        (Trouble("It broke."), 502, "unavailable"),
    ],
)
def test_what_fails_is_not_charged_and_not_to_be_sent_again(
    ada_calls: Program,
    workspace: Workspace,
    puppet: Puppet,
    fault: Exception,
    status: int,
    code: str,
) -> None:
    puppet.does = [fault, fault, fault]
    response = ada_calls.generate()
    assert response.status_code == status
    assert response.json()["error"]["code"] == code
    assert response["x-should-retry"] == "false"
    assert response["Location"] == f"/v1/jobs/{Job.objects.get().pk}"
    assert balance(workspace) == (150_000, 0)


def test_the_size_is_in_the_models_own_order(ada_calls: Program, puppet: Puppet) -> None:
    """This model writes height x width; the picture is to be as it says."""
    body = ada_calls.generate(size="768x1360").json()
    assert puppet.calls[0].size == (1360, 768)
    assert Image.objects.get().size == "1360x768"
    assert body["x_warnings"] == [
        "size is height x width for step-image-edit-2: the image is 1360 pixels wide and 768 high."
    ]
    Offer.objects.filter(model="step-2x-large").update(is_on=True, price_micros=20_000)
    body = ada_calls.generate(model="step-2x-large", size="800x1280").json()
    assert puppet.calls[1].size == (800, 1280)
    assert body["x_warnings"] == []


def test_what_is_ignored_is_said(ada_calls: Program, puppet: Puppet) -> None:
    body = ada_calls.generate(
        user="u1", quality="hd", style="vivid", output_format="png", negative_prompt="fog"
    ).json()
    said = " ".join(body["x_warnings"])
    for name in ("user", "quality", "style", "output_format"):
        assert f"{name} is ignored" in said
    assert "negative prompt is not sent" in said
    assert puppet.calls[0].negative_prompt == ""


def test_null_is_as_if_left_out(ada_calls: Program) -> None:
    body = ada_calls.generate(n=None, size=None, seed=None, user=None).json()
    assert (len(body["data"]), body["x_warnings"]) == (1, [])


def test_a_model_that_is_left_out(ada_calls: Program) -> None:
    response = ada_calls.post("/v1/images/generations", {"prompt": "a lake"})
    assert "step-image-edit-2 was taken" in response.json()["x_warnings"][0]
    dry = {"prompt": "a lake", "n": 2, "negative_prompt": "fog"}
    said = ada_calls.post("/v1/images/generations", dry | {"dry_run": True}).json()["x_warnings"]
    assert said == ada_calls.post("/v1/images/generations", dry).json()["x_warnings"]
    assert len(said) == 3


def test_a_model_that_nobody_knows(ada_calls: Program) -> None:
    for name in ("", "gpt-image-1"):
        error = ada_calls.generate(model=name).json()["error"]
        assert error["message"] == "There is no model of this name."
        assert (error["param"], error["code"]) == ("model", "model_not_found")
    Offer.objects.exclude(model="step-2x-large").update(is_on=False)
    edit = {"prompt": "add snow", "image": "YWJj"}
    error = ada_calls.post("/v1/images/edits", edit).json()["error"]
    assert (error["param"], error["message"]) == ("model", "No model can do this at the moment.")


def test_a_style_reference(ada_calls: Program, puppet: Puppet) -> None:
    Offer.objects.filter(model="step-1x-medium").update(is_on=True, price_micros=5_000)
    given = {"source_url": "https://example.com/a.png", "weight": 2}
    ada_calls.generate(model="step-1x-medium", style_reference=given)
    assert puppet.calls[0].style_reference == StyleReference(
        source_url="https://example.com/a.png", weight=2.0
    )


@pytest.mark.parametrize("prompt", ["🦊 🏔️", "حصان أزرق", "<script>alert(1)</script>", "a" * 512])
def test_words_of_every_kind(ada_calls: Program, puppet: Puppet, prompt: str) -> None:
    assert ada_calls.generate(prompt=prompt).status_code == 200
    assert puppet.calls[0].prompt == prompt


def test_a_dry_run_does_nothing(ada_calls: Program, workspace: Workspace) -> None:
    body = ada_calls.generate(dry_run=True, n=3, size="768x1360", user="u1").json()
    assert (body["price_micros"], body["total_micros"], body["calls"]) == (3_000, 9_000, 3)
    assert body["request"] | {"size": "768x1360", "steps": 8, "cfg_scale": 1.0} == body["request"]
    assert len(body["x_warnings"]) == 3
    assert (body["would_be_accepted"], body["why_not"]) == (True, None)
    assert Job.objects.count() == 0
    assert balance(workspace) == (150_000, 0)


LIMITS: dict[str, tuple[Callable[[Program], Any], str]] = {
    "credit": (lambda _: Offer.objects.update(price_micros=150_001), "insufficient_credit"),
    "day": (lambda _: Plan.objects.update(images_per_day=0), "quota_exceeded"),
    "queue": (lambda _: Plan.objects.update(queued_limit=0), "queue_full"),
    "storage": (lambda _: Plan.objects.update(storage_bytes=0), "quota_exceeded"),
    "cap": (lambda caller: caller.cap(2_999), "monthly_cap_reached"),
}


@pytest.mark.parametrize("limit", LIMITS)
def test_a_dry_run_says_what_it_would_be_refused_with(ada_calls: Program, limit: str) -> None:
    """The very words of the refusal, beside the price, so that both are known."""
    act, code = LIMITS[limit]
    act(ada_calls)
    dry = ada_calls.generate(dry_run=True)
    assert (dry.status_code, dry.json()["would_be_accepted"]) == (200, False)
    real = ada_calls.generate().json()["error"]
    assert dry.json()["why_not"] == {"code": code, "message": real["message"]}
    assert real["code"] == code


def test_no_credit(ada_calls: Program, workspace: Workspace) -> None:
    Offer.objects.update(price_micros=75_000)
    assert ada_calls.generate(n=2).status_code == 200
    response = ada_calls.generate()
    assert response.status_code == 402
    assert response.json()["error"]["code"] == "insufficient_credit"
    assert balance(workspace) == (0, 0)


@pytest.mark.usefixtures("_at_once")
def test_the_cap_of_a_key(ada: User, workspace: Workspace) -> None:
    capped = program(ada, monthly_cap_micros=6_000)
    assert capped.generate(n=2).status_code == 200
    response = capped.generate()
    assert (response.status_code, response.json()["error"]["code"]) == (402, "monthly_cap_reached")
    assert program(ada).generate().status_code == 200
    assert balance(workspace) == (141_000, 0)


def test_the_quota_of_a_plan(ada_calls: Program, workspace: Workspace) -> None:
    workspace.plan.images_per_day = 1
    workspace.plan.save()
    assert ada_calls.generate().status_code == 200
    response = ada_calls.generate()
    assert (response.status_code, response.json()["error"]["code"]) == (429, "quota_exceeded")
    assert response["x-should-retry"] == "false"


def test_a_queue_that_is_full_may_be_tried_again(ada_calls: Program, workspace: Workspace) -> None:
    workspace.plan.queued_limit = 0
    workspace.plan.save()
    response = ada_calls.generate()
    assert (response.status_code, response.json()["error"]["code"]) == (429, "queue_full")
    assert response["Retry-After"] == "2"
    assert "x-should-retry" not in response
    assert balance(workspace) == (150_000, 0)


def test_an_error_after_it_was_accepted_is_not_to_be_sent_again(
    ada_calls: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("studio.jobs.wait", fail)
    response = ada_calls.generate()
    assert response.status_code == 500
    assert response["x-should-retry"] == "false"
    assert json.loads(response.content)["error"]["code"] == "internal_error"
    assert response["x-request-id"].startswith("req_")
    assert Job.objects.count() == 1
