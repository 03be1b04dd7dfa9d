"""The storage on a real S3 server: an image's whole life, and a server that goes away."""

import io
import os
import runpy
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from storages.backends.s3 import S3Storage

from accounts import ids, keys
from accounts.models import User, Workspace
from gallery import archive, bucket, images, pictures, stores
from gallery.images import StorageError
from gallery.models import Image, PendingObject
from gallery.sharing import links
from gallery.sharing.links import Terms
from studio import audit
from tests.gallery.makers import png
from tests.programs import ended, forked
from tests.servers import S3

pytestmark = [
    pytest.mark.xdist_group("s3"),
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
]


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


def test_what_is_staged_is_under_its_key_and_asks_for_no_other(
    on_s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(S3Storage, "exists", lambda *_: 1 / 0)
    key = images.stage(b"x", suffix="bin")
    assert list(images.stored()) == [(key, 1)]


def test_nobody_reads_without_a_signature(image: Image, on_s3: S3) -> None:
    assert httpx.get(f"{on_s3.url}/{on_s3.bucket}/{image.original}").status_code == 403


def test_threads_share_a_client_and_forks_do_not(on_s3: S3) -> None:
    storage: Any = default_storage
    with ThreadPoolExecutor(4) as pool:
        clients = set(pool.map(lambda _: id(storage.connection), range(8)))
    assert clients == {id(storage.connection)}
    reader, writer = os.pipe()
    pid = forked(lambda: os.write(writer, b"%d" % (storage.connection is not None)))
    assert ended(pid) == 0
    assert os.read(reader, 1) == b"1"


# Browsers that reach the storage


@pytest.fixture
def direct(image: Image, on_s3: S3, settings: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of the image's original here, in the second second of a window."""
    settings.S3_PUBLIC_ENDPOINT_URL = on_s3.url
    now = time.time() // bucket.WINDOW_SECONDS * bucket.WINDOW_SECONDS
    monkeypatch.setattr(bucket.time, "time", lambda: now + 1)
    return f"/images/{image.pk}/original"


def test_an_original_is_read_from_the_storage_by_an_address_that_stays(
    direct: str, image: Image, as_ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser finds in its cache what it fetched by it."""
    answer = as_ada.get(direct)
    assert answer.status_code == 302
    assert answer["Cache-Control"] == f"private, max-age={bucket.WINDOW_SECONDS - 1}"
    read = httpx.get(answer["Location"])
    assert read.content == images.read(image.original)
    assert read.headers["Content-Type"] == "image/png"
    assert read.headers["Cache-Control"] == "private, max-age=300, immutable"
    assert read.headers["Content-Disposition"].startswith('inline; filename="easel-')
    now = bucket.time.time()
    monkeypatch.setattr(bucket.time, "time", lambda: now + bucket.WINDOW_SECONDS - 2)
    assert as_ada.get(direct)["Location"] == answer["Location"]
    monkeypatch.setattr(bucket.time, "time", lambda: now + bucket.WINDOW_SECONDS)
    assert as_ada.get(direct)["Location"] != answer["Location"]
    saved = httpx.get(as_ada.get(f"{direct}?download")["Location"])
    assert saved.headers["Content-Disposition"].startswith("attachment")


def test_pages_may_show_pictures_of_that_origin_and_no_other(
    on_s3: S3, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for told in ("https://s3.example.com", ""):
        monkeypatch.setenv("S3_PUBLIC_ENDPOINT_URL", told)
        made = runpy.run_path(str(settings.BASE_DIR / "config" / "settings.py"))
        policy = made["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
        assert policy["img-src"] == ["'self'", "data:", "blob:", *filter(None, [told])]
        assert policy["connect-src"] == ["'self'"]


def test_an_address_is_over_after_five_minutes_and_opens_nothing_else(
    direct: str, image: Image, as_ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = parse_qs(urlsplit(as_ada.get(direct)["Location"]).query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert int(query["X-Amz-Expires"][0]) <= 300
    other = images.stage(b"other", suffix="png")
    address = as_ada.get(direct)["Location"]
    assert httpx.get(address.replace(image.original, other)).status_code == 403
    assert httpx.put(address, content=b"x").status_code == 403
    real = bucket.time.time()
    monkeypatch.setattr(bucket.time, "time", lambda: real - bucket.LIFE_SECONDS)
    assert httpx.get(as_ada.get(direct)["Location"]).status_code == 403


def test_who_may_not_see_it_is_sent_nowhere(
    direct: str, image: Image, as_ada: Client, mallory: User
) -> None:
    stranger = Client()
    assert stranger.get(direct)["Location"].startswith("/accounts/login/")
    stranger.force_login(mallory)
    assert stranger.get(direct).status_code == 404
    images.trash(images=[image], by=User.objects.get(email="ada@example.com"))
    assert as_ada.get(direct).status_code == 404


def test_what_is_small_or_shared_or_for_programs_comes_from_us(
    direct: str, image: Image, as_ada: Client, ada: User
) -> None:
    images.make_previews(image)
    assert served(as_ada, image, "small")
    assert served(as_ada, image, "large")
    head = as_ada.head(direct)
    head.close()
    assert head.status_code == 200
    _, token = keys.issue(workspace=image.workspace, by=ada, name="a program")
    content = Client(headers={"Authorization": f"Bearer {token}"}).get(
        f"/v1/images/{image.pk}/content"
    )
    assert b"".join(content.streaming_content) == images.read(image.original)
    link = links.make(
        of=image, by=ada, terms=Terms(expires_at=None, allows_download=True), link_id=ids.new()
    )
    shared = f"{urlsplit(links.address(link)).path}{image.pk}/original"
    assert b"".join(Client().get(shared).streaming_content)
    links.revoke(link=link, by=ada)
    assert Client().get(shared).status_code == 404


def test_downloads_and_zips_are_whole(image: Image, as_ada: Client) -> None:
    saved = as_ada.get(f"/images/{image.pk}/download?size=512&format=jpeg&inside=nothing")
    made = pictures.verify(b"".join(saved.streaming_content))
    assert (made.width, made.content_type) == (512, "image/jpeg")
    packed = b"".join(archive.stream([image]))
    with zipfile.ZipFile(io.BytesIO(packed)) as opened:
        name = next(each for each in opened.namelist() if each.endswith(".png"))
        assert opened.read(name) == images.read(image.original)


# Whether the server has what it was given

Heard = Callable[[str, Callable[..., Any]], None]


@pytest.fixture
def heard(on_s3: S3) -> Iterator[Heard]:
    """Has a handler called at an event of the client's, for the length of the test."""
    storage: Any = default_storage
    events = storage.connection.meta.client.meta.events
    with ExitStack() as after:

        def hear(event: str, handler: Callable[..., Any]) -> None:
            events.register(event, handler)
            after.callback(events.unregister, event, handler)

        yield hear


@pytest.fixture
def asked(heard: Heard) -> list[str]:
    """What the server was asked for."""
    found: list[str] = []
    heard("before-send.s3", lambda event_name, **_: found.append(event_name.rpartition(".")[2]))
    return found


def untold(params: dict[str, Any], **_: Any) -> None:
    """As to a server that does not look at sums."""
    del params["ChecksumSHA256"]


def damaged(request: Any, **_: Any) -> None:
    request.body = b"nine"


def test_a_server_that_finds_the_same_sum_need_not_give_it_back(asked: list[str]) -> None:
    key = images.stage(b"mine", suffix="bin")
    assert asked == ["PutObject"]
    assert images.read(key) == b"mine"


def test_what_a_server_does_not_vouch_for_is_read_back(asked: list[str], heard: Heard) -> None:
    heard("provide-client-params.s3.PutObject", untold)
    images.stage(b"mine", suffix="bin")
    assert asked == ["PutObject", "GetObject"]


def test_bytes_that_were_damaged_on_their_way_are_not_kept(heard: Heard) -> None:
    heard("before-send.s3.PutObject", damaged)
    with pytest.raises(StorageError, match="failed at"):
        images.stage(b"mine", suffix="bin")
    assert list(images.stored()) == []
    heard("provide-client-params.s3.PutObject", untold)
    with pytest.raises(StorageError, match="reads otherwise"):
        images.stage(b"mine", suffix="bin")


def test_what_is_large_goes_and_comes_in_parts_and_not_through_memory(on_s3: S3) -> None:
    size_bytes = 70_000_000
    with tempfile.TemporaryFile() as file:
        file.truncate(size_bytes)
        file.seek(0)
        tracemalloc.start()
        stores.current.write("large.bin", file)
        with images.reader("large.bin") as back:
            assert sum(len(piece) for piece in iter(lambda: back.read(1 << 20), b"")) == size_bytes
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert "-" in on_s3.client().head_object(Bucket=on_s3.bucket, Key="large.bin")["ETag"]
    assert peak < 50_000_000


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
