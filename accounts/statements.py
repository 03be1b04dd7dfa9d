"""The few statements that every job asks, without building each of them anew.

Django's ORM takes about ten times as long to build a statement as the database to run it, and
holds the interpreter meanwhile, which all threads of a process share (decision 0013). Here the
text is made once for each model and set of columns; values go through the model's own fields.

Only rows that exist by their key, or do not yet, and columns compared for equality: whatever
asks more is written with the ORM, or by hand for `run`.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from functools import cache, lru_cache
from typing import Any, TypeVar

from django.db import connection, models

_Model = type[models.Model]
_Row = TypeVar("_Row", bound=models.Model)


def insert(rows: Sequence[models.Model]) -> None:
    """New rows of one model whose keys are known, in one statement. Raises IntegrityError."""
    if rows:
        values = [value for row in rows for value in _values_of(row)]
        run(_insert_sql(type(rows[0]), len(rows)), values)
        for row in rows:
            row._state.adding = False


def update(model: _Model, *, where: dict[str, Any], **columns: Any) -> int:
    """Sets columns where all of `where` are equal. Returns how many rows that were."""
    sql = _update_sql(model, tuple(columns), tuple(where))
    return run(sql, [*_prepared(model, columns), *_prepared(model, where)])


def places(count: int) -> str:
    """For a list of so many values."""
    return ", ".join(["%s"] * count)


def run(sql: str, values: Sequence[Any]) -> int:
    """Values as the database driver takes them. Returns how many rows were changed."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def returned(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement that ends in RETURNING, or of a SELECT."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def returned_each(*asked: tuple[str, Sequence[Any]]) -> list[list[tuple[Any, ...]]]:
    """As `returned`, of several statements; within `pipelined` the database is waited for once."""
    with ExitStack() as stack:
        cursors = [stack.enter_context(connection.cursor()) for _ in asked]
        for cursor, (sql, values) in zip(cursors, asked, strict=True):
            cursor.execute(sql, values)
        return [list(cursor.fetchall()) for cursor in cursors]


def rows(model: type[_Row], sql: str, values: Sequence[Any]) -> list[tuple[_Row, list[Any]]]:
    """The rows of a statement that returns `columns`, each with what it returns after them."""
    names, readers = _reading(model)
    found = []
    for row in returned(sql, values):
        kept = list(row[: len(names)])
        for place, column, converters in readers:
            for convert in converters:
                kept[place] = convert(kept[place], column, connection)
        found.append((model.from_db(connection.alias, names, kept), list(row[len(names) :])))
    return found


@cache
def columns(model: _Model) -> str:
    """What `rows` reads, for RETURNING."""
    table = model._meta.db_table
    return ", ".join(f'"{table}"."{field.column}"' for field in model._meta.concrete_fields)


def prepared(model: _Model, **columns: Any) -> list[Any]:
    """Values as the driver takes them for these columns."""
    return _prepared(model, columns)


def _prepared(model: _Model, columns: dict[str, Any]) -> list[Any]:
    return [
        _field(model, name).get_db_prep_save(value, connection) for name, value in columns.items()
    ]


@cache
def _reading(model: _Model) -> tuple[list[str], list[tuple[int, Any, list[Any]]]]:
    """Names as `from_db` takes them, and for some columns what makes values of what is read."""
    found = []
    for place, field in enumerate(model._meta.concrete_fields):
        column = field.get_col(model._meta.db_table)
        converters = connection.ops.get_db_converters(column) + column.get_db_converters(connection)
        if converters:
            found.append((place, column, converters))
    return [field.attname for field in model._meta.concrete_fields], found


def _values_of(row: models.Model) -> Iterable[Any]:
    for field in row._meta.concrete_fields:
        yield field.get_db_prep_save(field.pre_save(row, True), connection)


def _field(model: _Model, name: str) -> "models.Field[Any, Any]":
    """Foreign keys go by their column's name, as `image_id`."""
    field = model._meta.get_field(name)
    if not isinstance(field, models.Field) or field.attname != name:
        raise LookupError(f"{model.__name__} has no column {name}")
    return field


@lru_cache(maxsize=256)
def _insert_sql(model: _Model, count: int) -> str:
    columns = [field.column for field in model._meta.concrete_fields]
    row = f"({places(len(columns))})"
    names = ", ".join(f'"{column}"' for column in columns)
    return f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES {", ".join([row] * count)}'


@cache
def _update_sql(model: _Model, columns: tuple[str, ...], where: tuple[str, ...]) -> str:
    return (
        f'UPDATE "{model._meta.db_table}" SET {_equal(model, columns, ", ")}'
        f" WHERE {_equal(model, where, ' AND ')}"
    )


def _equal(model: _Model, names: tuple[str, ...], between: str) -> str:
    return between.join(f'"{_field(model, name).column}" = %s' for name in names)
