"""All objects go to S3 and back, though the move is killed on the way."""

import io
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import User, Workspace
from config import environment
from gallery import images, relocation, stores
from gallery.models import PendingObject
from tests.privacy.makers import picture
from tests.product import ROOT
from tests.servers import S3

pytestmark = [pytest.mark.xdist_group("s3"), pytest.mark.timeout(200)]


@pytest.fixture
def bucket(s3: S3) -> Iterator[Any]:
    client = s3.client()
    client.create_bucket(Bucket="moved")
    yield client
    client.close()


def objects(folder: Path) -> dict[str, bytes]:
    media = folder / "media"
    return {
        str(each.relative_to(media)): each.read_bytes()
        for each in media.rglob("*")
        if each.is_file()
    }


def run(environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def moved(environment: dict[str, str], *arguments: str) -> str:
    done = run(environment, "manage.py", "move_storage", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def in_bucket(client: Any) -> dict[str, bytes]:
    keys = [each["Key"] for each in client.list_objects_v2(Bucket="moved").get("Contents", [])]
    return {key: client.get_object(Bucket="moved", Key=key)["Body"].read() for key in keys}


def test_there_and_back_with_a_kill_each_way(bucket: Any, s3: S3, tmp_path: Path) -> None:
    rng = random.Random(8)
    for number in range(12):
        place = tmp_path / "media" / "2026" / "11" / f"{number:02}" / "x.png"
        place.parent.mkdir(parents=True)
        place.write_bytes(rng.randbytes(1_000 * number + 1))
    whole = objects(tmp_path)
    variables = os.environ | s3.variables | {"S3_BUCKET": "moved", "DATA_DIR": str(tmp_path)}

    assert "12 objects of" in moved(variables, "s3", "--dry-run")
    assert in_bucket(bucket) == {}
    assert run(variables, "-m", "tests.gallery.killed_move", "s3").returncode == -signal.SIGKILL
    assert 0 < len(in_bucket(bucket)) < 12
    assert "12 were there" not in moved(variables, "s3")
    assert in_bucket(bucket) == whole

    # While people work, one more comes, and one is damaged there: the second copy mends both
    (tmp_path / "media" / "late.png").write_bytes(b"late")
    whole["late.png"] = b"late"
    damaged = "2026/11/07/x.png"
    bucket.put_object(Bucket="moved", Key=damaged, Body=b"!" * len(whole[damaged]))
    assert "1 objects of 4 bytes copied, 12 were there" in moved(variables, "s3", "--new-only")
    assert "1 objects of" in moved(variables, "s3")
    assert in_bucket(bucket) == whole

    shutil.rmtree(tmp_path / "media")
    killed = run(variables, "-m", "tests.gallery.killed_move", "files")
    assert killed.returncode == -signal.SIGKILL
    assert b"half" in objects(tmp_path).values()
    moved(variables, "files")
    assert objects(tmp_path) == whole


@pytest.mark.django_db
def test_what_no_row_names_is_removed_from_where_it_went(
    on_s3: S3, ada: User, workspace: Workspace, settings: Any, tmp_path: Path
) -> None:
    """What people removed for good since it was copied; the storage in use keeps what it has."""
    settings.STORAGES |= {
        "bucket": settings.STORAGES["default"],
        "files": environment.file_storage(tmp_path / "there"),
    }
    image, pending = picture(workspace, ada), images.stage(b"being made", suffix="bin")
    PendingObject.objects.create(key="gone")
    stores.current.write("gone", io.BytesIO(b"gone"))
    call_command("move_storage", "files", stdout=io.StringIO())
    images.disown("gone")
    kept = {key for key, _ in images.stored()}  # the bucket has those of other tests, too
    said = io.StringIO()
    call_command("move_storage", "files", "--new-only", "--discard-others", stdout=said)
    assert f"0 objects of 0 bytes copied, {len(kept)} were there" in said.getvalue()
    _, there = relocation.ends("files")
    assert {key for key, _ in there.objects()} == {image.original, pending}
    assert {key for key, _ in images.stored()} == kept >= {image.original, pending}


def test_without_a_bucket_it_says_so(tmp_path: Path) -> None:
    done = run(os.environ | {"DATA_DIR": str(tmp_path)}, "manage.py", "move_storage", "s3")
    assert done.returncode == 1
    assert "S3_BUCKET says which bucket" in done.stderr
