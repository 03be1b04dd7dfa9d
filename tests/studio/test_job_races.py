"""Promise L3 with whole jobs: workers, cancels and the sweep settle each of them once."""

import pytest

from tests.programs import ON_BOTH, Ground


@pytest.mark.timeout(300)
@pytest.mark.parametrize("ground", ON_BOTH, indirect=True)
def test_each_job_is_settled_once(ground: Ground) -> None:
    (end,) = ground.run("tests.studio.job_races")
    succeeded = end["states"].get("succeeded", 0)
    assert set(end["states"]) <= {"succeeded", "cancelled", "failed"}
    assert sum(end["states"].values()) == 48
    assert end["images"] == succeeded
    assert end["transfers"].get("posted", 0) == succeeded
    assert sum(end["transfers"].values()) == 48
    assert "pending" not in end["transfers"]
    assert end["charged"] == succeeded * 3_000
    assert end["left"] == 300_000 - end["charged"]
    assert end["findings"] == []
    print(end["states"])
