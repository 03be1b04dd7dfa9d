"""Takes the ledger's triggers away, for the cleaning between tests, and puts them back."""

from importlib import import_module

from django.db import connection

_migrations = [
    import_module(f"accounts.migrations.{name}")
    for name in ("0002_ledger_is_append_only", "0010_periods")
]
_is_down = False


def is_down() -> bool:
    return _is_down


def raise_up() -> None:
    global _is_down
    for each in _migrations:
        _run(each.SQLITE, each.POSTGRESQL)
    _is_down = False


def take_down() -> None:
    global _is_down
    for each in _migrations:
        _run(each.SQLITE_UNDO, each.POSTGRESQL_UNDO)
    _is_down = True


def _run(sqlite: list[str], postgresql: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in sqlite if connection.vendor == "sqlite" else postgresql:
            cursor.execute(statement)
