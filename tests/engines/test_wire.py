"""What a long image in an answer is read as, however the service wrote it."""

import base64
import json
from typing import Any

import pytest

from studio.engines.contract import Trouble
from studio.engines.wire import first_item, image_of_base64

IMAGE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 400
TEXT = base64.b64encode(IMAGE).decode()


def answered(*items: dict[str, Any], **around: Any) -> bytes:
    return json.dumps({**around, "data": items}).encode()


@pytest.mark.parametrize(
    "body",
    [
        answered({"seed": 7, "b64_json": TEXT}),
        answered({"b64_json": TEXT, "seed": 7}, created=1),
        answered({"b64_json": TEXT, "seed": 7}, said='an "b64_json":"in words'),
        answered({"b64_json": TEXT, "seed": 7}).replace(b"/", rb"\/"),
        answered({"b64_json": f"data:image/png;base64,{TEXT}", "seed": 7}),
        answered({"b64_json": TEXT, "seed": 7}, {"b64_json": "A" * 100_000}),
        json.dumps({"data": [{"b64_json": TEXT, "seed": 7}]}, indent=2).encode(),
    ],
)
def test_it_is_the_image_that_was_sent(body: bytes) -> None:
    item = first_item(body)
    assert image_of_base64(item["b64_json"]) == IMAGE
    assert item["seed"] == 7


def test_an_older_field_holds_it_too() -> None:
    assert image_of_base64(first_item(answered({"image": TEXT}))["image"]) == IMAGE


def test_no_other_item_lends_its_image() -> None:
    item = first_item(answered({"b64_json": None, "url": "https://x/y.png"}, {"b64_json": TEXT}))
    assert item == {"b64_json": None, "url": "https://x/y.png"}


@pytest.mark.parametrize(
    "body",
    [
        answered({"b64_json": "@" + TEXT}),
        answered({"b64_json": TEXT})[:-3],
        answered({"b64_json": TEXT})[:-5],
        answered({"b64_json": TEXT + "é"}),
        answered({"b64_json": TEXT}, error={"code": "oops"}),
    ],
)
def test_what_is_broken_is_no_image(body: bytes) -> None:
    with pytest.raises(Trouble):
        image_of_base64(first_item(body)["b64_json"])
