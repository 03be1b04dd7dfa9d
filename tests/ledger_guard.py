"""Takes the ledger's triggers away, for the cleaning between tests, and puts them back."""

from importlib import import_module

from django.db import connection

_migration = import_module("accounts.migrations.0002_ledger_is_append_only")
_is_down = False


def is_down() -> bool:
    return _is_down


def raise_up() -> None:
    global _is_down
    _run(_migration.SQLITE, _migration.POSTGRESQL)
    _is_down = False


def take_down() -> None:
    global _is_down
    _run(_migration.SQLITE_UNDO, _migration.POSTGRESQL_UNDO)
    _is_down = True


def _run(sqlite: list[str], postgresql: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in sqlite if connection.vendor == "sqlite" else postgresql:
            cursor.execute(statement)
