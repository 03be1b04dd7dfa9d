"""An object is staged, then owned or an orphan; the storage may fail at every step."""

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import transaction
from django.utils import timezone

from accounts import workspaces
from accounts.models import User, Workspace
from gallery import images, pictures
from gallery.images import StorageError
from gallery.models import Image, PendingObject
from tests.gallery.makers import jpeg, png

S3_FAULTS = [
    ClientError({"Error": {"Code": "503"}, "ResponseMetadata": {"HTTPStatusCode": 503}}, "Put"),
    EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
    OSError("disk full"),
]


@pytest.fixture
def image(ada: User, workspace: Workspace) -> Image:
    return upload(ada, workspace)


def upload(by: User, workspace: Workspace, data: bytes = b"") -> Image:
    picture = pictures.normalise(data or png(640, 480))
    key = images.stage(picture.data, suffix=picture.suffix)
    return images.store(
        workspace_id=workspace.pk, by_id=by.pk, key=key, picture=picture, kind=Image.Kind.UPLOAD
    )


def files(settings: Any) -> list[Path]:
    root = Path(settings.STORAGES["default"]["OPTIONS"]["location"])
    return [path for path in root.rglob("*") if path.is_file()]


def later(**by: int) -> datetime:
    return timezone.now() + timedelta(**by)


@pytest.mark.django_db
def test_a_staged_object_is_pending_until_it_is_owned(ada: User, workspace: Workspace) -> None:
    picture = pictures.normalise(jpeg())
    key = images.stage(picture.data, suffix=picture.suffix)
    assert key.endswith(".jpg")
    assert images.read(key) == picture.data
    assert PendingObject.objects.get().key == key
    image = images.store(
        workspace_id=workspace.pk, by_id=ada.pk, key=key, picture=picture, kind=Image.Kind.UPLOAD
    )
    assert not PendingObject.objects.exists()
    assert (image.original, image.sha256) == (key, picture.sha256)
    assert (image.width, image.height, image.size_bytes) == (64, 48, len(picture.data))


def test_no_two_objects_share_a_key(db: None) -> None:
    assert images.stage(b"x", suffix="bin") != images.stage(b"x", suffix="bin")


def test_what_is_staged_is_under_its_key_and_no_other(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A storage that says that the name is taken must not make one up that nobody knows."""
    monkeypatch.setattr(FileSystemStorage, "exists", lambda *_: True)
    key = images.stage(b"x", suffix="bin")
    assert list(images.stored()) == [(key, 1)]
    assert images.is_storage_up()


def test_an_object_has_one_owner(image: Image, ada: User, workspace: Workspace) -> None:
    with pytest.raises(StorageError):
        images.store(
            workspace_id=workspace.pk,
            by_id=ada.pk,
            key=image.original,
            picture=pictures.normalise(png()),
            kind=Image.Kind.UPLOAD,
        )


def test_an_owner_that_is_rolled_back_owns_nothing(ada: User, workspace: Workspace) -> None:
    picture = pictures.normalise(png())
    key = images.stage(picture.data, suffix=picture.suffix)
    with transaction.atomic():
        images.store(
            workspace_id=workspace.pk, by_id=ada.pk, key=key, picture=picture, kind="upload"
        )
        transaction.set_rollback(True)
    assert PendingObject.objects.filter(key=key).exists()
    assert not Image.objects.exists()


def test_discarding_removes_object_and_row_and_may_be_repeated(db: None, settings: Any) -> None:
    key = images.stage(b"x", suffix="bin")
    for _ in range(2):
        images.discard((key, ""))
    assert not files(settings)
    assert not PendingObject.objects.exists()


def test_the_sweep_removes_old_orphans_only(image: Image, settings: Any) -> None:
    Image.objects.update(preview_large="made")
    orphan = images.stage(b"x", suffix="bin")
    images.sweep(at=later(minutes=44))
    assert default_storage.exists(orphan)
    images.sweep(at=later(minutes=46))
    assert not default_storage.exists(orphan)
    assert default_storage.exists(image.original)


def test_what_the_sweep_took_cannot_be_owned(ada: User, workspace: Workspace) -> None:
    picture = pictures.normalise(png())
    key = images.stage(picture.data, suffix=picture.suffix)
    images.sweep(at=later(hours=1))
    with pytest.raises(StorageError):
        images.store(
            workspace_id=workspace.pk, by_id=ada.pk, key=key, picture=picture, kind="upload"
        )


def test_what_the_sweep_could_not_remove_cannot_be_owned_nor_found(
    ada: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bytes may go at any moment: the next sweep tries again."""
    picture = pictures.normalise(png())
    key = images.stage(picture.data, suffix=picture.suffix, purpose="job:1")
    assert images.staged_for("job:1")

    def fail(*_: object) -> None:
        raise OSError("down")

    with monkeypatch.context() as away:
        away.setattr(FileSystemStorage, "delete", fail)
        images.sweep(at=later(hours=1))
    assert images.staged_for("job:1") is None
    with pytest.raises(StorageError, match="not staged any more"):
        images.store(
            workspace_id=workspace.pk, by_id=ada.pk, key=key, picture=picture, kind="upload"
        )
    images.sweep(at=later(hours=1))
    assert list(images.stored()) == []
    assert not PendingObject.objects.exists()


def test_other_bytes_than_were_staged_are_not_found_again(db: None) -> None:
    key = images.stage(b"whole", suffix="bin", purpose="job:1")
    default_storage.delete(key)
    default_storage.save(key, ContentFile(b"who"))
    assert images.staged_for("job:1") is None


@pytest.mark.django_db(transaction=True)
def test_previews_are_made_once(image: Image, settings: Any) -> None:
    images.make_previews(image)
    made = Image.objects.get()
    assert pictures.verify(images.read(made.preview_small)).width == 512
    assert pictures.verify(images.read(made.preview_large)).width == 640
    assert made.placeholder.startswith("data:image/webp;base64,")
    images.make_previews(made)
    assert len(files(settings)) == 3
    assert not PendingObject.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_that_make_previews_at_once_keep_one_pair(image: Image, settings: Any) -> None:
    """The second has read the image before the first was done."""
    second = Image.objects.get()
    images.make_previews(image)
    first = Image.objects.get()
    images.make_previews(second)
    now = Image.objects.get()
    assert (now.preview_small, now.preview_large) == (first.preview_small, first.preview_large)
    assert len(files(settings)) == 3
    assert not PendingObject.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_sweep_makes_previews_that_were_left_unmade(image: Image) -> None:
    images.sweep(at=later(seconds=30))
    assert not Image.objects.get().preview_large
    images.sweep(at=later(seconds=90))
    assert Image.objects.get().preview_large


@pytest.mark.django_db(transaction=True)
def test_an_image_without_its_object_does_not_stop_the_sweep(
    image: Image, ada: User, workspace: Workspace
) -> None:
    default_storage.delete(image.original)
    other = upload(ada, workspace, png(32, 32))
    images.sweep(at=later(minutes=2))
    image.refresh_from_db()
    other.refresh_from_db()
    assert image.preview_large == image.original
    assert other.preview_large.endswith(".webp")


def test_other_bytes_than_were_written_are_noticed(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FileSystemStorage, "_open", lambda *_: ContentFile(b"other"))
    with pytest.raises(StorageError, match="reads otherwise"):
        images.stage(b"mine", suffix="bin")
    assert PendingObject.objects.count() == 1, "left for the sweep"


def test_an_object_that_vanishes_is_noticed(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FileSystemStorage, "_save", lambda _self, name, _content: name)
    with pytest.raises(StorageError, match="is not there"):
        images.stage(b"mine", suffix="bin")


@pytest.fixture(params=S3_FAULTS, ids=lambda fault: type(fault).__name__)
def broken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A storage that fails at everything, as S3 and as a disk do."""
    monkeypatch.setattr(FileSystemStorage, "bucket", None, raising=False)

    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise request.param

    for verb in ("save", "put", "open", "delete", "exists"):
        monkeypatch.setattr(FileSystemStorage, verb, fail, raising=False)
    return monkeypatch


def test_a_failing_storage_is_one_kind_of_error(db: None, broken: Any) -> None:
    with pytest.raises(StorageError):
        images.stage(b"x", suffix="bin")
    with pytest.raises(StorageError):
        images.read("x")
    with pytest.raises(StorageError):
        images.reader("x")
    assert not images.is_storage_up()


def test_an_orphan_stays_known_while_the_storage_fails(db: None, broken: Any) -> None:
    PendingObject.objects.create(key="x")
    images.discard(("x",))
    images.sweep(at=later(hours=1))
    assert PendingObject.objects.filter(key="x").exists()


def test_previews_wait_while_the_storage_fails(
    image: Image, broken: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "easel.gallery"):
        images.sweep(at=later(minutes=2))
    assert not Image.objects.get().preview_large
    assert "no previews yet" in caplog.text


def test_what_is_not_there_is_no_fault_of_the_storage(db: None) -> None:
    with pytest.raises(FileNotFoundError):
        images.read("2025/01/01/none.png")
    assert images.is_storage_up()


def test_the_same_upload_is_found_in_its_workspace_only(
    image: Image, workspace: Workspace, mallory: User
) -> None:
    found = images.same_upload(workspace=workspace, sha256=image.sha256)
    assert found == image
    other = workspaces.personal(mallory)
    assert images.same_upload(workspace=other, sha256=image.sha256) is None


@pytest.mark.parametrize("change", [{"deleted_at": timezone.now()}, {"kind": "generated"}])
def test_neither_trash_nor_a_result_is_the_same_upload(
    image: Image, workspace: Workspace, change: dict[str, Any]
) -> None:
    Image.objects.update(**change)
    assert images.same_upload(workspace=workspace, sha256=image.sha256) is None


def test_files_are_listed_in_the_order_of_keys() -> None:
    """Also where a folder's name goes on beyond another's, or beside a file's."""
    keys = ["a-b/x", "a.txt", "a/x", "a/y/z", "a0/x", "b"]
    for key in keys:
        default_storage.save(key, ContentFile(b"x"))
    assert [key for key, _ in images.stored()] == keys == sorted(keys)
