"""The strict server: it refuses what the service refuses, and commits faults on request."""

import base64
import json
from typing import Any

import httpx
import pytest

from studio.engines.contract import Busy, Refused, Trouble
from tests.engines.makers import MODEL, edit, failure_of, generate, picture
from tests.engines.strict_rules import MODELS
from tests.engines.strict_stepfun import StrictStepfun


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"model": "step-9"}, 404),
        ({"model": "step-1x-edit"}, 400),
        ({"prompt": ""}, 400),
        ({"prompt": "x" * 513}, 400),
        ({"prompt": None}, 400),
        ({"n": 2}, 400),
        ({"n": True}, 400),
        ({"size": "1360x769"}, 400),
        ({"size": [1024, 1024]}, 400),
        ({"seed": -1}, 400),
        ({"seed": 2**31}, 400),
        ({"seed": "1"}, 400),
        ({"steps": 0}, 400),
        ({"steps": 51}, 400),
        ({"steps": 1.5}, 400),
        ({"cfg_scale": 0.9}, 400),
        ({"cfg_scale": 10.1}, 400),
        ({"negative_prompt": "x" * 513}, 400),
        ({"text_mode": "true"}, 400),
        ({"response_format": "png"}, 400),
        ({"quality": "high"}, 400),
        ({"style_reference": {"source_url": "https://a.example/a.png"}}, 400),
        ({"model": "step-2x-large", "text_mode": True}, 400),
        ({"prompt": "🌊" * 512, "n": 1, "cfg_scale": 10, "size": "768x1360"}, 200),
    ],
)
def test_the_strict_server_takes_only_what_is_documented(strict, changes, status):
    fields = {"model": MODEL, "prompt": "a lake"} | changes
    assert _post(strict, "/images/generations", json.dumps(fields).encode())[0] == status
    assert strict.images_made == (1 if status == 200 else 0)


@pytest.mark.parametrize(
    ("image", "status"),
    [
        (picture(), 200),
        (picture(4096, 1), 200),
        (picture(4097, 1), 400),
        (b"no image", 400),
        (picture()[:100], 400),
    ],
    ids=["fine", "widest", "too wide", "text", "truncated"],
)
def test_the_strict_server_looks_at_the_image(strict, engine, image, status):
    if status == 200:
        assert engine.run(edit(image=image)).data
    else:
        assert isinstance(failure_of(engine, edit(image=image)), (Refused, Trouble))
    assert strict.requests[-1].status == status


def test_the_strict_server_takes_base64_images_and_exactly_one(strict):
    text = base64.b64encode(picture()).decode()
    for count, status in ((0, 400), (1, 200), (2, 400)):
        parts = [("model", MODEL), ("prompt", "snow"), *[("image", text)] * count]
        body = "".join(
            f'--mark\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in parts
        )
        kind = "multipart/form-data; boundary=mark"
        answer = _post(strict, "/images/edits", f"{body}--mark--\r\n".encode(), kind)
        assert answer[0] == status


def test_the_strict_server_is_scripted_over_http(strict, engine):
    origin = strict.base_url.removesuffix("/v1")
    assert _post(strict, f"{origin}/_faults", b'["503"]')[0] == 200
    assert _post(strict, f"{origin}/_faults", b'{"always": "429-2"}')[0] == 200
    assert _post(strict, f"{origin}/_faults", b'["no such"]')[0] == 400
    kinds = [type(failure_of(engine, generate())) for _ in range(3)]
    assert kinds == [Trouble, Busy, Busy]
    assert _post(strict, f"{origin}/_faults", b'{"always": null}')[0] == 200
    engine.run(edit())
    calls = _get(f"{origin}/_calls")
    assert calls["images_made"] == 1
    assert calls["counts"] == {"generate": 3, "edit": 1}
    assert [call["fault"] for call in calls["calls"]] == ["503", "429-2", "429-2", None]
    assert calls["calls"][-1]["image_bytes"] == [len(picture())]


def test_the_models_of_the_tests_are_the_models_of_the_strict_server(engine):
    assert set(engine._models) == set(MODELS)


def _post(
    strict: StrictStepfun, where: str, body: bytes, kind: str = "application/json"
) -> tuple[int, Any]:
    url = where if where.startswith("http") else strict.base_url + where
    headers = {"Authorization": f"Bearer {strict.key}", "Content-Type": kind}
    answer = httpx.post(url, content=body, headers=headers)
    return answer.status_code, answer.json()


def _get(url: str) -> Any:
    return httpx.get(url).json()
