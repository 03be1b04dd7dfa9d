"""How many bytes each workspace keeps, counted as they come and go.

A sum over its images would cost each order more, the more there are. Triggers change the figure
in the statement that stores, moves or erases an image, so nobody can forget it: decision 0011.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connections
from django.db.models import Sum

from accounts.models import Workspace
from accounts.prepared import Prepared
from gallery.models import Image, Stock

_TAKE = """
UPDATE gallery_stock SET size_bytes = size_bytes - OLD.size_bytes
WHERE workspace_id = OLD.workspace_id;
"""
# No upsert: what follows OR IGNORE, as some inserts have it, would not be asked.
_GIVE_SQLITE = """
INSERT INTO gallery_stock (workspace_id, size_bytes) SELECT NEW.workspace_id, 0
WHERE NOT EXISTS (SELECT 1 FROM gallery_stock WHERE workspace_id = NEW.workspace_id);
UPDATE gallery_stock SET size_bytes = size_bytes + NEW.size_bytes
WHERE workspace_id = NEW.workspace_id;
"""
_GIVE_POSTGRESQL = """
INSERT INTO gallery_stock (workspace_id, size_bytes) VALUES (NEW.workspace_id, NEW.size_bytes)
ON CONFLICT (workspace_id)
DO UPDATE SET size_bytes = gallery_stock.size_bytes + EXCLUDED.size_bytes;
"""
_LOCKED = Prepared(
    lambda of: (
        Stock.objects.select_for_update()
        .filter(workspace_id=of)
        .values_list("size_bytes", flat=True)
    )
)
_EVENTS = {
    "came": "AFTER INSERT",
    "went": "AFTER DELETE",
    "moved": "AFTER UPDATE OF workspace_id, size_bytes",
}
_DOES = {"came": ("give",), "went": ("take",), "moved": ("take", "give")}


def lock(workspace: Workspace) -> int:
    """Its bytes. Whoever stores there waits until the transaction ends.

    One that moves money too locks this first, as storing does: else two would wait for each other.
    """
    size_bytes = _LOCKED.first(of=workspace.pk)
    if size_bytes is None:
        stock, _ = Stock.objects.select_for_update().get_or_create(workspace=workspace)
        size_bytes = stock.size_bytes
    return size_bytes


def of(workspace: Workspace) -> int:
    sizes = Stock.objects.filter(workspace=workspace).values_list("size_bytes", flat=True)
    return sizes.first() or 0


def drift() -> Iterator[str]:
    """A sentence for each workspace whose figure is not the sum of its images."""
    counted = dict(Stock.objects.values_list("workspace", "size_bytes"))
    sums = Image.objects.order_by().values_list("workspace").annotate(Sum("size_bytes"))
    found = dict(sums)
    for workspace in sorted(counted.keys() | found.keys()):
        said, is_so = counted.get(workspace, 0), found.get(workspace, 0)
        if said != is_so:
            yield f"workspace {workspace} is said to keep {said} bytes; its images have {is_so}"


def guard(*, using: str, **_: Any) -> None:
    """Makes the triggers that are missing. May be repeated.

    After every migration: on SQLite, Django changes a table by making it anew, without them.
    """
    connection = connections[using]
    statements = _sqlite() if connection.vendor == "sqlite" else _postgresql()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _sqlite() -> Iterator[str]:
    parts = {"take": _TAKE, "give": _GIVE_SQLITE}
    for name, event in _EVENTS.items():
        body = "".join(parts[each] for each in _DOES[name])
        yield (
            f"CREATE TRIGGER IF NOT EXISTS image_{name} {event} ON gallery_image BEGIN {body} END"
        )


def _postgresql() -> Iterator[str]:
    parts = {"take": _TAKE, "give": _GIVE_POSTGRESQL}
    for name, event in _EVENTS.items():
        body = "".join(parts[each] for each in _DOES[name])
        yield (
            f"CREATE OR REPLACE FUNCTION image_{name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {body} RETURN NULL; END $$"
        )
        yield (
            f"CREATE OR REPLACE TRIGGER image_{name} {event} ON gallery_image "
            f"FOR EACH ROW EXECUTE FUNCTION image_{name}()"
        )
