"""Every limit is kept and every rewrite told, for pages and programs alike."""

import dataclasses
from typing import Any

import pytest

from studio import orders
from studio.models import Offer
from studio.orders import Asked, Order, OrderError

pytestmark = pytest.mark.django_db


def ask(**asked: Any) -> Order:
    return orders.check(
        Asked(**{"model": "step-image-edit-2", "operation": "generate", "prompt": "a lake"} | asked)
    )


def refusal(**asked: Any) -> OrderError:
    with pytest.raises(OrderError) as refused:
        ask(**asked)
    assert refused.value.sentence.endswith(".")
    return refused.value


@pytest.fixture
def _all_on() -> None:
    Offer.objects.update(is_on=True, price_micros=5_000)


def test_what_is_left_out_is_the_models_own() -> None:
    order = ask()
    assert (order.size, order.steps, order.cfg_scale) == ("1024x1024", 8, 1.0)
    assert (order.seed, order.count, order.text_mode) == (None, 1, False)
    assert (order.negative_prompt, order.rewrites) == ("", ())


def test_what_is_asked_for_is_ordered() -> None:
    asked = {"size": "1360x768", "seed": 0, "steps": 50, "cfg_scale": 10.0, "count": 10}
    order = ask(**asked, negative_prompt="fog", text_mode=True)
    assert asked.items() <= dataclasses.asdict(order).items()
    assert (order.negative_prompt, order.text_mode) == ("fog", True)
    assert order.rewrites == ()


def test_the_price_is_the_databases() -> None:
    assert (ask().price_micros, ask(count=4).total_micros) == (3_000, 12_000)
    Offer.objects.filter(model="step-image-edit-2").update(price_micros=4_000)
    assert ask(count=4).total_micros == 16_000


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", ""),
        ("prompt", " \n\t"),
        ("prompt", "x" * 513),
        ("prompt", "a\x00b"),
        ("prompt", "a\ud800b"),
        ("negative_prompt", "x" * 513),
        ("negative_prompt", "a\udfffb"),
        ("size", "1x1"),
        ("size", "0x0"),
        ("size", "99999x1"),
        ("size", "1024"),
        ("size", "1024x1024x1"),
        ("size", "-1024x1024"),
        ("size", "１０２４x1024"),
        ("seed", -1),
        ("seed", 2**31),
        ("seed", 2**63),
        ("seed", True),
        ("seed", 1.0),
        ("steps", 0),
        ("steps", 51),
        ("steps", True),
        ("steps", 1.5),
        ("cfg_scale", 0.99),
        ("cfg_scale", 10.01),
        ("cfg_scale", True),
        ("cfg_scale", float("nan")),
        ("cfg_scale", float("inf")),
        ("cfg_scale", -float("inf")),
        ("count", 0),
        ("count", -1),
        ("count", 11),
        ("count", 10**9),
        ("count", True),
        ("count", 1.0),
        ("model", "step-1x-medium"),
        ("model", "no-such-model"),
        ("model", ""),
    ],
)
def test_a_wrong_value_is_refused_by_field(field: str, value: object) -> None:
    assert refusal(**{field: value}).field == field


@pytest.mark.parametrize(
    "prompt",
    ["x" * 512, "湖" * 512, "🏔" * 512, "שלום עולם", "<script>alert(1)</script>", "{{ x }}", " a "],
)
def test_a_prompt_is_taken_as_it_is(prompt: str) -> None:
    assert ask(prompt=prompt).prompt == prompt


@pytest.mark.parametrize("seed", [0, 2_147_483_647])
def test_the_seeds_ends_are_taken(seed: int) -> None:
    assert ask(seed=seed).seed == seed


@pytest.mark.usefixtures("_all_on")
@pytest.mark.parametrize(
    ("model", "operation", "words"),
    [
        ("step-2x-large", "edit", "cannot edit photos"),
        ("step-1x-medium", "edit", "cannot edit photos"),
        ("step-1x-edit", "generate", "cannot make pictures from words alone"),
    ],
)
def test_a_model_does_only_what_it_can(model: str, operation: str, words: str) -> None:
    error = refusal(model=model, operation=operation)
    assert error.field == "model"
    assert words in error.sentence


def test_the_negative_prompt_is_told_to_have_no_effect() -> None:
    order = ask(negative_prompt="fog")
    assert order.negative_prompt == ""
    assert order.rewrites == (
        "The negative prompt is not sent: it has no effect while guidance is 1.0.",
    )


def test_the_negative_prompt_is_sent_with_guidance() -> None:
    order = ask(negative_prompt="fog", cfg_scale=1.1)
    assert (order.negative_prompt, order.rewrites) == ("fog", ())


def test_what_a_model_does_not_have_is_told() -> None:
    order = ask(model="step-2x-large", negative_prompt="fog", text_mode=True)
    assert (order.negative_prompt, order.text_mode) == ("", False)
    assert order.rewrites == (
        "The negative prompt is not sent: Step 2X Large has none.",
        "Text mode is not sent: Step 2X Large has none.",
    )


def test_an_edit_keeps_the_photos_size_and_says_so() -> None:
    order = ask(operation="edit", size="1024x1024")
    assert order.size == ""
    assert order.rewrites == ("The size is not sent: the result has the photo's own.",)
    assert ask(operation="edit").rewrites == ()


@pytest.mark.usefixtures("_all_on")
def test_an_edit_by_area_takes_its_sizes() -> None:
    assert ask(model="step-1x-edit", operation="edit").size == "1024x1024"
    assert ask(model="step-1x-edit", operation="edit", size="512x512").size == "512x512"
    assert refusal(model="step-1x-edit", operation="edit", size="1360x768").field == "size"


@pytest.mark.parametrize(
    ("photo", "words"),
    [
        ((63, 100, 1), "64 to 4096 pixels a side; this one is 63 x 100"),
        ((100, 63, 1), "64 to 4096 pixels a side"),
        ((4097, 4000, 1), "64 to 4096 pixels a side"),
        ((1000, 333, 1), "up to 3:1"),
        ((333, 1000, 1), "up to 3:1"),
        ((500, 500, 10 * 1024 * 1024 + 1), "at most 10 MB"),
    ],
)
@pytest.mark.usefixtures("_all_on")
def test_a_photo_that_the_model_cannot_edit(photo: tuple[int, int, int], words: str) -> None:
    order = ask(model="step-1x-edit", operation="edit")
    width, height, size_bytes = photo
    with pytest.raises(OrderError, match=words) as refused:
        orders.check_photo(order, width=width, height=height, size_bytes=size_bytes)
    assert refused.value.field == "photo"


@pytest.mark.parametrize("photo", [(1, 1), (4096, 4096), (4096, 1)])
def test_the_main_model_edits_every_photo_that_is_kept(photo: tuple[int, int]) -> None:
    order = ask(operation="edit")
    orders.check_photo(order, width=photo[0], height=photo[1], size_bytes=20 * 1024 * 1024)
