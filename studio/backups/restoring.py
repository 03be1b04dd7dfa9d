from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from gallery import images, stores
from gallery.stores import StorageError
from studio import owners
from studio.backups import database, ending, objects
from studio.backups.ending import Ended
from studio.backups.folder import BackupError, Folder
from studio.backups.writing import secret
from studio.models import Worker

_EVERY = 1_000
_SILENCE = timedelta(seconds=15)


def restore(
    path: Path, *, replace: bool, discard_others: bool, say: Callable[[str], None]
) -> Ended:
    """Objects first, so that no row names one that is not there yet. Raises BackupError.

    May be repeated until it is done. `replace`: what is in the database is given up.
    `discard_others`: so are objects that the backup does not have.
    """
    folder = Folder(path)
    told = folder.read()
    _check(told["database"], replace=replace)
    if told["secret"] != secret():
        say("SECRET_KEY is another one than then: webhooks and links have other secrets now.")
    try:
        _put_back(folder, has_bytes=told["has_objects"], say=say)
        say("Loading the database.")
        database.load(folder.database(told["database"]))
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        ended = ending.end()
        _discard(folder, others=discard_others)
    except StorageError as error:
        raise BackupError(str(error)) from error
    return ended


def _check(vendor: str, *, replace: bool) -> None:
    if vendor != connection.vendor:
        raise BackupError(f"the backup is of {vendor}, and DATABASE_URL of {connection.vendor}")
    tables = connection.introspection.table_names()
    since = timezone.now() - _SILENCE
    if Worker._meta.db_table in tables and ending.is_anybody_at_work(since):
        raise BackupError("a worker is at work: stop all processes, and wait for 15 seconds")
    if database.is_used() and not replace:
        raise BackupError("there are people in the database; --replace gives up what is in it")


def _put_back(folder: Folder, *, has_bytes: bool, say: Callable[[str], None]) -> None:
    faults = 0
    entries = objects.put_back(stores.current, folder, has_bytes=has_bytes)
    for number, (entry, fault) in enumerate(entries, 1):
        if fault:
            say(f"{entry.key} {fault}")
            faults += 1
        if number % _EVERY == 0:
            say(f"{number:,} objects")
    if faults:
        say(f"{faults:,} objects are not as they were; the audit names their pictures.")


def _discard(folder: Folder, *, others: bool) -> None:
    """What was removed while the backup was made; with `others`, whatever no row names."""
    unowned = set(owners.unowned())
    ours = unowned if others else {each.key for each in folder.entries() if each.key in unowned}
    for key in sorted(ours):
        images.disown(key)
