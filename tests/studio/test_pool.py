"""A worker's threads take all that there is, but for those that may have killed their process."""

import pytest

from tests.programs import Ground


@pytest.mark.parametrize("ground", ["sqlite"], indirect=True)
def test_threads_take_no_suspect(ground: Ground) -> None:
    (end,) = ground.run("tests.studio.pool_of_threads", "beside_a_suspect")
    assert end == {"suspect": "queued", "states": {"queued": 1, "succeeded": 9}, "calls": 9}


@pytest.mark.parametrize("ground", ["sqlite", "postgresql"], indirect=True)
def test_the_bell_is_heard_beside_the_queue(ground: Ground) -> None:
    (end,) = ground.run("tests.studio.pool_of_threads", "hears")
    assert end == {"calls": 3}


@pytest.mark.parametrize("ground", ["sqlite", "postgresql"], indirect=True)
def test_what_ends_has_it_look_only_while_others_wait(ground: Ground) -> None:
    once, end = ground.run("tests.studio.pool_of_threads", "looks")
    assert once == {"found": [False]}
    assert end == {"is_any_left": False}


@pytest.mark.parametrize("ground", ["sqlite"], indirect=True)
def test_stores_what_came_back_beside_the_next_calls(ground: Ground) -> None:
    held, end = ground.run("tests.studio.pool_of_threads", "stores_beside_calls")
    assert held == {"states": {"running": 5, "queued": 5}, "calls": 5}
    assert end == {"calls": 10}


@pytest.mark.parametrize("ground", ["sqlite"], indirect=True)
def test_a_process_that_ends_finishes_what_runs_and_takes_no_more(ground: Ground) -> None:
    (end,) = ground.run("tests.studio.pool_of_threads", "ends")
    assert end == {"states": {"queued": 7, "succeeded": 3}}
