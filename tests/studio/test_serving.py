"""Which engine makes which model, and what it is built with."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio import catalog, jobs, serving
from studio.engines.contract import EngineError
from studio.engines.openai import OpenaiEngine
from studio.engines.sketch import SketchEngine
from studio.engines.stepfun import StepfunEngine
from studio.models import Alert, Job
from tests.engines.strict_openai import StrictOpenai
from tests.studio.makers import submit

HOSTED = ["step-image-edit-2", "step-2x-large", "step-1x-medium", "step-1x-edit"]
ROW = """
[[model]]
name = "{name}"
title = "Klein"
about = "Makes and edits pictures here."
engine = "{engine}"
address = "{address}"
{more}
steps = {{ minimum = 1, maximum = 8, default = 4 }}
cfg_scale = {{ minimum = 1.0, maximum = 5.0, default = 1.0 }}
price_micros = 1_000
generate = {{ sizes = ["768x512"] }}
"""


def row(name: str = "klein", *more: str, engine: str = "openai", address: str = "") -> str:
    return ROW.format(
        name=name, engine=engine, address=address or "http://gpu:8000/v1", more="\n".join(more)
    )


VLLM = 'dialect = "vllm-omni"'


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    serving.engines.cache_clear()
    catalog.models.cache_clear()
    yield
    if serving.engines.cache_info().currsize:
        for engine in serving.engines().values():
            engine.close()
    serving.engines.cache_clear()
    catalog.models.cache_clear()


@pytest.fixture
def add(settings: Any, tmp_path: Path) -> Any:
    def write(*rows: str) -> None:
        (tmp_path / "models.toml").write_text("".join(rows))
        settings.MODELS_FILE = str(tmp_path / "models.toml")

    return write


def test_one_sketch_makes_the_hosted_models() -> None:
    assert {type(serving.engine(name)) for name in HOSTED} == {SketchEngine}
    assert len({id(engine) for engine in serving.engines().values()}) == 1
    assert serving.is_local()


def test_stepfun_makes_the_hosted_models(settings: Any) -> None:
    settings.ENGINE, settings.STEP_API_KEY = "stepfun", "sk-one"
    engine = serving.engine(HOSTED[0])
    assert isinstance(engine, StepfunEngine)
    assert (str(engine._base), engine._key) == ("https://api.stepfun.ai/v1/", "sk-one")
    assert not serving.is_local()


def test_a_server_of_ones_own_makes_the_hosted_models(settings: Any) -> None:
    settings.ENGINE, settings.OPENAI_API_BASE = "openai", "http://gpu:8000/v1"
    settings.OPENAI_API_DIALECT = "localai"
    engine = serving.engine(HOSTED[0])
    assert isinstance(engine, OpenaiEngine)
    assert (engine.dialect.title, engine._key) == ("LocalAI", "")
    assert set(engine._models) == set(HOSTED)


def test_a_model_may_have_a_server_of_its_own(add: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPU_KEY", " sk-gpu ")
    add(
        row("klein", VLLM, 'upstream_name = "black-forest-labs/FLUX.2-klein-4B"'),
        row("klein-2", VLLM),
        row("kept", VLLM, 'key_variable = "GPU_KEY"'),
        row("behind", engine="stepfun", address="https://easel.example.com/v1"),
    )
    klein, kept = serving.engine("klein"), serving.engine("kept")
    assert isinstance(klein, OpenaiEngine)
    assert isinstance(kept, OpenaiEngine)
    assert klein is serving.engine("klein-2")
    assert klein is not kept
    assert (klein._key, kept._key) == ("", "sk-gpu")
    assert klein._models["klein"].upstream_name == "black-forest-labs/FLUX.2-klein-4B"
    assert isinstance(serving.engine("behind"), StepfunEngine)
    assert isinstance(serving.engine(HOSTED[0]), SketchEngine)
    assert serving.is_local()


def test_a_model_that_left_the_catalog_has_no_engine() -> None:
    with pytest.raises(EngineError) as caught:
        serving.engine("gone")
    assert caught.value.sentence == "The studio no longer has the model gone."


def test_what_the_model_says_of_negative_prompts_holds(add: Any) -> None:
    add(
        row("one", VLLM, 'negative_prompt = "always"'),
        row("two", VLLM, 'negative_prompt = "unless cfg_scale is 1.0"'),
    )
    models = serving.engine("one")._models  # type: ignore[attr-defined]
    assert (models["one"].needs_guidance, models["two"].needs_guidance) == (False, True)


@pytest.mark.django_db
def test_a_job_is_made_where_its_model_is(add: Any, ada: Any, workspace: Any) -> None:
    with StrictOpenai("vllm-omni", key="") as strict:
        add(row("klein", VLLM, 'upstream_name = "flux"', address=strict.base_url))
        _enter()
        (job,) = submit(ada, workspace, model="klein", seed=5)
        jobs.run_next()
        assert strict.requests[-1].fields["model"] == "flux"
    job.refresh_from_db()
    assert (job.state, job.engine, job.price_micros) == ("succeeded", "openai", 1_000)
    assert job.image is not None
    assert (job.image.seed, job.image.width, job.image.height) == (5, 768, 512)


@pytest.mark.django_db
def test_the_alert_of_one_server_is_not_closed_by_another(
    add: Any, ada: Any, workspace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPU_KEY", "sk-gpu")
    with StrictOpenai("vllm-omni", key="") as good, StrictOpenai("openai", key="other") as bad:
        add(
            row("good", VLLM, address=good.base_url),
            row("bad", 'dialect = "openai"', 'key_variable = "GPU_KEY"', address=bad.base_url),
        )
        _enter()
        for model in ("bad", "good"):
            submit(ada, workspace, model=model)
            jobs.run_next()
    alert = Alert.objects.get()
    assert alert.key == f"engine:openai@127.0.0.1:{bad.port}:key"
    assert alert.closed_at is None
    assert "GPU_KEY" in alert.message
    assert sorted(Job.objects.values_list("state", flat=True)) == ["failed", "succeeded"]


def _enter() -> None:
    from studio import offers

    offers.enter()
