"""Machines of the cluster come and go, and nobody notices more than a request sent again."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from tests.engines.strict_stepfun import StrictStepfun
from tests.product import ROOT, Person, Product, free_port, until
from tests.shapes import running

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]
UNFINISHED = "SELECT count(*) FROM studio_job WHERE finished_at IS NULL"
RUNNING_ON = "SELECT count(*) FROM studio_job WHERE state = 'running' AND claimed_by LIKE "


@pytest.fixture(scope="module")
def strict() -> Iterator[StrictStepfun]:
    with StrictStepfun(delay_seconds=1.0) as server:
        yield server


@pytest.fixture(scope="module")
def product(strict: StrictStepfun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running(
        "cluster",
        tmp_path_factory.mktemp("cluster"),
        **strict.variables,
        WORKER_CONCURRENCY="4",
        ENGINE_DEADLINE_SECONDS="3",
    ) as product:
        product.manage("credit", "ada@example.com", "5", "--reason", "tests")
        yield product


@pytest.fixture(scope="module")
def ada(product: Product) -> Person:
    return product.sign_up("eve@example.com")


def ends(product: Product) -> set[str]:
    until(lambda: product.query(UNFINISHED) == [(0,)], "all jobs ending", every=0.1)
    return {state for (state,) in product.query("SELECT DISTINCT state FROM studio_job")}


def claimed(product: Product, worker: str) -> int:
    """How many jobs the machine has under way."""
    crew = f"/{product.processes[worker].pid}:"
    return int(product.query(f"{RUNNING_ON}'%{crew}%'")[0][0])


def test_a_session_is_one_on_all_webs(product: Product, ada: Person) -> None:
    for port in product.ports.values():
        page = httpx.get(f"http://127.0.0.1:{port}/", cookies=dict(ada.cookies))
        assert page.status_code == 200
        assert "Prompt" in page.text


def test_a_web_that_is_killed_is_not_noticed(product: Product, ada: Person) -> None:
    """Somebody reads on; no page fails, though each web is killed in its turn."""
    over = threading.Event()
    answers: list[int] = []

    def read() -> None:
        with httpx.Client(base_url=product.url, cookies=dict(ada.cookies), timeout=30) as reader:
            while not over.is_set():
                answers.append(reader.get("/gallery/").status_code)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for each in readers:
        each.start()
    for web in product.webs:
        seen = len(answers)
        product.kill(web)
        until(lambda: len(answers) > seen + 20, "pages without it")  # noqa: B023
        product.start(web)
        product.wait_until_ready()
    over.set()
    for each in readers:
        each.join()
    assert set(answers) == {200}


def test_a_worker_is_drained_and_taken_away(product: Product, ada: Person) -> None:
    """What it runs ends there, it takes nothing more, and the other does what is left."""
    assert ada.create("a lake", count=10).status_code == 200
    until(lambda: claimed(product, "worker-1"), "the first machine running some")
    process = product.processes["worker-1"]
    below = psutil.Process(process.pid).children(recursive=True)
    assert product.stop("worker-1")
    assert not any(each.is_running() and each.status() != "zombie" for each in below)
    assert ends(product) == {"succeeded"}
    assert product.query("SELECT max(attempt), sum(crashes) FROM studio_job") == [(1, 0)]
    product.start("worker-1")


@pytest.mark.long
def test_a_worker_that_never_comes_back_is_stood_in_for(product: Product, ada: Person) -> None:
    """Nobody else can look at its processes: its jobs are found by their lease."""
    assert ada.create("a hill", count=8).status_code == 200
    until(lambda: claimed(product, "worker-2"), "the second machine running some")
    product.kill("worker-2")
    assert ends(product) == {"succeeded"}
    product.start("worker-2")
    until(lambda: "agree" in product.manage("audit"), "the audit agreeing")


@pytest.mark.long
def test_nothing_stays_when_what_keeps_it_is_killed(tmp_path: Path) -> None:
    """`kill -9` of what `make cluster` runs: processes, the database and folders are gone."""
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.cluster", str(free_port())],
        cwd=ROOT,
        env=os.environ | {"DATA_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert keeper.stdout
    try:
        assert any("Easel is ready" in line for line in keeper.stdout)
        postmaster, folder = _database_of(tmp_path / ".env")
        parts = [postmaster, *psutil.Process(keeper.pid).children(recursive=True)]
        folders = {Path(each.cwd()) for each in parts if "easel-" in each.cwd()}
    finally:
        keeper.kill()
        keeper.wait()
        keeper.stdout.close()
    _, left = psutil.wait_procs(parts, 60)
    assert left == []
    until(lambda: not any(each.exists() for each in (*folders, folder)), "folders being gone")
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0"],
        cwd=ROOT,
        env=os.environ | {"DATA_DIR": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 0, "what is left of its .env is in nobody's way"


def _database_of(environment: Path) -> tuple[psutil.Process, Path]:
    """PostgreSQL's process, which is nobody's child, and its server's folder."""
    lines = dict(line.split("=", 1) for line in environment.read_text().splitlines())
    with psycopg.connect(lines["DATABASE_URL"]) as server:
        [(place,)] = server.execute("SHOW data_directory").fetchall()
    number = (Path(place) / "postmaster.pid").read_text().split()[0]
    return psutil.Process(int(number)), Path(place).parent
