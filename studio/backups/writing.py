from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from django.db import connection
from django.utils import timezone
from django.utils.crypto import salted_hmac

from gallery import stores
from gallery.stores import StorageError
from studio.backups import database, objects
from studio.backups.folder import BackupError, Entry, Folder

_EVERY = 1_000


def write(
    path: Path, *, after: Path | None, has_objects: bool, say: Callable[[str], None]
) -> Folder:
    """May run while people work, and be repeated until it is done. Raises BackupError.

    `after`: an earlier backup, whose objects are linked to and not copied again.
    """
    folder, earlier = Folder(path), Folder(after) if after else None
    if folder.about.exists():
        raise BackupError(f"{path} holds a backup already")
    if earlier:
        earlier.read()
    begun = timezone.now()
    try:
        (path / "objects").mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        count, size_bytes = folder.write_entries(
            _told(_entries(folder, earlier, has_objects, say), say)
        )
    except (OSError, StorageError) as error:
        raise BackupError(str(error)) from error
    folder.finish(
        begun_at=begun.isoformat(),
        database=connection.vendor,
        has_objects=has_objects,
        objects=count,
        size_bytes=size_bytes,
        secret=secret(),
    )
    return folder


def _entries(
    folder: Folder, earlier: Folder | None, has_objects: bool, say: Callable[[str], None]
) -> Iterator[Entry]:
    def copied() -> Iterator[Entry]:
        say("Copying the database.")
        database.dump(folder.database(connection.vendor))
        yield from ()

    store = stores.current
    if not has_objects:
        return chain(copied(), objects.name(store))
    return chain(objects.keep(store, folder, earlier), copied(), objects.keep_new(store, folder))


def _told(entries: Iterator[Entry], say: Callable[[str], None]) -> Iterator[Entry]:
    for number, entry in enumerate(entries, 1):
        yield entry
        if number % _EVERY == 0:
            say(f"{number:,} objects")


def secret() -> str:
    """Tells whether it is the same SECRET_KEY, and nothing else of it."""
    return salted_hmac("easel.backup", "secret", algorithm="sha256").hexdigest()[:16]
