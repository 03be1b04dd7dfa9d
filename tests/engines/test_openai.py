"""The wire of each dialect: what is sent, what is said to be left out, what comes back."""

import json
from contextlib import closing
from dataclasses import replace
from typing import Any

import httpx
import pytest

from studio.engines.contract import OutOfService, Refused, StyleReference
from studio.engines.dialects import DIALECTS
from studio.engines.fields import NEGATIVE_PROMPT_UNUSED, SIZE_UNUSED, WireModel
from studio.engines.remote import RemoteEngine
from studio.engines.wire import complaint_in
from tests.engines.makers import (
    MODEL,
    WIRE_MODELS,
    edit,
    failure_of,
    generate,
    picture,
    remote,
    size_of,
)
from tests.engines.strict_faults import MEGABYTE
from tests.engines.strict_openai import RULES, StrictOpenai

EVERYTHING: dict[str, Any] = {
    "size": (1360, 768),
    "seed": 0,
    "steps": 4,
    "cfg_scale": 2.5,
    "negative_prompt": "fog",
    "text_mode": True,
    "style_reference": StyleReference(source_url="https://images.example/a.png"),
}
DIFFUSION = {
    "num_inference_steps": 4,
    "guidance_scale": 2.5,
    "seed": 0,
    "negative_prompt": "fog",
    "response_format": "b64_json",
}
SENT: dict[str, dict[str, Any]] = {
    "openai": {},
    "vllm-omni": DIFFUSION,
    "sglang": DIFFUSION,
    "localai": {"step": 4, "seed": 0, "response_format": "b64_json"},
}
SAID = {
    "openai": "OpenAI takes no steps, guidance, seed, negative prompt, text mode or style "
    "reference, so none was sent.",
    "vllm-omni": "vLLM-Omni takes no text mode or style reference, so none was sent.",
    "sglang": "SGLang takes no text mode or style reference, so none was sent.",
    "localai": "LocalAI takes no guidance, text mode or style reference, so none was sent.",
}


def only(*services: str) -> Any:
    return pytest.mark.parametrize("service", services, indirect=True)


each = only(*DIALECTS)
each_that_edits = only("openai", "vllm-omni", "sglang")


def test_the_strict_servers_are_those_of_the_dialects():
    assert set(RULES) == set(DIALECTS) == set(SENT) == set(SAID)


@each
def test_a_full_generation_field_by_field(strict, engine, service):
    result = engine.run(generate(prompt="灯塔 🌊", **EVERYTHING))
    prompt = "灯塔 🌊|fog" if service == "localai" else "灯塔 🌊"
    common = {"model": MODEL, "prompt": prompt, "size": "1360x768"}
    assert strict.requests[-1].fields == common | SENT[service]
    assert result.notes == [SAID[service]]
    assert size_of(result.data) == (1360, 768)


@each_that_edits
def test_a_full_edit_field_by_field(strict, engine, service):
    image = picture(96, 64, "WEBP")
    result = engine.run(edit(prompt="添加雪", image=image, **EVERYTHING))
    sent = {name: str(value) for name, value in SENT[service].items()}
    assert strict.requests[-1].fields == {"model": MODEL, "prompt": "添加雪"} | sent
    assert strict.requests[-1].images == [image]
    assert result.notes == [SAID[service], SIZE_UNUSED]
    assert size_of(result.data) == (96, 64)


@each
def test_nothing_is_said_when_nothing_was_left_out(strict, engine, service):
    assert engine.run(generate()).notes == []


@only("openai", "localai")
def test_one_and_two_left_out(strict, engine, service):
    assert engine.run(generate(cfg_scale=1.0)).notes == [
        f"{DIALECTS[service].title} takes no guidance, so none was sent."
    ]
    assert engine.run(generate(cfg_scale=1.0, text_mode=True)).notes == [
        f"{DIALECTS[service].title} takes no guidance or text mode, so none was sent."
    ]


@only("localai")
def test_an_edit_is_refused_beforehand_where_there_are_none(strict, engine):
    error = failure_of(engine, edit())
    assert type(error) is Refused
    assert error.sentence == "LocalAI cannot edit photos. Choose another model."
    assert not strict.requests


@only("localai")
def test_the_strict_server_without_edits_has_no_such_path(strict):
    answer = post(strict, "/images/edits", b"")
    assert answer.status_code == 404


@only("localai")
def test_a_negative_prompt_within_the_prompt(strict, engine):
    """What a person writes is never divided there."""
    for prompt, negative, sent in (
        ("a lake", "", "a lake"),
        ("a lake", "fog", "a lake|fog"),
        ("red | blue", "", "red , blue"),
        ("red|blue", "fog|mist", "red,blue|fog,mist"),
    ):
        result = engine.run(generate(prompt=prompt, negative_prompt=negative))
        assert strict.requests[-1].fields["prompt"] == sent
        said = "A comma was sent for |, at which LocalAI divides prompts."
        assert result.notes == ([said] if "|" in prompt else [])


@only("openai", "vllm-omni")
def test_a_mark_is_nothing_special_elsewhere(strict, engine):
    assert engine.run(generate(prompt="red | blue")).notes == []
    assert strict.requests[-1].fields["prompt"] == "red | blue"


@only("vllm-omni", "sglang", "localai")
def test_a_seed_is_picked_and_sent_where_the_server_would_not_tell_it(strict, engine):
    seeds = {engine.run(generate()).seed for _ in range(3)}
    assert len(seeds) == 3
    assert seeds == {received.fields["seed"] for received in strict.requests}


@only("openai")
def test_no_seed_is_made_up_where_the_server_takes_none(strict, engine):
    assert engine.run(generate(seed=3)).seed is None


@only("vllm-omni", "sglang")
@pytest.mark.parametrize("cfg_scale", [1.0, None])
def test_a_negative_prompt_that_needs_guidance(strict, engine, cfg_scale):
    request = generate(negative_prompt="fog", cfg_scale=cfg_scale)
    assert engine.run(request).notes == [NEGATIVE_PROMPT_UNUSED]
    assert "negative_prompt" not in strict.requests[-1].fields


@only("vllm-omni")
def test_a_negative_prompt_that_needs_none(strict):
    models = {MODEL: WireModel(needs_guidance=False, default_cfg_scale=1.0)}
    with remote(strict, models=models) as engine:
        assert not engine.run(generate(negative_prompt="fog", cfg_scale=1.0)).notes
    assert strict.requests[-1].fields["negative_prompt"] == "fog"


@each
def test_the_server_may_call_the_model_by_another_name(strict, service):
    models = {MODEL: WireModel(upstream_name="flux"), "gone": WireModel(upstream_name="old")}
    strict.models = frozenset({"flux"})
    with remote(strict, models=models) as engine:
        assert engine.run(generate()).data
        error = failure_of(engine, generate(model="gone"))
    assert isinstance(error, OutOfService)
    assert (error.fault, strict.requests[-1].fields["model"]) == ("model", "old")
    assert error.sentence.endswith("the image service does not offer gone.")


@only("vllm-omni")
def test_a_server_that_wants_no_key_is_sent_none(strict):
    with StrictOpenai("vllm-omni", key="") as keyless, remote(keyless) as engine:
        assert engine.run(generate()).data


@only("sglang")
def test_a_relative_url_is_fetched_without_the_key(strict, engine):
    assert size_of(engine.run(edit(image=picture(301, 517))).data) == (301, 517)
    (fetched,) = strict.file_requests
    assert "authorization" not in fetched.headers


@only("openai")
def test_an_older_model_that_answers_by_url(strict, engine):
    strict.faults.append("url-redirect")
    assert size_of(engine.run(generate(size=(768, 1360))).data) == (768, 1360)


@only("openai")
def test_the_request_id_is_the_trace(strict, engine):
    assert engine.run(generate()).trace_id == "trace-000001"


@each_that_edits
def test_a_dialect_may_name_the_image_as_a_list_of_one(strict, service):
    dialect = replace(DIALECTS[service], image_part="image[]")
    options = {"base_url": strict.base_url, "api_key": strict.key, "models": WIRE_MODELS}
    many = RemoteEngine(**options, dialect=dialect, max_bytes=MEGABYTE, user_agent="easel")
    with closing(many) as engine:
        assert engine.run(edit()).data
    assert len(strict.requests[-1].images) == 1


# What the strict servers refuse


@pytest.mark.parametrize(
    ("service", "fields", "status"),
    [
        ("vllm-omni", {"response_format": "url"}, 400),
        ("sglang", {"response_format": "url"}, 400),
        ("localai", {"response_format": "url"}, 200),
        ("openai", {"response_format": "b64_json"}, 400),
        ("vllm-omni", {"steps": 4}, 400),
        ("vllm-omni", {"seed": "4"}, 400),
        ("vllm-omni", {"guidance_scale": 21}, 400),
        ("localai", {"guidance_scale": 1}, 400),
        ("localai", {"negative_prompt": "fog"}, 400),
        ("openai", {"seed": 1}, 400),
        ("openai", {"size": "1024"}, 400),
        ("openai", {"size": "auto"}, 200),
    ],
    indirect=["service"],
)
def test_the_strict_servers_take_what_is_theirs(strict, service, fields, status):
    body = json.dumps({"model": MODEL, "prompt": "a lake"} | fields).encode()
    answer = post(strict, "/images/generations", body)
    assert answer.status_code == status
    if status == 400:
        shape = "detail" if service in {"vllm-omni", "sglang"} else "error"
        assert set(answer.json()) == {shape}


@pytest.mark.parametrize(
    ("body", "message", "word"),
    [
        (b'{"detail": "no"}', "no", ""),
        (b'{"detail": [{"loc": ["body"], "msg": "no", "type": "missing"}]}', "no", ""),
        (b'{"detail": []}', "", ""),
        (b'{"error": "no"}', "no", ""),
        (b'{"error": {"message": "no", "type": "a", "code": "b"}}', "no", "b"),
        (b'{"error": {"message": "no", "type": "a", "code": 400}}', "no", "a"),
        (b'{"error": {"message": 5, "type": "a b"}}', "", ""),
        (b"<html>", "", ""),
    ],
)
def test_complaints_of_every_shape(body, message, word):
    said = complaint_in(body)
    assert (said.message, said.word) == (message, word)


def post(strict: StrictOpenai, path: str, body: bytes) -> httpx.Response:
    headers = {"Authorization": f"Bearer {strict.key}", "Content-Type": "application/json"}
    return httpx.post(strict.base_url + path, content=body, headers=headers)
