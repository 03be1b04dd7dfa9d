"""A queryset of the hot path whose statement is built once and asked with ever new values.

    _WORKING = Prepared(lambda secret_hash: ApiKey.objects.filter(secret_hash=secret_hash))
    key = _WORKING.first(secret_hash=mark)

Building a statement takes the ORM one to three milliseconds of the interpreter, asking it a
tenth of that (decision 0013). Here the ORM compiles it with a stand-in for each value, and later
values take the places of theirs among the parameters; rows come as the queryset would give them.

Values may be int, str, datetime, UUID, or a list of these: what makes no difference to the text of
the statement. None and truth do, and are refused.
"""

import copy
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connection, connections
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler

_Row = TypeVar("_Row")
_MANY_SHAPES = 64  # lists of so many lengths, more are built anew
_STAND_IN = 1_730_000_000  # no number of ours, and one that every column may hold


class Prepared(Generic[_Row]):
    """`build` takes the values by name; it is called once for each length of its lists."""

    def __init__(self, build: Callable[..., QuerySet[Any, _Row]]) -> None:
        self._build = build
        self._statements: dict[Any, _Statement] = {}

    def __call__(self, **values: Any) -> list[_Row]:
        """What the queryset of these values holds now: rows, or as its `values_list` says."""
        shape = (connection.vendor, *(_length(each) for each in values.values()))
        statement = self._statements.get(shape)
        if statement is None:
            statement = _Statement.of(self._build, values)
            if len(self._statements) < _MANY_SHAPES:
                self._statements[shape] = statement
        return list(statement.asked(values))

    def first(self, **values: Any) -> _Row | None:
        """None if there is no row; all that the queryset has are read."""
        return next(iter(self(**values)), None)


@dataclass(frozen=True, kw_only=True)
class _Statement:
    """`places` says which parameter is which value, and whose element; others stay as they are."""

    queryset: QuerySet[Any, Any]
    compiler: SQLCompiler
    sql: str
    parameters: Sequence[Any]
    converters: Any
    places: dict[int, tuple[str, int | None]]

    @classmethod
    def of(cls, build: Callable[..., QuerySet[Any, Any]], values: dict[str, Any]) -> "_Statement":
        stand_ins = {
            name: _stand_in(value, _STAND_IN + 10_000 * place)
            for place, (name, value) in enumerate(values.items())
        }
        queryset = build(**stand_ins)
        compiler = queryset.query.get_compiler(using=queryset.db)
        sql, parameters = compiler.as_sql()
        whose = {_adapted(each): place for place, each in _each(stand_ins)}
        hashed = ((at, each) for at, each in enumerate(parameters) if isinstance(each, Hashable))
        found = ((at, whose.get(each)) for at, each in hashed)
        places = {at: place for at, place in found if place}
        if set(places.values()) != set(whose.values()):
            raise LookupError(f"Not every one of {list(values)} is a value of {sql}")
        columns = [each for each, *_ in compiler.select or ()]
        return cls(
            queryset=queryset,
            compiler=compiler,
            sql=sql,
            parameters=parameters,
            converters=compiler.get_converters(columns),
            places=places,
        )

    def asked(self, values: dict[str, Any]) -> QuerySet[Any, Any]:
        parameters = list(self.parameters)
        for at, (name, element) in self.places.items():
            value = _adapted(values[name] if element is None else values[name][element])
            kind = type(parameters[at])  # PostgreSQL's driver is told which integer it is
            parameters[at] = kind(value) if issubclass(kind, int) else value
        compiler = copy.copy(self.compiler)
        compiler.connection = connections[self.queryset.db]
        compiler.as_sql = lambda *_, **__: (self.sql, tuple(parameters))  # type: ignore[method-assign]
        compiler.get_converters = lambda *_: self.converters  # type: ignore[method-assign]
        queryset = object.__new__(type(self.queryset))
        queryset.__dict__.update(self.queryset.__dict__)
        queryset._query = copy.copy(self.queryset.query)  # type: ignore[attr-defined]
        queryset._query.get_compiler = partial(_given, compiler)  # type: ignore[attr-defined]
        return queryset


def _given(compiler: SQLCompiler, *_: Any, **__: Any) -> SQLCompiler:
    return compiler


def _length(value: Any) -> int | None:
    return len(value) if isinstance(value, list) else None


def _stand_in(value: Any, number: int) -> Any:
    """Of the same type, and like nothing else."""
    if isinstance(value, list):
        return [_stand_in(each, number + 1 + at) for at, each in enumerate(value)]
    if isinstance(value, datetime):
        return datetime.fromtimestamp(number, UTC)
    if isinstance(value, UUID):
        return UUID(int=number)
    if isinstance(value, int | str) and not isinstance(value, bool):
        return type(value)(number)
    raise TypeError(f"A {type(value).__name__} may change the text of the statement")


def _each(values: dict[str, Any]) -> Iterator[tuple[tuple[str, int | None], Any]]:
    for name, value in values.items():
        if isinstance(value, list):
            yield from (((name, at), each) for at, each in enumerate(value))
        else:
            yield (name, None), value


def _adapted(value: Any) -> Any:
    """As the driver takes it."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value
