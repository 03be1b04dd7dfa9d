"""A rolling upgrade over a migration: code of before and of now at once, and nothing is lost.

The code of before is that of ten commits ago, or UPGRADE_FROM, a commit or a tag. That of now has
a migration more, as docs/operations.md allows them, and uses what it adds.
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
NOTED = "SELECT note, count(*) FROM studio_job GROUP BY 1 ORDER BY 1"
MODEL = """
from django.db.models import Index, TextField
for _each in (Job, ArchivedJob):
    _each.add_to_class("note", TextField(default="of now", db_default="of before"))
    _each.add_to_class("hint", TextField(null=True))
Job._meta.indexes.append(Index(fields=["note"], name="job_note"))
Job._meta.original_attrs["indexes"] = Job._meta.indexes
"""
MIGRATION = """
from django.db.migrations import AddField, Migration as Base
from django.db.models import Index, TextField
from accounts.gently import AddIndexGently
class Migration(Base):
    atomic = False
    dependencies = [("studio", "LAST")]
    operations = [
        AddField(model, name, field)
        for model in ("job", "archivedjob")
        for name, field in (
            ("note", TextField(default="of now", db_default="of before")),
            ("hint", TextField(null=True)),
        )
    ] + [AddIndexGently("job", Index(fields=["note"], name="job_note"))]
"""


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
    return checkout(tmp_path / "before", archive)


@pytest.fixture
def now(tmp_path: Path) -> Path:
    """What lies here, committed or not, and one migration more."""
    archive = tmp_path / "now.tar"
    files = git("ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    there = [name for name in files if (ROOT / name).exists()]
    subprocess.run(["tar", "-cf", archive, "-C", ROOT, *there], check=True)
    place = checkout(tmp_path / "now", archive)
    with (place / "studio" / "models" / "__init__.py").open("a") as models:
        models.write(MODEL)
    folder = place / "studio" / "migrations"
    last = max(each.stem for each in folder.glob("[0-9]*.py"))
    (folder / "9999_note.py").write_text(MIGRATION.replace("LAST", last))
    return place


def checkout(place: Path, archive: Path) -> Path:
    place.mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", place], check=True)
    (place / ".venv").symlink_to(ROOT / ".venv")
    return place


class Customer:
    """Orders one picture after another, each until it is accepted."""

    AWAY = {502, 503}  # the proxy's words for a web that ends or is not there yet

    def __init__(self, person: Person) -> None:
        self._person = person
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._order)
        self.accepted = 0
        self.refusals: set[int] = set()

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def _order(self) -> None:
        while not self._over.is_set():
            order_id = str(uuid4())
            while not self._is_accepted(order_id):
                self._over.wait(0.05)
            self.accepted += 1
            self._over.wait(0.2)

    def _is_accepted(self, order_id: str) -> bool:
        with suppress(httpx.TransportError):
            status = self._person.create("a lake", order_id=order_id).status_code
            self.refusals |= {status} - {200} - self.AWAY
            return status == 200
        return False


def put_in(product: Product, name: str, code: Path) -> None:
    """Ends what ran there, and starts other code in its place."""
    if name in product.processes:
        assert product.stop(name)
    product.code[name] = code
    product.prepare(name)
    product.start(name)


@pytest.mark.long
@pytest.mark.cluster
@pytest.mark.timeout(900)
def test_code_of_before_and_of_now_at_once(tmp_path: Path, before: Path, now: Path) -> None:
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
            product.manage(
                "credit", "ada@example.com", "50", "--reason", "tests", name=product.webs[0]
            )
            customer.begin()
            for name in names:
                seen = customer.accepted
                put_in(product, name, now)  # the first migrates, with the others at work
                product.wait_until_ready()
                until(lambda: customer.accepted > seen + 3, "orders")  # noqa: B023
            customer.end()
            until(lambda: product.query(UNFINISHED) == [(0,)], "all jobs ending", every=0.1)
            ends = product.query("SELECT state, count(*) FROM studio_job GROUP BY 1")
            assert ends == [("succeeded", customer.accepted)]
            assert [note for note, _ in product.query(NOTED)] == ["of before", "of now"]
            assert customer.refusals == set()
            for name in names:
                assert "Traceback" not in product.log(name), name
            until(lambda: "agree" in product.manage("audit", name="web-1"), "the audit agreeing")
        finally:
            product.__exit__(None, None, None)
