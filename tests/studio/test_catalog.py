"""The models' facts, as their vendor writes them, and how a wrong file is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio import catalog
from studio.catalog import CatalogError

WIDE = ("1024x1024", "1280x800", "800x1280", "768x768", "512x512", "256x256")
GOOD = """
[[model]]
name = "mine"
title = "Mine"
about = "Makes pictures here."
size_order = "width x height"
steps = { minimum = 1, maximum = 4, default = 4 }
cfg_scale = { minimum = 1.0, maximum = 2.5, default = 1.0 }
generate = { sizes = ["512x512"] }
"""
AT = 'address = "http://gpu:8000/v1"'
OPENAI = f'engine = "openai"\n{AT}'


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    catalog.models.cache_clear()
    yield
    catalog.models.cache_clear()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "models.toml"


def limits(of: catalog.Range) -> tuple[float, float, float]:
    return of.minimum, of.maximum, of.default


def test_the_four_models_in_their_order() -> None:
    assert list(catalog.models()) == [
        "step-image-edit-2",
        "step-2x-large",
        "step-1x-medium",
        "step-1x-edit",
    ]


def test_step_image_edit_2() -> None:
    model = catalog.models()["step-image-edit-2"]
    sizes = {"1024x1024", "1360x768", "1184x896", "768x1360", "896x1184"}
    assert set(model.sizes("generate")) == sizes
    assert model.sizes("generate")[0] == "1024x1024"
    assert model.size_order == "height x width"
    assert model.sizes("edit") == ()
    assert model.edit is not None
    assert model.edit.max_side == 4096
    assert limits(model.steps) == (1, 50, 8)
    assert limits(model.cfg_scale) == (1, 10, 1)
    assert (model.max_prompt, model.price_micros) == (512, 3_000)
    assert model.negative_prompt == "unless cfg_scale is 1.0"
    assert model.text_mode
    assert not model.style_reference


@pytest.mark.parametrize(
    ("name", "cfg_scale", "price_micros", "has_style"),
    [("step-2x-large", 6.0, 20_000, False), ("step-1x-medium", 7.5, None, True)],
)
def test_the_two_that_make_from_words_alone(
    name: str, cfg_scale: float, price_micros: int | None, has_style: bool
) -> None:
    model = catalog.models()[name]
    assert model.sizes("generate") == WIDE
    assert model.size_order == "width x height"
    assert not model.can("edit")
    assert limits(model.steps) == (1, 50, 50)
    assert limits(model.cfg_scale) == (1, 10, cfg_scale)
    assert (model.max_prompt, model.price_micros) == (512, price_micros)
    assert (model.negative_prompt, model.text_mode) == ("", False)
    assert model.style_reference is has_style


def test_step_1x_edit() -> None:
    model = catalog.models()["step-1x-edit"]
    assert not model.can("generate")
    assert set(model.sizes("edit")) == {"512x512", "768x768", "1024x1024"}
    assert model.edit is not None
    assert (model.edit.min_side, model.edit.max_side) == (64, 4096)
    assert (model.edit.max_ratio, model.edit.max_bytes) == (3.0, 10 * 1024 * 1024)
    assert limits(model.steps) == (1, 50, 28)
    assert limits(model.cfg_scale) == (1, 10, 6)
    assert (model.max_prompt, model.price_micros) == (512, None)


def test_a_second_file_adds_models(file: Path, settings: Any) -> None:
    file.write_text(GOOD)
    settings.MODELS_FILE = str(file)
    assert list(catalog.models())[-1] == "mine"
    assert len(catalog.models()) == 5
    assert limits(catalog.models()["mine"].steps) == (1, 4, 4)


def test_a_model_may_name_a_server_of_its_own(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPU_KEY", "sk-gpu")
    more = f'{OPENAI}\ndialect = "sglang"\nkey_variable = "GPU_KEY"\nsteps = {{'
    file.write_text(GOOD.replace("steps = {", more).replace('size_order = "width x height"', ""))
    (model,) = catalog.read(file)
    assert (model.engine, model.address) == ("openai", "http://gpu:8000/v1")
    assert (model.dialect, model.key_variable) == ("sglang", "GPU_KEY")
    assert "sk-gpu" not in repr(model)


@pytest.mark.parametrize("text", [GOOD + GOOD, GOOD.replace("mine", "step-2x-large")])
def test_no_name_is_there_twice(file: Path, settings: Any, text: str) -> None:
    file.write_text(text)
    settings.MODELS_FILE = str(file)
    with pytest.raises(CatalogError, match=r"models\.toml: name '.*' is there twice"):
        catalog.models()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"mine"', '""', "name"),
        ('"mine"', f'"{"m" * 61}"', "name"),
        ('"mine"', "5", "name is 5; a str is needed"),
        ('title = "Mine"', "", "title is missing"),
        ('title = "Mine"', 'title = "Mine"\ncolour = 1', "colour is not known"),
        ('"width x height"', '"wxh"', "size_order"),
        ('about = "', 'usual_ms = 0\nabout = "', "usual_ms"),
        ('about = "', 'usual_ms = true\nabout = "', "usual_ms is True; a int is needed"),
        ('about = "', 'price_micros = 0\nabout = "', "price_micros"),
        ('about = "', 'price_micros = 0.5\nabout = "', "price_micros is 0.5; a int is needed"),
        ('about = "', 'price_micros = true\nabout = "', "price_micros is True; a int is needed"),
        ('about = "', 'max_prompt = -1\nabout = "', "max_prompt"),
        ('about = "', 'text_mode = 1\nabout = "', "text_mode is 1; a bool is needed"),
        ('about = "', 'negative_prompt = "no"\nabout = "', "negative_prompt"),
        ("maximum = 4,", "", "steps: maximum is missing"),
        ("maximum = 4,", "maximum = 4, step = 1,", "steps: step is not known"),
        ("maximum = 4,", "maximum = true,", "steps: maximum is True; a float is needed"),
        ("maximum = 4,", "maximum = 3,", "steps needs minimum <= default"),
        ("maximum = 4,", "maximum = 4.5,", "steps needs whole numbers"),
        ("maximum = 2.5", "maximum = inf", "cfg_scale needs minimum <= default"),
        ("maximum = 2.5", "maximum = nan", "cfg_scale needs minimum <= default"),
        ("minimum = 1.0", "minimum = -1.0", "cfg_scale needs minimum <= default"),
        ("{ minimum = 1, maximum = 4, default = 4 }", "4", "steps is 4; a table is needed"),
        ('generate = { sizes = ["512x512"] }', "", "generate is missing, and so is edit"),
        ('["512x512"]', "[]", "generate: sizes is not a list"),
        ('["512x512"]', '"512x512"', "generate: sizes is not a list"),
        ('["512x512"]', '["512"]', "generate: sizes is not a list"),
        ('["512x512"]', '["512x512x3"]', "generate: sizes is not a list"),
        ('["512x512"]', '["0x512"]', "generate: sizes is not a list"),
        ('["512x512"]', '["4097x512"]', "generate: sizes is not a list"),
        ('["512x512"]', '["５１２x512"]', "generate: sizes is not a list"),
        ("steps = {", 'engine = "sketch"\naddress = "http://a"\nsteps = {', "engine is to be"),
        ("steps = {", f"{AT}\nsteps = {{", "address is to be there where an engine is"),
        ("steps = {", 'engine = "stepfun"\nsteps = {', "address is to be there where an engine"),
        ("steps = {", 'engine = "stepfun"\naddress = "gpu:80"\nsteps = {', "address is to begin"),
        (
            "steps = {",
            'engine = "stepfun"\naddress = "http://me:word@gpu"\nsteps = {',
            "address is to begin",
        ),
        ("steps = {", f"{OPENAI}\nsteps = {{", "dialect is to be one of openai, vllm-omni"),
        ("steps = {", f'{OPENAI}\ndialect = "vllm"\nsteps = {{', "dialect is to be one of"),
        (
            "steps = {",
            f'engine = "stepfun"\n{AT}\ndialect = "openai"\nsteps = {{',
            "dialect is to be one of",
        ),
        ("steps = {", 'key_variable = "NO_SUCH_KEY"\nsteps = {', "key_variable is of use only"),
        (
            "steps = {",
            f'engine = "stepfun"\n{AT}\nkey_variable = "NO_SUCH_KEY"\nsteps = {{',
            "key_variable names a variable that is not set",
        ),
        (
            "steps = {",
            f'{OPENAI}\ndialect = "localai"\nedit = {{ max_side = 512 }}\nsteps = {{',
            "edit is there, but servers of this dialect edit nothing",
        ),
        ("generate = {", "edit = { max_side = 9000 }\ngenerate = {", "edit has limits"),
        ("generate = {", "edit = { max_side = 8, min_side = 9 }\ngenerate = {", "edit has limits"),
        ("generate = {", "edit = { max_side = 8, max_ratio = nan }\ngenerate = {", "edit has"),
    ],
)
def test_a_wrong_value_is_refused_by_file_and_key(
    file: Path, old: str, new: str, words: str
) -> None:
    assert old in GOOD
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(CatalogError) as refusal:
        catalog.read(file)
    assert str(refusal.value).startswith(f"{file}: model 1: ")
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    "data", [b"", b"model = 5", b"[model]\nname = 'x'", b"model = [5]", b"[[model", b"\xff\xfe"]
)
def test_what_is_no_catalog_is_refused_by_file(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with pytest.raises(CatalogError, match=r"models\.toml: "):
        catalog.read(file)


def test_a_file_that_is_not_there_is_refused_by_name(file: Path) -> None:
    with pytest.raises(CatalogError, match=r"models\.toml"):
        catalog.read(file)


def test_pixels() -> None:
    assert catalog.pixels("1360x768") == (1360, 768)
