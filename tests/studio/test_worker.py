"""The worker as processes, against a strict service, through kills and faults."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.strict_stepfun import StrictStepfun
from tests.product import Person, Product, until

pytestmark = pytest.mark.xdist_group("product")


@pytest.fixture(scope="module")
def strict() -> Iterator[StrictStepfun]:
    with StrictStepfun(delay_seconds=0.3) as server:
        yield server


@pytest.fixture(scope="module")
def product(strict: StrictStepfun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with Product(
        tmp_path_factory.mktemp("worker"),
        **strict.variables,
        ENGINE_DEADLINE_SECONDS="2",
        OPERATOR_EMAIL="operator@example.com",
    ) as running:
        yield running


@pytest.fixture(scope="module")
def ada(product: Product) -> Person:
    ada = product.sign_up()
    product.manage("credit", "ada@example.com", "5", "--reason", "tests")
    return ada


def states(product: Product) -> dict[str, int]:
    return dict(product.query("SELECT state, count(*) FROM studio_job GROUP BY state"))


def unfinished(product: Product) -> int:
    found = states(product)
    return found.get("queued", 0) + found.get("running", 0)


def charged_micros(product: Product) -> int:
    (row,) = product.query(
        "SELECT coalesce(sum(amount_micros), 0) FROM accounts_transfer "
        "WHERE reference LIKE 'job:%' AND state = 'posted'"
    )
    return int(row[0])


def settle(product: Product) -> None:
    until(lambda: unfinished(product) == 0, "all jobs ending")
    assert "agree" in product.manage("audit")


def last_job(product: Product) -> tuple[str, str, int]:
    (row,) = product.query(
        "SELECT state, error_code, upstream_calls FROM studio_job ORDER BY id DESC LIMIT 1"
    )
    return tuple(row)


def test_faults_end_as_they_should(product: Product, ada: Person, strict: StrictStepfun) -> None:
    """The story of one job for each fault; charged is what was delivered, and no more."""
    for faults, expected in (
        ([], ("succeeded", "", 1)),
        (["429-2"], ("succeeded", "", 1)),
        (["503", "503", "503"], ("failed", "unavailable", 3)),
        (["filtered"], ("filtered", "content_filtered", 1)),
        (["451"], ("filtered", "content_filtered", 1)),
        (["400"], ("failed", "refused", 1)),
        (["hang-in-body"], ("succeeded", "", 2)),
        (["url-expired"], ("succeeded", "", 2)),
        (["truncated-png"], ("succeeded", "", 2)),
        (["bomb-png"], ("succeeded", "", 2)),
        (["401"], ("failed", "out_of_service", 1)),
        (["402"], ("failed", "out_of_service", 1)),
        (["404"], ("failed", "out_of_service", 1)),
    ):
        before = charged_micros(product)
        strict.faults.extend(faults)
        assert ada.create("a lake").status_code == 200
        until(lambda: unfinished(product) == 0, f"the job ending after {faults}")
        assert last_job(product) == expected, faults
        delivered = expected[0] == "succeeded"
        assert charged_micros(product) - before == (3_000 if delivered else 0)
    assert "agree" in product.manage("audit")


@pytest.mark.parametrize("role", ["web", "worker"])
def test_a_kill_at_any_moment_loses_and_doubles_nothing(
    product: Product, ada: Person, role: str
) -> None:
    before, done = charged_micros(product), states(product).get("succeeded", 0)
    for _ in range(3):
        assert ada.create("a lake", count=4).status_code == 200
        until(lambda: states(product).get("running"), "a job running")
        product.kill(role)
        product.start(role)
        product.wait_until_ready()
    settle(product)
    assert states(product)["succeeded"] - done == 12
    assert charged_micros(product) - before == 36_000


def test_the_cluster_is_started_again_when_its_processes_die(product: Product, ada: Person) -> None:
    done = states(product).get("succeeded", 0)
    for depth in (1, 2, 3):
        assert ada.create("a lake", count=2).status_code == 200
        until(lambda: states(product).get("running"), "a job running")
        worker = product.processes["worker"].pid
        os.kill(until(lambda: _descendant(worker, depth), "a cluster"), signal.SIGKILL)  # noqa: B023
    settle(product)
    assert states(product)["succeeded"] - done == 6


def test_no_process_outlives_its_supervisor(product: Product, ada: Person) -> None:
    """The supervisor alone is killed: nobody is left who would guard the others."""
    assert ada.create("a lake", count=2).status_code == 200
    until(lambda: states(product).get("running"), "a job running")
    supervisor = product.processes.pop("worker")
    crew = {Path(f"/proc/{pid}") for pid in _descendants(supervisor.pid)}
    assert len(crew) >= 5
    supervisor.kill()
    supervisor.wait()
    until(lambda: not any(each.exists() for each in crew), "the end of its crew", 10)
    product.start("worker")
    product.wait_until_ready()
    settle(product)


def test_a_stop_lets_running_jobs_finish(product: Product, ada: Person) -> None:
    calls = product.query("SELECT sum(upstream_calls) FROM studio_job")[0][0]
    assert ada.create("a lake", count=2).status_code == 200
    until(lambda: states(product).get("running") == 2, "both jobs running")
    product.stop("worker")
    assert unfinished(product) == 0
    assert product.query("SELECT sum(upstream_calls) FROM studio_job")[0][0] == calls + 2
    product.start("worker")
    product.wait_until_ready()


def test_no_prompt_and_no_key_is_in_a_log(
    product: Product, ada: Person, strict: StrictStepfun
) -> None:
    """Nor is a password, nor any of them in what the queue keeps."""
    strict.faults.extend(["400-echo", "503"])
    for _ in range(3):
        ada.create("xyzzy-plugh in the garden")
    settle(product)
    logs = product.log("web") + product.log("worker")
    assert "succeeded job=" in logs
    assert "code=refused" in logs
    tables = [name for (name,) in product.query("SELECT name FROM sqlite_master")]
    queued = [product.query(f"SELECT * FROM {name}") for name in tables if name in QUEUE]
    assert len(queued) == len(QUEUE)
    for secret in ("xyzzy", "a long enough phrase", strict.key):
        assert secret not in logs + str(queued)


QUEUE = {"django_q_ormq", "django_q_task", "django_q_schedule"}


def test_the_worker_tells_again_and_again_that_it_lives(product: Product) -> None:
    def beat() -> str:
        ((text,),) = product.query("SELECT max(beat_at) FROM studio_worker")
        return str(text)

    first = beat()
    until(lambda: beat() > first, "another beat", 15)


def _descendant(pid: int, depth: int) -> int:
    """The first process `depth` forks below (1 the cluster's main, 2 its sentinel, 3 a worker),
    or 0 while it is not there."""
    for _ in range(depth):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if not children:
            return 0
        pid = int(children[0])
    return pid


def _descendants(pid: int) -> set[int]:
    children = [
        int(child)
        for thread in Path(f"/proc/{pid}/task").iterdir()
        for child in (thread / "children").read_text().split()
    ]
    return {*children, *(each for child in children for each in _descendants(child))}
