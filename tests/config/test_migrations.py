"""Migrations run while code of before is at work: docs/operations.md, "Upgrade".

None that came after those named here locks a table while it is read through, or takes away what
code of before still asks for.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, models
from django.db.migrations import operations as ops
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED

from accounts.gently import AddIndexGently

LAST_UNREAD = {"accounts": "0008", "gallery": "0008", "studio": "0011"}
# What code of before has not used for a whole release may go: "app.name" of the migration
CONTRACTIONS: set[str] = set()
_TAKES_AWAY = (ops.RemoveField, ops.DeleteModel, ops.RenameField, ops.RenameModel)
_READS_THROUGH = (ops.AlterField, ops.AddConstraint, ops.AlterUniqueTogether)


def wrongs(operations: list[Any]) -> Iterator[str]:
    """A sentence for each that does not fit; tables that are new in the migration are free."""
    new = {each.name_lower for each in operations if isinstance(each, ops.CreateModel)}
    for each in operations:
        name = type(each).__name__
        if getattr(each, "model_name", "").lower() in new:
            continue
        if isinstance(each, ops.AddIndex) and not isinstance(each, AddIndexGently):
            yield f"{name}: use AddIndexGently, and atomic = False"
        elif isinstance(each, ops.AddField):
            yield from _of_field(each.field)
        elif isinstance(each, _READS_THROUGH):
            yield f"{name} reads the table through under its lock"
        elif isinstance(each, _TAKES_AWAY):
            yield f"{name} takes away what code of before asks for"


def _of_field(field: Any) -> Iterator[str]:
    if not field.null and field.db_default is NOT_PROVIDED and not field.many_to_many:
        yield "AddField: code of before does not fill it; make it null, or give a db_default"
    if field.unique or field.db_index:
        yield "AddField makes an index under its lock: add it apart, with AddIndexGently"


def later() -> Iterator[Any]:
    loader = MigrationLoader(connection)
    for (app, name), migration in sorted(loader.disk_migrations.items()):
        if app in LAST_UNREAD and name[:4] > LAST_UNREAD[app]:
            yield migration


@pytest.mark.django_db
def test_no_migration_is_in_the_way_of_who_works() -> None:
    found = {str(each): list(wrongs(each.operations)) for each in later()}
    assert {name: each for name, each in found.items() if each and name not in CONTRACTIONS} == {}


@pytest.mark.parametrize(
    "operation",
    [
        ops.AddIndex("job", models.Index(fields=["state"], name="x")),
        ops.AddField("job", "x", models.IntegerField(default=0)),
        ops.AddField("job", "x", models.IntegerField(null=True, db_index=True)),
        ops.AlterField("job", "x", models.TextField()),
        ops.RemoveField("job", "x"),
        ops.RenameField("job", "x", "y"),
        ops.DeleteModel("job"),
    ],
)
def test_what_is_in_the_way_is_found(operation: Any) -> None:
    assert list(wrongs([operation]))


@pytest.mark.parametrize(
    "operation",
    [
        AddIndexGently("job", models.Index(fields=["state"], name="x")),
        ops.AddField("job", "x", models.IntegerField(db_default=0)),
        ops.AddField("job", "x", models.IntegerField(null=True)),
    ],
)
def test_what_is_not_in_the_way_is_left(operation: Any) -> None:
    assert not list(wrongs([operation]))


@pytest.mark.django_db(transaction=True)
def test_an_index_comes_and_goes() -> None:
    from django.db.migrations.state import ProjectState

    from studio.models import Job

    index = models.Index(fields=["trace_id"], name="studio_gently")
    operation = AddIndexGently("job", index)
    before = MigrationLoader(connection).project_state()
    after: ProjectState = before.clone()
    operation.state_forwards("studio", after)

    def names() -> set[str]:
        with connection.cursor() as cursor:
            return set(connection.introspection.get_constraints(cursor, Job._meta.db_table))

    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("studio", editor, before, after)
        assert "studio_gently" in names()
        operation.database_backwards("studio", editor, after, before)
    assert "studio_gently" not in names()
