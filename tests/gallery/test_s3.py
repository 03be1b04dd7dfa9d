"""The storage on a real S3 server: an image's whole life, and a server that goes away."""

import runpy
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from storages.backends.s3 import S3Storage

from accounts.models import User, Workspace
from gallery import images, pictures
from gallery.images import StorageError
from gallery.models import Image, PendingObject
from studio import audit
from tests.gallery.makers import png
from tests.servers import S3

pytestmark = [
    pytest.mark.xdist_group("s3"),
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def on_s3(s3: S3, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    """The storage as config.settings makes it of these variables, in an empty bucket."""
    for name, value in s3.variables.items():
        monkeypatch.setenv(name, value)
    made = runpy.run_path(str(settings.BASE_DIR / "config" / "settings.py"))
    settings.S3_BUCKET = made["S3_BUCKET"]
    settings.STORAGES = {**settings.STORAGES, "default": made["STORAGES"]["default"]}
    yield s3
    for key, _ in list(images.stored()):
        default_storage.delete(key)
    default_storage.connection.meta.client.close()


@pytest.fixture
def image(on_s3: S3, ada: User, workspace: Workspace) -> Image:
    picture = pictures.normalise(png(640, 480))
    key = images.stage(picture.data, suffix=picture.suffix)
    return images.store(
        workspace_id=workspace.pk, by_id=ada.pk, key=key, picture=picture, kind="upload"
    )


def served(client: Client, image: Image, variant: str) -> bytes:
    response = client.get(f"/images/{image.pk}/{variant}")
    assert response.status_code == 200
    assert response["X-Content-Type-Options"] == "nosniff"
    return b"".join(response.streaming_content)


def test_an_image_is_stored_previewed_served_audited_and_discarded(
    image: Image, as_ada: Client
) -> None:
    images.make_previews(image)
    image.refresh_from_db()
    assert served(as_ada, image, "original") == images.read(image.original)
    assert pictures.verify(served(as_ada, image, "small")).width == 512
    assert pictures.verify(served(as_ada, image, "large")).width == 640
    assert dict(images.stored())[image.original] == image.size_bytes
    assert len(dict(images.stored())) == 3
    assert list(audit.findings()) == []

    orphan = images.stage(b"x", suffix="bin")
    assert list(audit.findings()) == []
    images.sweep(at=timezone.now() + timedelta(hours=1))
    assert not PendingObject.objects.exists()
    with pytest.raises(FileNotFoundError):
        images.read(orphan)
    with pytest.raises(FileNotFoundError):
        images.size_of(orphan)
    images.discard((orphan,))
    default_storage.delete(image.preview_small)
    assert list(audit.findings()) == [f"image {image.pk} has no bytes at {image.preview_small}"]
    assert as_ada.get(f"/images/{image.pk}/small").status_code == 404


def test_what_is_staged_is_under_its_key_and_no_other(
    on_s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(S3Storage, "exists", lambda *_: True)
    key = images.stage(b"x", suffix="bin")
    assert list(images.stored()) == [(key, 1)]


def test_a_link_to_the_storage_is_signed_and_short(image: Image) -> None:
    link = default_storage.url(image.original)
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in link
    assert "X-Amz-Expires=300" in link


def test_a_server_that_goes_away_is_a_fault_and_comes_back(
    image: Image, on_s3: S3, as_ada: Client
) -> None:
    assert images.is_storage_up()
    on_s3.stop()
    try:
        assert not images.is_storage_up()
        with pytest.raises(StorageError):
            images.stage(b"x", suffix="bin")
        assert as_ada.get(f"/images/{image.pk}/original").status_code == 503
        assert list(audit.findings()) == [
            "the storage could not be checked: the storage failed at its list"
        ]
    finally:
        on_s3.start()
    assert images.is_storage_up()
    assert served(as_ada, image, "original") == images.read(image.original)
    images.sweep(at=timezone.now() + timedelta(hours=1))
    assert list(audit.findings()) == []
