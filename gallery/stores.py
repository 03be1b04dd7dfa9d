"""Where objects are kept: bytes under keys, in files or in a bucket.

StorageError           the storage failed, or did not keep what it was given
FileNotFoundError      the storage answers, and has no such object
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any, TypeVar

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, default_storage

_PROBE = "ready"
_PIECE_BYTES = 256 * 1024
_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


class StorageError(Exception):
    pass


@dataclass(frozen=True)
class Store:
    """All of it raises StorageError; what reads, FileNotFoundError too."""

    storage: Storage

    @property
    def is_bucket(self) -> bool:
        return hasattr(self.storage.__class__, "bucket")  # that of an instance is made when asked

    def read(self, key: str) -> bytes:
        with self._translated(key), self.storage.open(key) as file:
            data: bytes = file.read()
        return data

    def reader(self, key: str) -> "File[bytes]":
        """An open file, for one who sends it on.

        What is far away is fetched now, so that no fault is left for the one who reads.
        """
        with self._translated(key):
            file = self.storage.open(key)
            file.seek(0)
        return file

    def size_of(self, key: str) -> int:
        """In bytes."""
        with self._translated(key):
            return int(self.storage.size(key))

    def sha256_of(self, key: str) -> str:
        """Of its bytes, which are all read, a piece at a time."""
        with self._translated(key), self.storage.open(key) as file:
            return sha256_of(file)

    def write(self, key: str, file: IO[bytes]) -> None:
        """Under exactly this key; what was there is replaced."""
        with self._translated(key):
            self.storage.save(key, File(file, name=key))

    def keep(self, key: str, data: bytes, sha256: str) -> None:
        """Writes it under exactly this key, and makes sure that it is there as it was given."""
        with self._translated(key):
            is_vouched = self._is_vouched(key, data, sha256)
        if is_vouched:
            return
        try:
            kept = self.read(key)
        except FileNotFoundError as error:
            raise StorageError(f"{key} was written and is not there") from error
        if kept != data:
            raise StorageError(f"{key} reads otherwise than it was written")

    def remove(self, key: str) -> None:
        """May be repeated."""
        with self._translated(key):
            self.storage.delete(key)

    def objects(self) -> Iterator[tuple[str, int]]:
        """Every one, by key and size in bytes, in the order of keys."""
        with self._translated("its list"):
            for key, size_bytes in self._in_bucket() if self.is_bucket else self._files_in(""):
                if key != _PROBE:
                    yield key, size_bytes

    def is_up(self) -> bool:
        """Writes something and removes it. May take as long as the storage lets one wait."""
        try:
            with self._translated(_PROBE):
                self.storage.save(_PROBE, ContentFile(b"ready"))
                self.storage.delete(_PROBE)
        except (StorageError, FileNotFoundError):
            return False
        return True

    def address(self, key: str, told: Mapping[str, str | None]) -> str:
        """Of an object in a bucket, for a browser and some minutes; `told` are headers for it."""
        bucket: Any = self.storage
        return str(bucket.url(key, parameters=told))

    def _is_vouched(self, key: str, data: bytes, sha256: str) -> bool:
        """Writes it. Whether the storage computed the SHA-256 of what it took, and found ours."""
        if self.is_bucket:
            bucket: Any = self.storage
            return bool(bucket.put(key, data, bytes.fromhex(sha256)))
        self.storage.save(key, ContentFile(data))
        return False

    def _in_bucket(self) -> Iterator[tuple[str, int]]:
        bucket: Any = self.storage
        for each in bucket.bucket.objects.all():
            yield each.key, each.size

    def _files_in(self, folder: str) -> Iterator[tuple[str, int]]:
        """What is gone before it could be looked at is left out."""
        with suppress(FileNotFoundError):
            folders, files = self.storage.listdir(folder)
            prefix = f"{folder}/" if folder else ""
            for name in sorted([*files, *(f"{each}/" for each in folders)]):
                if name.endswith("/"):
                    yield from self._files_in(prefix + name[:-1])
                    continue
                with suppress(FileNotFoundError):
                    yield prefix + name, self.storage.size(prefix + name)

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except self._faults() as error:
            raise StorageError(f"the storage failed at {key}") from error

    def _faults(self) -> tuple[type[Exception], ...]:
        """What a storage raises. Those of S3 are no OSError, and loaded only where it is used."""
        if not self.is_bucket:
            return (OSError,)
        from boto3.exceptions import Boto3Error  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
        from s3transfer.exceptions import RetriesExceededError  # noqa: PLC0415

        return (OSError, Boto3Error, BotoCoreError, ClientError, RetriesExceededError)


def sha256_of(file: IO[bytes]) -> str:
    """Of what is left to read."""
    found = hashlib.sha256()
    while piece := file.read(_PIECE_BYTES):
        found.update(piece)
    return found.hexdigest()


current = Store(default_storage)


def at_once(
    act: Callable[[_Item], _Answer], items: Iterable[_Item], *, threads: int = 8
) -> Iterator[_Answer]:
    """What `act` answers to each, in order; some at a time, and none of them far ahead."""
    waiting: deque[Future[_Answer]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(act, item))
                if len(waiting) >= 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for each in waiting:
                each.cancel()
