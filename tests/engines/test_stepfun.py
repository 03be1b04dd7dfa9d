"""StepFun's wire: what is sent, what comes of a good answer, and what is logged."""

import logging
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from studio.engines.contract import Account, EngineRequest, OutOfService, Refused, StyleReference
from studio.engines.fields import NEGATIVE_PROMPT_UNUSED, SIZE_UNUSED
from studio.engines.stepfun import StepfunEngine
from tests.engines.makers import (
    MODEL,
    closed_port,
    edit,
    failure_of,
    generate,
    picture,
    remote,
    size_of,
)
from tests.engines.strict_faults import bomb_png, small_png
from tests.engines.strict_stepfun import StrictStepfun

# What is sent


def sent(strict: StrictStepfun, engine: StepfunEngine, request: EngineRequest) -> dict[str, Any]:
    engine.run(request)
    return strict.requests[-1].fields


def test_a_plain_generation_sends_no_more_than_is_asked(strict, engine):
    fields = sent(strict, engine, generate())
    assert fields == {
        "model": MODEL,
        "prompt": "a lighthouse at dusk",
        "response_format": "b64_json",
    }


def test_a_full_generation_field_by_field(strict, engine):
    request = generate(
        prompt="灯塔 🌊 “dusk”",
        size=(1360, 768),
        seed=0,
        steps=12,
        cfg_scale=2.5,
        negative_prompt="fog",
        text_mode=True,
    )
    assert sent(strict, engine, request) == {
        "model": MODEL,
        "prompt": "灯塔 🌊 “dusk”",
        "size": "768x1360",
        "seed": 0,
        "steps": 12,
        "cfg_scale": 2.5,
        "negative_prompt": "fog",
        "text_mode": True,
        "response_format": "b64_json",
    }


def test_a_full_edit_field_by_field(strict, engine):
    image = picture(96, 64, "WEBP")
    request = edit(
        prompt="添加雪 ❄",
        image=image,
        seed=2_147_483_647,
        steps=1,
        cfg_scale=10.0,
        negative_prompt="fog",
        text_mode=True,
    )
    assert sent(strict, engine, request) == {
        "model": MODEL,
        "prompt": "添加雪 ❄",
        "seed": "2147483647",
        "steps": "1",
        "cfg_scale": "10.0",
        "negative_prompt": "fog",
        "text_mode": "true",
        "response_format": "b64_json",
    }
    assert strict.requests[-1].images == [image]
    assert strict.requests[-1].path == "/v1/images/edits"


def test_headers(strict):
    with remote(strict, user_agent="easel/1.2", api_key=f" {strict.key}\n") as engine:
        engine.run(generate())
    headers = strict.requests[-1].headers
    assert headers["authorization"] == f"Bearer {strict.key}"
    assert headers["user-agent"] == "easel/1.2"
    assert headers["accept"] == "application/json"
    assert headers["accept-encoding"] == "gzip"


def test_a_server_that_wants_no_key_is_sent_none(strict):
    with remote(strict, api_key="") as engine, pytest.raises(OutOfService):
        engine.run(generate())
    assert "authorization" not in strict.requests[-1].headers


def test_each_model_writes_sizes_in_its_own_order(strict, engine):
    assert sent(strict, engine, generate(size=(768, 1360)))["size"] == "1360x768"
    wide = generate(model="step-2x-large", size=(1280, 800))
    assert sent(strict, engine, wide)["size"] == "1280x800"
    assert size_of(engine.run(wide).data) == (1280, 800)


def test_an_edit_size_is_sent_to_the_model_that_reads_it(strict, engine):
    request = edit(model="step-1x-edit", size=(512, 512), image=picture(100, 200))
    assert sent(strict, engine, request)["size"] == "512x512"
    assert not engine.run(request).notes


def test_an_edit_size_that_is_not_sent_is_said(strict, engine):
    assert engine.run(edit(size=(1024, 1024))).notes == [SIZE_UNUSED]
    assert "size" not in strict.requests[-1].fields


@pytest.mark.parametrize("cfg_scale", [1.0, 1, None])
def test_a_negative_prompt_that_would_be_ignored_is_not_sent_and_that_is_said(
    strict, engine, cfg_scale
):
    request = generate(negative_prompt="fog", cfg_scale=cfg_scale)
    assert engine.run(request).notes == [NEGATIVE_PROMPT_UNUSED]
    assert "negative_prompt" not in strict.requests[-1].fields


def test_style_reference(strict, engine):
    style = StyleReference(source_url="https://images.example/a.png", weight=1.5)
    fields = sent(strict, engine, generate(model="step-1x-medium", style_reference=style))
    assert fields["style_reference"] == {
        "source_url": "https://images.example/a.png",
        "weight": 1.5,
    }


def test_an_unknown_model_is_not_asked_for(strict, engine):
    with pytest.raises(OutOfService, match="not configured") as caught:
        engine.run(generate(model="step-9"))
    assert caught.value.fault == "model"
    assert "step-9" in caught.value.sentence
    assert not strict.requests


@pytest.mark.parametrize("make", [generate, edit])
def test_a_prompt_that_cannot_be_encoded_is_refused(strict, engine, make):
    with pytest.raises(Refused) as caught:
        engine.run(make(prompt="secret \ud800"))
    assert caught.value.__suppress_context__
    assert not strict.requests


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "ftp://a.example"},
        {"base_url": "api.example/v1"},
        {"base_url": "https://"},
        {"api_key": "sk-one\r\nX: y"},
        {"api_key": "sk-é"},
    ],
)
def test_a_wrong_configuration_is_named_without_the_key(strict, changes):
    with pytest.raises(ValueError, match=r"^(base_url|api_key) must") as caught:
        StepfunEngine(**({"base_url": strict.base_url, "api_key": "k", "models": {}} | changes))
    assert "sk-" not in str(caught.value)


# Results


def test_a_result_carries_seed_and_trace_id(strict, engine):
    result = engine.run(generate(seed=41))
    assert (result.seed, result.trace_id) == (41, "trace-000001")


def test_a_url_is_fetched_at_once_and_without_the_key(strict):
    with remote(strict, response_format="url") as engine:
        assert size_of(engine.run(generate(size=(896, 1184))).data) == (896, 1184)
    assert strict.requests[-1].fields["response_format"] == "url"
    (fetched,) = strict.file_requests
    assert "authorization" not in fetched.headers
    assert strict.key not in str(fetched.headers)


@pytest.mark.parametrize(
    "fault", ["data-uri", "older-field", "gzip", "url-relative", "url-redirect"]
)
def test_unusual_answers_that_are_understood(strict, engine, fault):
    strict.faults.append(fault)
    assert size_of(engine.run(generate(size=(768, 1360))).data) == (768, 1360)


def test_a_seed_that_is_not_said_is_none(strict, engine):
    strict.faults.append("url-relative")
    assert engine.run(generate(seed=3)).seed is None


def test_what_only_decoding_can_tell_is_left_to_the_caller(strict, engine):
    strict.faults.extend(["wrong-size", "bomb-png", "truncated-png"])
    assert engine.run(generate()).data == small_png()
    assert engine.run(generate()).data == bomb_png()
    with pytest.raises(OSError, match="truncated"):
        size_of(engine.run(generate()).data)


# Logs


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    with caplog.at_level(logging.INFO, logger="easel.engines"):
        yield _Messages(caplog)


class _Messages(list):
    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    def __iter__(self) -> Iterator[str]:
        return (r.getMessage() for r in self._caplog.records if r.name == "easel.engines")


def test_a_call_is_one_line(strict, engine, lines):
    engine.run(edit())
    (line,) = lines
    assert line.startswith(f"{MODEL} edit status=200 ")
    assert line.endswith(" ms trace=trace-000001")


def test_a_failed_call_is_one_line(strict, engine, lines):
    strict.faults.append("503")
    failure_of(engine, generate())
    with closed_port() as port, remote(strict, base_url=f"http://127.0.0.1:{port}") as unreachable:
        failure_of(unreachable, generate())
    first, second = lines
    assert first.startswith(f"{MODEL} generate status=503 ")
    assert second.startswith(f"{MODEL} generate status=- ")


def test_nothing_logs_a_result_url(strict, caplog):
    """They are as good as a key while they live."""
    with caplog.at_level(logging.INFO), remote(strict, response_format="url") as engine:
        engine.run(generate())
    assert strict.file_requests
    assert "/files/" not in caplog.text


# What the account says


def test_the_balance_is_read_with_the_key_and_exactly(strict, engine):
    assert engine.account() == Account(balance=Decimal("12.5"), is_prepaid=True)
    assert strict.file_requests[-1].headers["authorization"] == f"Bearer {strict.key}"


@pytest.mark.parametrize(
    "said",
    [None, [], {}, {"balance": "12.5"}, {"balance": None}, {"balance": True}, {"balance": 1e30}],
)
def test_what_is_no_balance_is_not_told(strict, engine, said):
    strict.account = said
    assert engine.account() is None


def test_one_who_pays_afterwards_has_nothing_to_run_out_of(strict, engine):
    strict.account = {"object": "account", "type": "postpaid", "balance": -3}
    assert engine.account() == Account(balance=Decimal(-3), is_prepaid=False)
