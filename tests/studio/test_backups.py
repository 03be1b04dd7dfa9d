"""Yesterday comes back, and neither charges nor runs anything again."""

import csv
import hashlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.core import mail
from django.utils import timezone
from django_q.models import OrmQ

from accounts import exports, ledger
from accounts.models import Export, Membership, User, Workspace
from gallery import images, stores
from studio import audit, jobs
from studio.backups import BackupError, Folder, ending, objects
from studio.models import Delivery, Job, State, Webhook
from studio.queue import doorbell
from tests.product import ROOT, Person, Product, until
from tests.studio.makers import balance, submit

SHAPES = [
    "sqlite and files",
    pytest.param("postgresql and s3", marks=pytest.mark.xdist_group("s3")),
]


@pytest.fixture
def product(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Product]:
    variables: dict[str, str] = {}
    if request.param != "sqlite and files":
        server = request.getfixturevalue("postgresql")
        variables |= {"DATABASE_URL": server.create(uuid4().hex)}
        variables |= request.getfixturevalue("s3").variables
    folder = tmp_path / "data"
    folder.mkdir()
    with Product(folder, **variables) as running:
        yield running


def states(product: Product) -> dict[str, int]:
    return dict(product.query("SELECT state, COUNT(*) FROM studio_job GROUP BY state"))


def credit(product: Product) -> tuple[int, int]:
    (found,) = product.query(
        "SELECT posted_micros, held_micros FROM accounts_wallet WHERE kind = 'credit'"
    )
    return found


def order(person: Person, count: int) -> None:
    for number in range(count):
        assert person.create(f"a lake, number {number}").status_code == 200


def ended(product: Product) -> bool:
    return not set(states(product)) & {"parked", "queued", "running"}


def fails(product: Product, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=ROOT,
        env=product.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    return done.stdout + done.stderr


@pytest.mark.timeout(300)
@pytest.mark.parametrize("product", SHAPES, indirect=True)
def test_a_day_is_lost_and_nothing_else(product: Product, tmp_path: Path) -> None:
    backup = tmp_path / "monday"
    ada = product.sign_up()
    order(ada, 2)
    until(lambda: ended(product), "making the pictures")
    product.stop("worker")
    order(ada, 3)
    assert states(product) == {"succeeded": 2, "queued": 3}
    product.manage("backup", str(backup))  # the web process goes on
    check_manifest(backup)

    # A day on: they are made and paid, people leave, and a picture comes
    product.start("worker")
    until(lambda: ended(product), "making the pictures")
    assert credit(product) == (150_000 - 5 * 3_000, 0)
    product.sign_up("ben@example.com")
    assert "a worker is at work" in fails(product, "restore", backup)
    product.stop("worker")
    product.stop("web")
    assert "there are people in the database" in fails(product, "restore", backup)

    said = product.manage("restore", str(backup), "--replace", "--discard-others")
    assert "3 jobs that were under way are cancelled" in said
    assert "Ledger, jobs and storage agree." in said
    assert product.manage("audit")
    assert states(product) == {"succeeded": 2, "cancelled": 3}
    assert credit(product) == (150_000 - 2 * 3_000, 0)

    # It runs again, and what was under way stays as it is
    product.start("web")
    product.start("worker")
    product.wait_until_ready()
    pictures = [UUID(str(row[0])) for row in product.query("SELECT id FROM gallery_image")]
    first = ada.get(f"/images/{pictures[0]}/original")
    assert first.url.path == "/accounts/login/", "everybody signs in anew"
    again = Person(product.url)
    product.people.append(again)
    again.post(
        "/accounts/login/", data={"login": "ada@example.com", "password": "a long enough phrase"}
    )
    for picture in pictures:
        assert again.get(f"/images/{picture}/original").status_code == 200
    order(again, 1)
    until(lambda: ended(product), "making one more")
    assert states(product) == {"succeeded": 3, "cancelled": 3}
    assert credit(product) == (150_000 - 3 * 3_000, 0)
    assert product.manage("audit")


def check_manifest(backup: Path) -> None:
    with (backup / "objects.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 2
    for row in rows:
        data = (backup / "objects" / row["key"]).read_bytes()
        assert len(data) == int(row["size_bytes"])
        assert hashlib.sha256(data).hexdigest() == row["sha256"]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("product", SHAPES, indirect=True)
def test_a_killed_backup_goes_on_and_a_second_one_takes_no_second_copy(
    product: Product, tmp_path: Path
) -> None:
    ada = product.sign_up()
    order(ada, 3)
    until(lambda: ended(product), "making the pictures")
    until(lambda: not product.query("SELECT 1 FROM gallery_image WHERE preview_large = ''"), "them")
    first, second = tmp_path / "first", tmp_path / "second"
    command = [sys.executable, "-m", "tests.studio.killed_backup", str(first)]
    killed = subprocess.run(command, cwd=ROOT, env=product.environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert "holds no whole backup" in fails(product, "restore", first, "--replace")
    there = {each for each in (first / "objects").rglob("*") if each.is_file()}
    assert there
    product.manage("backup", str(first))
    check_manifest(first)
    assert "holds a backup already" in fails(product, "backup", first)

    order(ada, 1)
    until(lambda: ended(product), "making one more")
    product.manage("backup", str(second), "--after", str(first))
    check_manifest(second)
    for entry in Folder(first).entries():
        old, new = Folder(first).object(entry.key), Folder(second).object(entry.key)
        assert os.path.samefile(old, new), entry.key
    named = tmp_path / "named"
    product.manage("backup", str(named), "--without-objects")
    assert set(Folder(named).entries()) >= set(Folder(second).entries())
    assert not list((named / "objects").rglob("*"))


def test_damage_is_named_and_the_rest_is_there(
    ada: User, workspace: Workspace, tmp_path: Path
) -> None:
    kept = [stage(data) for data in (b"one", b"two", b"three", b"four")]
    folder = Folder(tmp_path / "backup")
    (folder.path / "objects").mkdir(parents=True)
    folder.write_entries(objects.keep(stores.current, folder, None))
    for key in kept:
        stores.current.remove(key)
    folder.object(kept[0]).write_bytes(b"own")
    folder.object(kept[1]).unlink()
    stores.current.write(kept[2], io.BytesIO(b"other"))
    told = {
        entry.key: fault
        for entry, fault in objects.put_back(stores.current, folder, has_bytes=True)
    }
    assert told == {
        kept[0]: "is damaged in the backup",
        kept[1]: "is missing in the backup",
        kept[2]: "",
        kept[3]: "",
    }
    assert [images.read(key) for key in kept[2:]] == [b"three", b"four"]


def test_without_objects_they_are_compared_with_what_is_there(
    ada: User, workspace: Workspace, tmp_path: Path
) -> None:
    kept = [stage(data) for data in (b"one", b"two", b"three")]
    folder = Folder(tmp_path / "backup")
    folder.path.mkdir()
    folder.write_entries(objects.keep(stores.current, folder, None))
    stores.current.remove(kept[0])
    stores.current.write(kept[1], io.BytesIO(b"other"))
    told = {
        entry.key: fault
        for entry, fault in objects.put_back(stores.current, folder, has_bytes=False)
    }
    assert told == {kept[0]: "is not in the storage", kept[1]: "is not in the storage", kept[2]: ""}


def stage(data: bytes) -> str:
    return images.stage(data, suffix="bin")


@pytest.mark.parametrize("key", ["../x", "/etc/x", "a/../../x"])
def test_no_object_leads_out_of_the_folder(tmp_path: Path, key: str) -> None:
    with pytest.raises(BackupError):
        Folder(tmp_path).object(key)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_told_made_or_paid_of_what_was_under_way(
    ada: User, ben: User, workspace: Workspace
) -> None:
    """Whatever state it was in; what had ended stays as it is."""
    ledger.grant(to=workspace, amount_micros=300_000, reference="grant:more")
    webhook = Webhook.objects.create(workspace=workspace, created_by=ada, url="https://h.example/")
    Membership.objects.filter(user=ben).update(monthly_cap_micros=1)
    submit(ben, workspace, is_asking=True)
    _, running, done = submit(ada, workspace, count=3)
    now = timezone.now()
    Job.objects.filter(pk=running.pk).update(state=State.RUNNING, lease_until=now, attempt=1)
    Job.objects.filter(pk=done.pk).update(state=State.FAILED, finished_at=now, error_code="trouble")
    ledger.void(reference=done.hold)
    Delivery.objects.create(webhook=webhook, job=done, event_id="e", type="job.x", body="{}")
    exports.ask(by=ada)
    doorbell.ring()
    ended = ending.end()
    assert (ended.jobs, ended.deliveries) == (3, 1)
    assert set(Job.objects.values_list("state", "error_code")) == {
        ("cancelled", "restored"),
        ("failed", "trouble"),
    }
    assert not Delivery.objects.exclude(state=Delivery.State.FAILED).exists()
    assert Delivery.objects.count() == 1, "nobody is told of what ended here"
    assert not OrmQ.objects.exists()
    assert not Export.objects.exists()
    assert not mail.outbox
    assert balance(workspace) == (450_000, 0)
    assert list(audit.findings()) == []
    assert not jobs.run_next()
    assert ending.end().jobs == 0
