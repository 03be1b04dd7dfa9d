"""The one set of tests that every engine has to pass."""

import importlib
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from studio.engines.contract import Engine, EngineError, EngineRequest, EngineResult, Refused
from tests.engines.makers import (
    MODEL,
    SERVICES,
    edit,
    generate,
    picture,
    remote,
    size_of,
    strict_server,
)

SIZES = [(1024, 1024), (1360, 768), (1184, 896), (768, 1360), (896, 1184)]
PROMPTS = [
    "a lake",
    "秋天的湖边小屋",
    "🌊🏔️ مرحبا שלום",
    "<script>&\"'\\ %s {x}",
    "長" * 512,
    "x" * 512,
]


@pytest.fixture(params=["sketch", *SERVICES, "stepfun by url"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "sketch":
        sketch = importlib.import_module("studio.engines.sketch")
        with closing(sketch.SketchEngine()) as built:
            yield built
        return
    service, _, by_url = request.param.partition(" by ")
    changes = {"response_format": "url"} if by_url else {}
    with strict_server(service) as strict, remote(strict, **changes) as built:
        yield built


def run(engine: Engine, request: EngineRequest) -> EngineResult:
    """The result; a test that wants an edit ends where the engine says that it makes none."""
    try:
        return engine.run(request)
    except Refused as error:
        if error.sentence.endswith(" cannot edit photos. Choose another model."):
            pytest.skip("makes no edits, and says so")
        raise


def test_it_says_what_it_is(engine: Engine):
    assert engine.name in {"sketch", "stepfun", "openai"}
    assert engine.is_local is (engine.name == "sketch")


@pytest.mark.parametrize("size", SIZES)
def test_generate_has_the_size_asked_for(engine: Engine, size: tuple[int, int]):
    assert size_of(run(engine, generate(size=size)).data) == size


def test_generate_without_a_size_makes_a_picture(engine: Engine):
    assert min(size_of(run(engine, generate()).data)) >= 256


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(96, 64), (301, 517)])
def test_edit_keeps_the_size_of_its_image(engine: Engine, kind: str, size: tuple[int, int]):
    assert size_of(run(engine, edit(image=picture(*size, kind))).data) == size


def test_edit_changes_the_picture(engine: Engine):
    image = picture()
    assert run(engine, edit(image=image, prompt="make it snow")).data != image


@pytest.mark.parametrize("seed", [0, 1, 2_147_483_647])
@pytest.mark.parametrize("make", [generate, edit])
def test_a_given_seed_comes_back_or_is_said_to_be_unused(engine: Engine, make, seed: int):
    result = run(engine, make(seed=seed))
    assert result.seed == seed or "seed" in " ".join(result.notes)


@pytest.mark.parametrize("make", [generate, edit])
def test_without_a_seed_one_is_picked_where_there_are_any(engine: Engine, make):
    seed = run(engine, make()).seed
    if seed is None:
        assert "takes no seed" in " ".join(engine.run(make(seed=1)).notes)
    else:
        assert 0 <= seed <= 2_147_483_647


@pytest.mark.parametrize("make", [generate, edit])
@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda text: text[:8])
def test_any_prompt_within_the_limits(engine: Engine, make, prompt: str):
    assert run(engine, make(prompt=prompt, negative_prompt=prompt, cfg_scale=2.0)).data


def test_every_parameter_at_its_limits(engine: Engine):
    assert run(engine, generate(steps=1, cfg_scale=1.0, text_mode=True)).data
    assert run(engine, edit(steps=50, cfg_scale=10.0, text_mode=True)).data


def test_eight_threads_at_once(engine: Engine):
    def run(number: int) -> EngineResult:
        return engine.run(generate(seed=number, size=SIZES[number % len(SIZES)]))

    with ThreadPoolExecutor(8) as pool:
        results = [*pool.map(run, range(16))]
    assert all(r.seed == n or (r.seed is None and r.notes) for n, r in enumerate(results))
    assert [size_of(r.data) for r in results] == [SIZES[n % len(SIZES)] for n in range(16)]


def test_a_broken_image_is_an_engine_error_with_a_sentence(engine: Engine):
    with pytest.raises(EngineError) as caught:
        run(engine, edit(image=b"\x89PNG\r\n\x1a\n and nothing more", prompt="a secret wish"))
    assert caught.value.sentence.endswith(".")
    assert "secret" not in f"{caught.value!r} {caught.value} {caught.value.sentence}"


def test_no_prompt_and_no_key_is_logged(engine: Engine, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG):
        run(engine, generate(prompt="a secret wish", negative_prompt="hidden thing", cfg_scale=2.0))
        run(engine, edit(prompt="a secret wish"))
    for secret in ("secret", "wish", "hidden", "strict-key"):
        assert secret not in caplog.text


def test_a_result_and_a_request_show_no_picture(engine: Engine):
    request = edit(model=MODEL)
    assert "PNG" not in repr(request) + repr(run(engine, request))
