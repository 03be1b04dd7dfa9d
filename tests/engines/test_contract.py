"""The one set of tests that every engine has to pass."""

import importlib
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from studio.engines.contract import Engine, EngineError, EngineResult
from tests.engines.makers import MODEL, edit, generate, picture, size_of, stepfun
from tests.engines.strict_stepfun import StrictStepfun

SIZES = [(1024, 1024), (1360, 768), (1184, 896), (768, 1360), (896, 1184)]
PROMPTS = [
    "a lake",
    "秋天的湖边小屋",
    "🌊🏔️ مرحبا שלום",
    "<script>&\"'\\ %s {x}",
    "長" * 512,
    "x" * 512,
]


@pytest.fixture(params=["sketch", "stepfun in base64", "stepfun by url"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "sketch":
        sketch = importlib.import_module("studio.engines.sketch")
        with closing(sketch.SketchEngine()) as built:
            yield built
        return
    form = "url" if request.param.endswith("url") else "b64_json"
    with StrictStepfun() as strict, stepfun(strict, response_format=form) as built:
        yield built


def test_it_says_what_it_is(engine: Engine):
    assert engine.name in {"sketch", "stepfun"}
    assert engine.is_local is (engine.name == "sketch")


@pytest.mark.parametrize("size", SIZES)
def test_generate_has_the_size_asked_for(engine: Engine, size: tuple[int, int]):
    assert size_of(engine.run(generate(size=size)).data) == size


def test_generate_without_a_size_makes_a_picture(engine: Engine):
    assert min(size_of(engine.run(generate()).data)) >= 256


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(96, 64), (301, 517)])
def test_edit_keeps_the_size_of_its_image(engine: Engine, kind: str, size: tuple[int, int]):
    assert size_of(engine.run(edit(image=picture(*size, kind))).data) == size


def test_edit_changes_the_picture(engine: Engine):
    image = picture()
    assert engine.run(edit(image=image, prompt="make it snow")).data != image


@pytest.mark.parametrize("seed", [0, 1, 2_147_483_647])
@pytest.mark.parametrize("make", [generate, edit])
def test_a_given_seed_comes_back(engine: Engine, make, seed: int):
    assert engine.run(make(seed=seed)).seed == seed


@pytest.mark.parametrize("make", [generate, edit])
def test_without_a_seed_one_is_picked(engine: Engine, make):
    seed = engine.run(make()).seed
    assert seed is not None
    assert 0 <= seed <= 2_147_483_647


@pytest.mark.parametrize("make", [generate, edit])
@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda text: text[:8])
def test_any_prompt_within_the_limits(engine: Engine, make, prompt: str):
    assert engine.run(make(prompt=prompt, negative_prompt=prompt, cfg_scale=2.0)).data


def test_every_parameter_at_its_limits(engine: Engine):
    assert engine.run(generate(steps=1, cfg_scale=1.0, text_mode=True)).data
    assert engine.run(edit(steps=50, cfg_scale=10.0, text_mode=True)).data


def test_eight_threads_at_once(engine: Engine):
    def run(number: int) -> EngineResult:
        return engine.run(generate(seed=number, size=SIZES[number % len(SIZES)]))

    with ThreadPoolExecutor(8) as pool:
        results = [*pool.map(run, range(16))]
    assert [result.seed for result in results] == [*range(16)]
    assert [size_of(r.data) for r in results] == [SIZES[n % len(SIZES)] for n in range(16)]


def test_a_broken_image_is_an_engine_error_with_a_sentence(engine: Engine):
    with pytest.raises(EngineError) as caught:
        engine.run(edit(image=b"\x89PNG\r\n\x1a\n and nothing more", prompt="a secret wish"))
    assert caught.value.sentence.endswith(".")
    assert "secret" not in f"{caught.value!r} {caught.value} {caught.value.sentence}"


def test_no_prompt_and_no_key_is_logged(engine: Engine, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG):
        engine.run(generate(prompt="a secret wish", negative_prompt="hidden thing", cfg_scale=2.0))
        engine.run(edit(prompt="a secret wish"))
    for secret in ("secret", "wish", "hidden", "strict-key"):
        assert secret not in caplog.text


def test_a_result_and_a_request_show_no_picture(engine: Engine):
    request = edit(model=MODEL)
    assert "PNG" not in repr(request) + repr(engine.run(request))
