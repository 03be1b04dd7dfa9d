"""Copies all objects from one storage to another, which may be in use meanwhile.

An object never changes, so what is in both is the same in both; what was half written when a copy
was broken off is not, and is written anew. Decision 0023.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal, NamedTuple

from django.core.files.storage import storages

from gallery.stores import Store, at_once, sha256_of

_IN_MEMORY_BYTES = 8 * 1024 * 1024

Outcome = Literal["copied", "there", "gone", "damaged"]


class Moved(NamedTuple):
    key: str
    size_bytes: int
    outcome: Outcome


def ends(to: Literal["s3", "files"]) -> tuple[Store, Store]:
    """From and to. Raises InvalidStorageError while no bucket is configured."""
    files, bucket = Store(storages["files"]), Store(storages["bucket"])
    return (files, bucket) if to == "s3" else (bucket, files)


def copy(source: Store, target: Store, *, is_new_only: bool, is_dry: bool) -> Iterator[Moved]:
    """Each object of the source, and what became of it. Raises StorageError.

    `is_new_only`: what is there in the same size is passed over, and not compared. `damaged`: it
    reads otherwise than it was written. `gone`: it was removed since it was listed.
    """

    def one(found: tuple[str, int]) -> Moved:
        key, size_bytes = found
        try:
            return Moved(
                key, size_bytes, _one(source, target, key, size_bytes, is_new_only, is_dry)
            )
        except FileNotFoundError:
            return Moved(key, size_bytes, "gone")

    return at_once(one, source.objects())


def _one(
    source: Store, target: Store, key: str, size_bytes: int, is_new_only: bool, is_dry: bool
) -> Outcome:
    is_there = False
    with suppress(FileNotFoundError):
        is_there = target.size_of(key) == size_bytes
    if is_there and (is_new_only or source.sha256_of(key) == target.sha256_of(key)):
        return "there"
    if is_dry:
        return "copied"
    with source.reader(key) as file, tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as kept:
        shutil.copyfileobj(file, kept)
        kept.seek(0)
        sha256 = sha256_of(kept)
        kept.seek(0)
        target.write(key, kept)
    return "copied" if target.sha256_of(key) == sha256 else "damaged"
