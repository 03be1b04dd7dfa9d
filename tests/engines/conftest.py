from collections.abc import Iterator

import pytest

from studio.engines.remote import RemoteEngine
from tests.engines.makers import remote, strict_server
from tests.engines.strict import Strict


@pytest.fixture
def service(request: pytest.FixtureRequest) -> str:
    """One of SERVICES; a test that is not parametrised with others gets StepFun."""
    return getattr(request, "param", "stepfun")


@pytest.fixture
def strict(service: str) -> Iterator[Strict]:
    with strict_server(service) as server:
        yield server


@pytest.fixture
def engine(strict: Strict) -> Iterator[RemoteEngine]:
    with remote(strict) as built:
        yield built
