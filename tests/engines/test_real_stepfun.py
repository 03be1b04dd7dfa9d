"""The real service. Costs about a cent; runs only where STEP_API_KEY is set."""

import os
from collections.abc import Iterator
from contextlib import closing

import pytest

from studio.engines.contract import Refused
from studio.engines.stepfun import StepfunEngine
from tests.engines.makers import WIRE_MODELS, edit, generate, picture, size_of

KEY = os.environ.get("STEP_API_KEY", "")
BASE_URL = os.environ.get("STEP_BASE_URL", "https://api.stepfun.ai/v1")

pytestmark = pytest.mark.skipif(not KEY, reason="STEP_API_KEY is not set")


@pytest.fixture(params=["b64_json", "url"])
def engine(request: pytest.FixtureRequest) -> Iterator[StepfunEngine]:
    with closing(
        StepfunEngine(
            base_url=BASE_URL, api_key=KEY, models=WIRE_MODELS, response_format=request.param
        )
    ) as built:
        yield built


def test_generate(engine: StepfunEngine):
    result = engine.run(generate(size=(1360, 768), seed=7, deadline_seconds=60))
    assert size_of(result.data) == (1360, 768)
    assert result.trace_id


def test_edit(engine: StepfunEngine):
    image = picture(768, 512)
    result = engine.run(edit(image=image, prompt="add a red sun", deadline_seconds=60))
    assert size_of(result.data) == (768, 512)


def test_refusal(engine: StepfunEngine):
    with pytest.raises(Refused):
        engine.run(generate(size=(333, 333), deadline_seconds=60))
