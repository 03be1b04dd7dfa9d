"""A backup is a folder: a copy of the database, and of every object that its rows name.

    backup.json       what it is; written last, so a folder without it is not whole
    database.dump     of PostgreSQL, as pg_dump's custom format; or database.sqlite3
    objects.csv       key, size_bytes and sha256 of each object
    objects/          the objects under their keys

Nothing is ever written into an object twice, so a database and objects that were copied around it
fit together: `objects` says in which order. What a restored database would do again, it does not:
`ending`. Decision 0021.

    BackupError       a sentence for who runs Easel
"""

from studio.backups.folder import BackupError, Folder
from studio.backups.restoring import restore
from studio.backups.writing import write

__all__ = ["BackupError", "Folder", "restore", "write"]
