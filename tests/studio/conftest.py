import pytest

from studio import serving
from tests.studio.makers import Puppet


@pytest.fixture
def puppet(monkeypatch: pytest.MonkeyPatch) -> Puppet:
    engine = Puppet()
    monkeypatch.setattr(serving, "engine", lambda _model: engine)
    return engine
