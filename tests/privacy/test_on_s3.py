"""What is somebody's comes out of a bucket whole, and goes from it for good."""

import io
import zipfile
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.test import Client
from django.utils import timezone

from accounts import erasure, exports
from accounts.models import Export, User, Workspace
from gallery import images
from gallery.models import Image
from studio import audit
from tests.privacy.makers import furnish
from tests.servers import S3

pytestmark = [
    pytest.mark.xdist_group("s3"),
    pytest.mark.timeout(200),
    pytest.mark.django_db(transaction=True),
]


def test_an_export_is_read_through_us_from_a_byte_on_or_from_the_storage(
    on_s3: S3, as_ada: Client, ada: User, workspace: Workspace, settings: Any
) -> None:
    furnish(ada, workspace)
    export = exports.ask(by=ada)
    assert exports.build_next(at=timezone.now())
    export.refresh_from_db()
    whole = b"".join(exports.read(export))
    assert len(whole) == export.size_bytes
    with zipfile.ZipFile(io.BytesIO(whole)) as opened:
        assert opened.testzip() is None
        kept = [opened.read(each) for each in opened.namelist() if "/pictures/" in each]
    assert sorted(kept) == sorted(images.read(each.original) for each in Image.objects.all())
    assert b"".join(exports.read(export, start=1_000)) == whole[1_000:]
    settings.S3_PUBLIC_ENDPOINT_URL = on_s3.url
    address = exports.address(export)
    assert urlsplit(address).netloc == urlsplit(on_s3.url).netloc
    assert httpx.get(address).content == whole
    rest = httpx.get(address, headers={"Range": "bytes=1000-"})
    assert (rest.status_code, rest.content) == (206, whole[1_000:])
    exports.sweep(at=timezone.now() + timedelta(days=8))
    assert not Export.objects.exists()
    assert httpx.get(address).status_code == 404


def test_an_account_that_ends_leaves_no_object(
    on_s3: S3, ada: User, mallory: User, workspace: Workspace
) -> None:
    furnish(ada, workspace)
    exports.ask(by=ada)
    assert exports.build_next(at=timezone.now())
    assert dict(images.stored())
    erasure.ask(by=ada, is_now=True)
    for _ in range(20):
        erasure.go_on(at=timezone.now() + timedelta(seconds=1))
        if not User.objects.filter(pk=ada.pk).exists():
            break
    images.sweep(at=timezone.now() + timedelta(hours=1))
    assert not User.objects.filter(pk=ada.pk).exists()
    assert dict(images.stored()) == {}
    assert list(audit.findings()) == []
