"""What one job or one workspace does to the others, with real worker processes."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.engines.strict_stepfun import StrictStepfun
from tests.product import Product, until

pytestmark = [pytest.mark.xdist_group("product"), pytest.mark.timeout(300)]

Start = Callable[..., Product]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the product against a service that takes half a second for a picture."""
    running: list[Product] = []
    with StrictStepfun(delay_seconds=0.5) as strict:

        def new(**variables: str) -> Product:
            product = Product(
                tmp_path,
                **strict.variables,
                **variables,
            )
            running.append(product.__enter__())
            return running[-1]

        yield new
        for product in running:
            product.__exit__(None, None, None)


def ended(product: Product, where: str = "1") -> bool:
    left = f"SELECT count(*) FROM studio_job WHERE state IN ('queued', 'running') AND {where}"
    return bool(product.query(left)[0][0] == 0)


def charged_images(product: Product) -> int:
    rows = product.query(
        "SELECT count(*) FROM accounts_transfer WHERE reference LIKE 'job:%' AND state = 'posted'"
    )
    return int(rows[0][0])


def test_a_job_that_kills_its_process_takes_nobody_along(start: Start) -> None:
    """32 jobs in one process; whichever process runs the bad one is killed, every time."""
    product = start(WORKER_CONCURRENCY="32")
    ada = product.sign_up()
    product.manage("credit", "ada@example.com", "1", "--reason", "tests")
    assert ada.create("bad").status_code == 200
    for count in (10, 10, 10, 1):
        assert ada.create("good", count=count).status_code == 200

    running: dict[str, int] = {}

    def kill_who_runs_the_bad_one() -> bool:
        """Noting how many jobs it ran."""
        bad = "SELECT claimed_by FROM studio_job WHERE prompt = 'bad' AND state = 'running'"
        for (name,) in product.query(bad):
            with suppress(ProcessLookupError):
                os.kill(int(name.split(":")[1]), signal.SIGKILL)
            its = f"SELECT count(*) FROM studio_job WHERE claimed_by = '{name}'"
            running.setdefault(name, product.query(f"{its} AND state = 'running'")[0][0])
        return ended(product)

    until(kill_who_runs_the_bad_one, "all jobs ending", 120)
    states = dict(
        product.query("SELECT prompt || ' ' || state, count(*) FROM studio_job GROUP BY 1")
    )
    assert states == {"bad failed": 1, "good succeeded": 31}
    first, *later = running.values()
    assert first > 1
    assert later == [1, 1], "a suspect has nobody beside it"
    assert charged_images(product) == 31
    assert "agree" in product.manage("audit")


def test_a_burst_of_one_does_not_keep_others_waiting(start: Start) -> None:
    product = start(WORKER_CONCURRENCY="4")
    ada, mallory = product.sign_up(), product.sign_up("mallory@example.com")
    product.manage("credit", "ada@example.com", "1", "--reason", "tests")
    for _ in range(8):
        assert ada.create("many", count=10).status_code == 200
    assert mallory.create("one").status_code == 200
    until(lambda: ended(product, "prompt = 'one'"), "the one job ending")
    waiting = product.query("SELECT count(*) FROM studio_job WHERE state = 'queued'")[0][0]
    assert waiting > 40, "the burst is far from done"


@pytest.mark.long
def test_a_worker_that_slept_past_its_lease_finishes_nothing(start: Start) -> None:
    product = start(ENGINE_DEADLINE_SECONDS="1")
    ada = product.sign_up()
    assert ada.create("a lake").status_code == 200
    running = "SELECT claimed_by FROM studio_job WHERE state = 'running'"
    ((name,),) = until(lambda: product.query(running), "the job running")
    pid = int(name.split(":")[1])
    os.kill(pid, signal.SIGSTOP)
    try:
        until(lambda: ended(product), "the job ending without it", 90)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert ada.create("another").status_code == 200
    until(lambda: ended(product), "the other job ending")
    assert charged_images(product) == 2
    assert "agree" in product.manage("audit")


@pytest.mark.long
@pytest.mark.parametrize(
    "killed",
    [slice(0, -2), slice(-2, -1), slice(-1, None)],
    ids=["workers", "monitor", "pusher"],
)
def test_a_wedged_cluster_runs_again(start: Start, killed: slice) -> None:
    """Idle processes are killed. Of the workers, one holds the queue's lock, and keeps it: those
    that take their places hear the doorbell."""
    product = start()
    ada = product.sign_up()
    (main, *_) = children(product.processes["worker"].pid)
    (sentinel,) = children(main)
    for pid in children(sentinel)[killed]:
        os.kill(pid, signal.SIGKILL)
    assert ada.create("a lake").status_code == 200
    until(lambda: ended(product), "the job ending", 45)
    assert charged_images(product) == 1


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
