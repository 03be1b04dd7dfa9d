"""Those that last as long as their process of pytest, and the storage on one of them."""

import runpy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers import S3, PostgreSQL, Redis


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    with PostgreSQL() as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    with Redis() as server:
        yield server


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    with S3() as server:
        yield server


@pytest.fixture
def on_s3(s3: S3, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    """The storage as config.settings makes it of these variables, in an empty bucket."""
    from django.core.files.storage import default_storage

    for name, value in s3.variables.items():
        monkeypatch.setenv(name, value)
    made = runpy.run_path(str(settings.BASE_DIR / "config" / "settings.py"))
    settings.S3_BUCKET = made["S3_BUCKET"]
    settings.STORAGES = {**settings.STORAGES, "default": made["STORAGES"]["default"]}
    yield s3
    bucket = default_storage.bucket  # type: ignore[attr-defined]
    bucket.objects.all().delete()
    bucket.meta.client.close()
