"""Promise L5: exactly one charge, whenever the process is killed. 0 double, 0 lost."""

import pytest

from tests.programs import ON_BOTH, Ground

# A job and its ring are one: there is none of them before the end of the transaction.
REFUSED = ("before hold", "after hold", "before ring", "after ring")
# How often the engine is asked for two pictures when the process dies there: bytes that
# were not stored are asked for again
CALLS = {
    "before claim": 2,
    "after claim": 2,
    "before engine call": 2,
    "after engine call": 3,
    "before store": 3,
    "after store": 2,
    "before write": 3,
    "after write": 2,
    "before post": 2,
    "after post": 2,
    "before ack": 2,
    "after ack": 2,
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("ground", ON_BOTH, indirect=True)
def test_a_kill_at_any_point_charges_once_or_not_at_all(ground: Ground) -> None:
    told = ground.run("tests.studio.kill_points", *REFUSED, *CALLS)
    assert [each.pop("point") for each in told] == [*REFUSED, *CALLS]
    noted = [each.pop("noted_calls") for each in told]
    refused, accepted = told[: len(REFUSED)], told[len(REFUSED) :]
    assert refused == [outcome(delivered=0, calls=0)] * len(REFUSED), (
        "not accepted: no job, no hold, no photo"
    )
    assert accepted == [outcome(delivered=2, calls=calls) for calls in CALLS.values()]
    noted = noted[len(REFUSED) :]
    assert all(each >= calls for each, calls in zip(noted, CALLS.values(), strict=True))


def outcome(*, delivered: int, calls: int) -> dict[str, object]:
    return {
        "status": -9,
        "states": {"succeeded": delivered} if delivered else {},
        "charged": delivered * 3_000,
        "balance": [150_000 - delivered * 3_000, 0],
        "images": {"upload": 1, "edited": delivered} if delivered else {},
        "calls": calls,
        "orphans": 0,
        "findings": [],
    }
