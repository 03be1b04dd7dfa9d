"""Each kind of disagreement is found by itself, and named in one sentence."""

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from accounts import ids, ledger, periods
from accounts.models import User, Wallet, Workspace
from gallery import images, pictures
from gallery.models import Image, PendingObject, Stock
from studio import audit, jobs
from studio.jobs import Region
from studio.models import Job
from tests.gallery.test_compose import mask
from tests.gallery.test_images import upload
from tests.studio.makers import Puppet, png, run_to_end, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def done(ada: User, workspace: Workspace, puppet: Puppet) -> Job:
    """A job that has ended well, beside one that waits."""
    (job, _) = submit(ada, workspace, count=2)
    jobs.run_next()
    job.refresh_from_db()
    assert list(audit.findings()) == []
    return job


def original(job: Job) -> str:
    assert job.image
    return job.image.original


def write(key: str, data: bytes) -> None:
    default_storage.delete(key)
    assert default_storage.save(key, ContentFile(data)) == key


BREAKS: dict[str, tuple[Callable[[Job], Any], str]] = {
    "ledger sums": (
        lambda _: Wallet.objects.filter(kind="credit").update(posted_micros=149_000),
        "wallet {wallet}: cached 149000 posted and 3000 held, transfers say 147000 and 3000",
    ),
    "a hold without a job": (
        lambda job: ledger.hold(
            workspace=job.workspace, amount_micros=3_000, reference=f"job:{job.workspace_id}"
        ),
        "hold job:{job.workspace_id} has no job",
    ),
    "a job without a hold": (
        lambda job: Job.objects.filter(pk=job.pk).update(id=ids.new(), order_id=job.pk),
        "job {other} has no hold",
    ),
    "another price": (
        lambda job: Job.objects.filter(pk=job.pk).update(price_micros=4_000),
        "job {job.pk} is succeeded, its hold posted of 3000",
    ),
    "stock": (
        lambda _: Stock.objects.update(size_bytes=1),
        "workspace {job.workspace_id} is said to keep 1 bytes; "
        "its images have {job.image.size_bytes}",
    ),
    "another state": (
        lambda job: Job.objects.filter(pk=job.pk).update(state="failed", image=None),
        "job {job.pk} is failed, its hold posted of 3000",
    ),
    "a success without an image": (
        lambda job: Job.objects.filter(pk=job.pk).update(image=None),
        "job {job.pk} is succeeded with image None",
    ),
    "an image without bytes": (
        lambda job: default_storage.delete(original(job)),
        "image {job.image_id} has no bytes at {job.image.original}",
    ),
    "a preview without bytes": (
        lambda _: Image.objects.update(preview_large="2026/01/01/none.webp"),
        "image {job.image_id} has no bytes at 2026/01/01/none.webp",
    ),
    "an image with other bytes": (
        lambda job: write(original(job), b"other"),
        "image {job.image_id} has other bytes at {job.image.original}",
    ),
    "bytes without an image": (
        lambda _: write("2026/01/01/nobody.png", png(8, 8)),
        "no image owns 2026/01/01/nobody.png",
    ),
}


@pytest.mark.parametrize("kind", BREAKS)
def test_what_does_not_agree_is_found(done: Job, kind: str) -> None:
    do, sentence = BREAKS[kind]
    do(done)
    expected = sentence.format(
        job=done,
        wallet=ledger.credit_of(done.workspace).pk,
        other=Job.objects.filter(order_id=done.pk).values_list("pk", flat=True).first(),
    )
    found = list(audit.findings())
    if kind == "a job without a hold":  # then its hold has no job either
        assert found.pop() == f"hold {done.hold} has no job"
    assert found == [expected]


def test_what_is_being_written_is_no_orphan(done: Job) -> None:
    key = images.stage(b"x", suffix="bin")
    assert list(audit.findings()) == []
    PendingObject.objects.all().delete()
    assert list(audit.findings()) == [f"no image owns {key}"]


def test_what_was_made_since_the_list_is_looked_for(
    done: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "stored", lambda: iter([("2026/01/01/gone.bin", 1)]))
    assert list(audit.findings()) == []


def test_a_storage_that_lists_in_another_order_does_no_harm(
    done: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what is read twice is believed."""
    write("2026/01/01/nobody.png", png(8, 8))
    listed = list(images.stored())
    monkeypatch.setattr(images, "stored", lambda: reversed(listed))
    assert list(audit.findings()) == ["no image owns 2026/01/01/nobody.png"]


def test_an_image_that_went_since_its_key_was_read_is_not_missed(
    done: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def list_and_remove() -> Iterator[tuple[str, int]]:
        yield "0", 1  # rows are read when the list has begun
        default_storage.delete(original(done))
        Job.objects.filter(pk=done.pk).update(image=None, is_image_purged=True)
        Image.objects.all().delete()

    monkeypatch.setattr(images, "stored", list_and_remove)
    assert list(audit.findings()) == []


def test_months_that_are_over_are_added_up_again_on_demand(
    done: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(periods, "_other_sums", lambda: iter(["wallet 1 of the period differs"]))
    assert list(audit.findings()) == []
    with pytest.raises(CommandError, match="1 found"):
        call_command("audit", "--all", stdout=io.StringIO())


def test_the_hold_of_a_closed_month_is_looked_at_on_demand(
    ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    ledger.hold(workspace=workspace, amount_micros=3_000, reference="job:nobody")
    ledger.void(reference="job:nobody")
    assert list(audit.findings()) == ["hold job:nobody has no job"]
    assert periods.close(at=timezone.now() + timedelta(days=40))
    assert list(audit.findings()) == []
    assert list(audit.findings(is_whole=True)) == ["hold job:nobody has no job"]


def test_nothing_is_stored_yet(workspace: Workspace) -> None:
    assert list(audit.findings()) == []


def test_a_storage_that_fails_is_one_line(done: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ClientError({"Error": {"Code": "503"}}, "ListObjects")

    bucket = SimpleNamespace(objects=SimpleNamespace(all=fail))
    monkeypatch.setattr(FileSystemStorage, "bucket", bucket, raising=False)
    said = io.StringIO()
    with pytest.raises(CommandError, match="1 found"):
        call_command("audit", stdout=said)
    assert said.getvalue() == "the storage could not be checked: the storage failed at its list\n"


def test_the_command_says_that_all_agrees(done: Job) -> None:
    said = io.StringIO()
    call_command("audit", stdout=said)
    assert "agree" in said.getvalue()


def test_the_mask_of_a_job_is_no_orphan(ada: User, workspace: Workspace, puppet: Puppet) -> None:
    region = Region(mask=pictures.normalise(mask(64, 48, (9, 9, 30, 30))))
    (job,) = submit(ada, workspace, upload(ada, workspace, png(64, 48)), region=region)
    run_to_end(job)
    assert list(audit.findings()) == []


def test_an_image_astray_between_workspaces(
    ada: User, ben: User, workspace: Workspace, puppet: Puppet
) -> None:
    submit(ada, workspace)
    jobs.run_next()
    child = Image.objects.get()
    parent = upload(ben, ben.personal_workspace)
    assert list(audit.findings()) == []
    Image.objects.filter(pk=child.pk).update(parent=parent)
    assert list(audit.findings()) == [f"image {child.pk} leads to the parent of another workspace"]
    Image.objects.filter(pk=child.pk).update(parent=None, workspace=ben.personal_workspace)
    job = Job.objects.get()
    assert list(audit.findings()) == [f"job {job.pk} leads to the image of another workspace"]
