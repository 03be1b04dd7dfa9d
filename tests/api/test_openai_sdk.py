"""OpenAI's own SDK against the running product: only address and key are ours."""

import asyncio
import base64
import io
import json
from pathlib import Path

import httpx
import openai
import pytest
from PIL import Image as Pillow

from tests.api.conftest import MODEL, charged_micros, jobs_made, picture
from tests.api.test_edits import noise
from tests.gallery.makers import jpeg
from tests.gallery.test_compose import mask
from tests.product import Product
from tests.studio.makers import png

MEGABYTE = 1024 * 1024


def test_generate(sdk: openai.OpenAI) -> None:
    found = sdk.images.generate(
        model=MODEL,
        prompt="a lake",
        size="768x1360",  # type: ignore[arg-type]
        response_format="b64_json",
        extra_body={"seed": 42, "steps": 4},
    )
    assert found.data
    assert picture(found.data[0].b64_json).size == (1360, 768)
    assert found.data[0].seed == 42  # type: ignore[attr-defined]
    assert found.data[0].finish_reason == "success"  # type: ignore[attr-defined]
    assert found.x_cost == 3_000  # type: ignore[attr-defined]
    assert found._request_id
    assert found._request_id.startswith("req_")


def test_a_link_needs_no_key(sdk: openai.OpenAI) -> None:
    found = sdk.images.generate(model=MODEL, prompt="a lake", user="u1")
    assert found.data
    assert found.data[0].url
    response = httpx.get(found.data[0].url)
    assert response.headers["content-type"] == "image/png"
    assert Pillow.open(io.BytesIO(response.content)).size == (1024, 1024)


def test_four(sdk: openai.OpenAI, product: Product) -> None:
    before = charged_micros(product)
    found = sdk.images.generate(model=MODEL, prompt="a lake", n=4)
    assert found.data
    assert len({each.url for each in found.data}) == 4
    assert charged_micros(product) == before + 12_000


def test_edit_one_file(sdk: openai.OpenAI) -> None:
    """Raw bytes arrive named "upload", without a type."""
    found = sdk.images.edit(
        model=MODEL, image=png(64, 48), prompt="add snow", response_format="b64_json", n=1
    )
    assert found.data
    assert picture(found.data[0].b64_json).size == (64, 48)


def test_edit_a_list_of_one(sdk: openai.OpenAI, tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(jpeg(48, 64))
    with file.open("rb") as photo:
        found = sdk.images.edit(
            model=MODEL,
            image=[photo],
            prompt="add snow",
            response_format="b64_json",
            quality="high",
            extra_body={"cfg_scale": 2.5, "text_mode": True},
        )
    assert found.data
    assert picture(found.data[0].b64_json).size == (48, 64)
    assert "quality is ignored" in found.x_warnings[0]  # type: ignore[attr-defined]


def test_edit_four_with_a_mask(sdk: openai.OpenAI) -> None:
    """Outside of what is see-through, every pixel stays."""
    found = sdk.images.edit(
        model=MODEL,
        image=("photo.png", png(256, 256, "red"), "image/png"),
        mask=("mask.png", mask(hole=(96, 96, 160, 160)), "image/png"),
        prompt="add snow",
        response_format="b64_json",
        n=4,
    )
    assert found.data
    assert len(found.data) == 4
    for each in found.data:
        assert picture(each.b64_json).convert("RGB").getpixel((10, 10)) == (255, 0, 0)
        assert picture(each.b64_json).convert("RGB").getpixel((128, 128)) != (255, 0, 0)


def test_edit_several_files(sdk: openai.OpenAI, product: Product) -> None:
    """No model here takes more than one: that is said, by name, and nothing is made."""
    before = jobs_made(product)
    with pytest.raises(openai.BadRequestError) as no:
        sdk.images.edit(model=MODEL, image=[png(8, 8), png(9, 9)], prompt="add snow")
    assert (no.value.param, no.value.code) == ("image", "invalid_value")
    assert "one image at a time" in no.value.message
    assert jobs_made(product) == before


def test_models(sdk: openai.OpenAI) -> None:
    found = {model.id: model for model in sdk.models.list()}
    assert found[MODEL].price_micros == 3_000  # type: ignore[attr-defined]
    assert sdk.models.retrieve(MODEL).owned_by == "easel"


def test_at_once(product: Product, secret: str) -> None:
    """The asynchronous client, with several calls on their way."""

    async def make() -> list[str]:
        async with openai.AsyncOpenAI(base_url=f"{product.url}/v1", api_key=secret) as client:
            calls = [
                *(client.images.generate(model=MODEL, prompt="a lake", n=n) for n in (1, 2)),
                client.images.edit(model=MODEL, image=png(64, 48), prompt="add snow"),
            ]
            found = await asyncio.gather(*calls)
            return [str(each.id) for answer in found for each in answer.data or []]  # type: ignore[attr-defined]

    assert len(set(asyncio.run(make()))) == 4


# Bodies of all sizes


def test_the_raw_answer(sdk: openai.OpenAI) -> None:
    raw = sdk.images.with_raw_response.generate(model=MODEL, prompt="a")
    assert raw.headers["x-request-id"].startswith("req_")
    assert raw.headers["x-should-retry"] == "false"
    assert int(raw.headers["x-ratelimit-remaining-requests"]) >= 0
    data = raw.parse().data
    assert data
    assert data[0].url


def test_a_large_photo_in_and_out(sdk: openai.OpenAI) -> None:
    """Nothing in it can be compressed, so that what comes back is as large."""
    photo = noise(1400, 1400)
    assert len(photo) > 5 * MEGABYTE
    with sdk.images.with_streaming_response.edit(
        model=MODEL, image=photo, prompt="add snow", response_format="b64_json"
    ) as response:
        body = b"".join(response.iter_bytes(64 * 1024))
    assert len(body) > 4 * MEGABYTE
    text = json.loads(body)["data"][0]["b64_json"]
    assert picture(text).size == (1400, 1400)


def test_the_largest_photo(sdk: openai.OpenAI) -> None:
    """Of 20 MB, less a little; one that is a little more is refused by name."""
    photo = noise(2640, 2640)
    assert 19 * MEGABYTE < len(photo) < 20 * MEGABYTE
    found = sdk.images.edit(
        model=MODEL, image=photo, prompt="add snow", extra_body={"dry_run": True}
    )
    assert found.request["image"] == {"width": 2640, "height": 2640}  # type: ignore[attr-defined]
    with pytest.raises(openai.BadRequestError) as no:
        sdk.images.edit(model=MODEL, image=photo + bytes(MEGABYTE), prompt="add snow")
    assert (no.value.param, no.value.code) == ("image", "invalid_image")


def test_the_smallest_photo(sdk: openai.OpenAI) -> None:
    found = sdk.images.edit(model=MODEL, image=png(1, 1), prompt="a", response_format="b64_json")
    assert found.data
    assert picture(found.data[0].b64_json).size == (1, 1)


def test_a_photo_in_chunks(product: Product, secret: str) -> None:
    """As the SDK for Node sends it: without a length, in pieces of any size."""
    request = httpx.Request(
        "POST",
        f"{product.url}/v1/images/edits",
        data={"model": MODEL, "prompt": "add snow", "response_format": "b64_json"},
        files={"image": ("photo.jpg", jpeg(640, 480))},
    )
    body = request.read()
    for size in (7, 4096, len(body)):
        pieces = (body[start : start + size] for start in range(0, len(body), size))
        response = httpx.post(
            request.url,
            content=pieces,
            headers={
                "Authorization": f"Bearer {secret}",
                "Content-Type": request.headers["content-type"],
            },
        )
        assert response.request.headers["transfer-encoding"] == "chunked"
        assert response.status_code == 200, response.text
        assert picture(response.json()["data"][0]["b64_json"]).size == (640, 480)


def test_chunks_without_end(product: Product, secret: str) -> None:
    def parts(size: int) -> "list[bytes]":
        return [
            b'{"prompt": "a lake", "dry_run": true, "user": "',
            *[b"x" * MEGABYTE] * size,
            b'"}',
        ]

    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    for size, status in ((2, 200), (29, 413)):
        response = httpx.post(
            f"{product.url}/v1/images/generations", content=iter(parts(size)), headers=headers
        )
        assert response.status_code == status, response.text


def test_text_is_a_photo_too(sdk: openai.OpenAI) -> None:
    """As the vendor takes it: base64 in a field of the form."""
    text = base64.b64encode(png(64, 48)).decode()
    found = sdk.post(
        "/images/edits",
        cast_to=openai.types.ImagesResponse,
        body={"model": MODEL, "prompt": "add snow", "image": f"data:image/png;base64,{text}"},
    )
    assert found.data
    assert found.data[0].url


# Keys


def test_two_headers_are_refused(product: Product, secret: str) -> None:
    headers = [("Authorization", f"Bearer {secret}"), ("Authorization", f"Bearer {secret}")]
    assert httpx.get(f"{product.url}/v1/models", headers=headers).status_code == 401


def test_nothing_private_is_logged(product: Product, secret: str) -> None:
    headers = {"Authorization": f"Bearer {secret}"}
    for body in ({"prompt": "walrus in silk"}, {"prompt": "walrus in silk", "n": 0}):
        httpx.post(f"{product.url}/v1/images/generations", json=body, headers=headers)
    for role in (*product.webs, *product.workers):
        assert secret not in product.log(role)
        assert "walrus" not in product.log(role)
