"""However many claim at once, no limit is overshot."""

import pytest

from tests.programs import ON_BOTH, Ground

CLAIMERS = 16


@pytest.mark.timeout(300)
@pytest.mark.parametrize("ground", ON_BOTH, indirect=True)
def test_sixteen_claimers_overshoot_no_limit(ground: Ground) -> None:
    """8 for the installation, 3 for a workspace: both are reached, and never passed."""
    told = ground.run("tests.studio.claim_races", CLAIMERS, 8)
    assert len(told) == CLAIMERS
    assert max(each["most"] for each in told) == 8
    assert max(each["most_of_one"] for each in told) == 3
