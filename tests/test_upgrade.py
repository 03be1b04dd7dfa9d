"""A rolling upgrade: code of before and of now at once, and nothing is lost.

The code of before is that of ten commits ago, or UPGRADE_FROM, a commit or a tag.
"""

import os
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.engines.strict_stepfun import StrictStepfun
from tests.product import ROOT, Person, Product, until
from tests.shapes import product_on, servers_of

UNFINISHED = "SELECT count(*) FROM studio_job WHERE finished_at IS NULL"


def git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no code of before in this clone: git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


@pytest.fixture
def before(tmp_path: Path) -> Path:
    if not (ROOT / ".git").exists() or git("rev-parse", "--is-shallow-repository") == "true":
        pytest.skip("this clone knows no code of before")
    commit = os.environ.get("UPGRADE_FROM") or "HEAD~10"
    archive = tmp_path / "before.tar"
    git("archive", f"--output={archive}", commit)
    place = tmp_path / "before"
    place.mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", place], check=True)
    (place / ".venv").symlink_to(ROOT / ".venv")
    return place


class Customer:
    """Orders one picture after another, each until it is accepted."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._order)
        self.accepted = 0
        self.sent_again = 0

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def _order(self) -> None:
        while not self._over.is_set():
            order_id = str(uuid4())
            while not self._is_accepted(order_id):
                self.sent_again += 1
            self.accepted += 1
            self._over.wait(0.2)

    def _is_accepted(self, order_id: str) -> bool:
        with suppress(httpx.TransportError):
            return self._person.create("a lake", order_id=order_id).status_code == 200
        return False


def put_in(product: Product, name: str, code: Path) -> None:
    """Ends what ran there, and starts other code in its place."""
    if name in product.processes:
        assert product.stop(name)
    product.code[name] = code
    product.prepare(name)
    product.start(name)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_code_of_before_and_of_now_at_once(tmp_path: Path, before: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with (
        StrictStepfun(delay_seconds=0.3) as service,
        servers_of("cluster", folder) as servers,
    ):
        product = product_on(
            servers,
            folder,
            **service.variables,
        )
        names = (*product.webs, *product.workers)
        try:
            for name in names:
                put_in(product, name, before)
            product.wait_until_ready()
            customer = Customer(product.sign_up())
            product.manage("credit", "ada@example.com", "50", "--reason", "tests")
            customer.begin()
            for name in names:
                seen = customer.accepted
                put_in(product, name, ROOT)  # the first migrates, with the others at work
                product.wait_until_ready()
                until(lambda: customer.accepted > seen + 3, "orders")  # noqa: B023
            customer.end()
            until(lambda: product.query(UNFINISHED) == [(0,)], "all jobs ending", every=0.1)
            ends = product.query("SELECT state, count(*) FROM studio_job GROUP BY 1")
            assert ends == [("succeeded", customer.accepted)]
            until(lambda: "agree" in product.manage("audit"), "the audit agreeing")
        finally:
            product.__exit__(None, None, None)
