"""Many jobs go to the archive while two sweep, somebody looks, and little memory is there."""

import pytest

from tests.programs import ON_BOTH, Ground

COUNT = 12_000
MANY = 100_000
MOST_MEGABYTES = 30


@pytest.mark.timeout(300)
@pytest.mark.parametrize("ground", ON_BOTH, indirect=True)
def test_two_that_sweep_at_once_move_each_job_once(ground: Ground) -> None:
    [told] = ground.run("tests.studio.archive_races", "race", COUNT)
    assert told == {
        "left": 0,
        "archived": COUNT,
        "same": True,
        "tallied": COUNT,
        "told": COUNT,
        "findings": [],
    }


@pytest.mark.long
@pytest.mark.timeout(400)
@pytest.mark.parametrize("ground", ON_BOTH, indirect=True)
def test_many_jobs_need_no_more_memory_than_some(ground: Ground) -> None:
    """As models of Django they would be three hundred megabytes."""
    [grown] = ground.run("tests.studio.archive_races", "weigh", MANY, seconds=400)
    assert max(grown.values()) < MOST_MEGABYTES, grown
