"""The objects of a backup. An object is never changed, so one of the same key is the same.

They are copied first, then the database, then the objects that came meanwhile: whatever the
database names was there before it was copied, and is in the folder. What was removed in between is
there too, and named by nobody; `restoring` lets it go.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from accounts.models import Export
from gallery.stores import Store, at_once, sha256_of
from studio.backups.folder import BackupError, Entry, Folder


def wanted(store: Store) -> Iterator[tuple[str, int]]:
    """All but exports, which hold what is here already, and are asked for again."""
    for key, size_bytes in store.objects():
        if not key.startswith(Export.FOLDER):
            yield key, size_bytes


def keep(store: Store, folder: Folder, earlier: Folder | None) -> Iterator[Entry]:
    """Copies what is not in the folder yet; yields all that is in both."""
    return _kept(store, folder, earlier, wanted(store))


def keep_new(store: Store, folder: Folder) -> Iterator[Entry]:
    """Those that came since `keep` went through them."""
    new = (each for each in wanted(store) if not _has(folder.object(each[0]), each[1]))
    return _kept(store, folder, None, new)


def _kept(
    store: Store, folder: Folder, earlier: Folder | None, found: Iterable[tuple[str, int]]
) -> Iterator[Entry]:
    def one(found: tuple[str, int]) -> Entry | None:
        key, size_bytes = found
        place = folder.object(key)
        try:
            if not _has(place, size_bytes):
                _bring(store, key, place, earlier.object(key) if earlier else None, size_bytes)
        except FileNotFoundError:  # removed since it was listed
            return None
        with place.open("rb") as file:
            return Entry(key, place.stat().st_size, sha256_of(file))

    return filter(None, at_once(one, found))


def name(store: Store) -> Iterator[Entry]:
    """Reads each and copies none."""

    def one(found: tuple[str, int]) -> Entry | None:
        with suppress(FileNotFoundError):
            return Entry(*found, store.sha256_of(found[0]))
        return None

    return filter(None, at_once(one, wanted(store)))


def put_back(store: Store, folder: Folder, *, has_bytes: bool) -> Iterator[tuple[Entry, str]]:
    """Each entry, and what is wrong with it, or ""."""

    def one(entry: Entry) -> tuple[Entry, str]:
        with suppress(FileNotFoundError):
            if store.size_of(entry.key) == entry.size_bytes and _is(store, entry):
                return entry, ""
        if not has_bytes:
            return entry, "is not in the storage"
        place = folder.object(entry.key)
        try:
            with place.open("rb") as file:
                if sha256_of(file) != entry.sha256:
                    return entry, "is damaged in the backup"
                file.seek(0)
                store.write(entry.key, file)
        except FileNotFoundError:
            return entry, "is missing in the backup"
        return entry, "" if _is(store, entry) else "reads otherwise than it was written"

    return at_once(one, folder.entries())


def _is(store: Store, entry: Entry) -> bool:
    return store.sha256_of(entry.key) == entry.sha256


def _has(place: Path, size_bytes: int) -> bool:
    return place.is_file() and place.stat().st_size == size_bytes


def _bring(store: Store, key: str, place: Path, earlier: Path | None, size_bytes: int) -> None:
    """From an earlier backup, where it has it, without a second copy; else from the storage."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    if earlier and _has(earlier, size_bytes):
        try:
            os.link(earlier, place)
        except OSError:  # on another disk
            _whole(place, lambda part: shutil.copyfile(earlier, part))
        return
    with store.reader(key) as file:
        _whole(place, lambda part: _pour(file, part))


def _pour(file: Any, part: Path) -> None:
    with part.open("wb") as target:
        shutil.copyfileobj(file, target, 256 * 1024)


def _whole(place: Path, write: Callable[[Path], object]) -> None:
    """Under its name there is all of it, or nothing."""
    part = place.with_name(f".{place.name}.part")
    try:
        write(part)
        part.replace(place)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BackupError(f"{place} cannot be written: {error.strerror}") from error
