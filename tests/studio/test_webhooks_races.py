"""Every event is sent, by one sender at a time, whatever happens to the senders."""

import pytest

from tests.programs import ON_BOTH, Ground


@pytest.mark.timeout(300)
@pytest.mark.parametrize("ground", ON_BOTH, indirect=True)
def test_senders_share_the_work_lose_nothing_and_do_not_wait_in_a_circle(ground: Ground) -> None:
    together, killed, gone = ground.run("tests.studio.webhook_races")
    assert together == {
        "step": "at once",
        "requests": 60,
        "ids": 60,
        "states": {"delivered": 60},
        "attempts": {"1": 60},
    }
    assert killed == {
        "step": "killed",
        "status": -9,
        "claimable_within_its_lease": 0,
        "same": True,
        "state": "delivered",
        "attempts": 2,
    }
    assert gone == {"step": "gone", "requests": 12, "broke": [], "states": {"failed": 12}, "on": 0}
