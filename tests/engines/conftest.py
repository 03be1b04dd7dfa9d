from collections.abc import Iterator

import pytest

from studio.engines.stepfun import StepfunEngine
from tests.engines.makers import stepfun
from tests.engines.strict_stepfun import StrictStepfun


@pytest.fixture
def strict() -> Iterator[StrictStepfun]:
    with StrictStepfun() as server:
        yield server


@pytest.fixture
def engine(strict: StrictStepfun) -> Iterator[StepfunEngine]:
    with stepfun(strict) as built:
        yield built
