"""The index of words, kept by the database itself in the statement that stores an image.

PostgreSQL has a column made of `Image.words`, with a GIN index. SQLite has an FTS5 table without
a content of its own: its rowids grow with `created_at`, so that what is found comes out in the
gallery's order and a page of it is read no further than it is long. `gallery_searchrow` says
which image a rowid is.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection, connections
from django.db.models import BigIntegerField
from django.db.models.expressions import RawSQL

_POSTGRESQL = (
    "ALTER TABLE gallery_image ADD COLUMN IF NOT EXISTS search tsvector "
    "GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED",
    "CREATE INDEX IF NOT EXISTS image_search ON gallery_image USING gin (search)",
    # Else the planner takes rare words for common ones, and walks a million images to find none.
    "ALTER TABLE gallery_image ALTER COLUMN search SET STATISTICS 1000",
)

# 65,536 ticks a second, and 32,768 images in each
_TICK = (
    "(CAST(strftime('%s', {0}.created_at) AS INTEGER) * 65536 "
    "+ CAST(substr({0}.created_at || '000000', 21, 6) AS INTEGER) * 65536 / 1000000)"
)
_TABLES = (
    "CREATE TABLE IF NOT EXISTS gallery_searchrow "
    "(number integer PRIMARY KEY, image_id char(32) NOT NULL UNIQUE)",
    "CREATE VIRTUAL TABLE IF NOT EXISTS gallery_search "
    "USING fts5(words, content='', detail=none, tokenize='ascii')",
)
_ENTER = """
INSERT INTO gallery_searchrow (number, image_id)
SELECT coalesce((SELECT max(number) + 1 FROM gallery_searchrow
    WHERE number >= <tick> * 32768 AND number < <tick> * 32768 + 32768), <tick> * 32768), NEW.id
WHERE NEW.words <> '';
INSERT INTO gallery_search (rowid, words)
SELECT number, NEW.words FROM gallery_searchrow WHERE image_id = NEW.id;
""".replace("<tick>", _TICK.format("NEW"))
_LEAVE = """
INSERT INTO gallery_search (gallery_search, rowid, words)
SELECT 'delete', number, OLD.words FROM gallery_searchrow WHERE image_id = OLD.id;
DELETE FROM gallery_searchrow WHERE image_id = OLD.id;
"""
_TRIGGERS = {
    "image_search_came": ("AFTER INSERT", _ENTER),
    "image_search_went": ("AFTER DELETE", _LEAVE),
    "image_search_changed": ("AFTER UPDATE OF words, created_at", _LEAVE + _ENTER),
}
_REBUILD = (
    "INSERT INTO gallery_search (gallery_search) VALUES ('delete-all')",
    "DELETE FROM gallery_searchrow",
    """
    INSERT INTO gallery_searchrow (number, image_id)
    SELECT tick * 32768 + row_number() OVER (PARTITION BY tick ORDER BY id) - 1, id
    FROM (SELECT id, <tick> AS tick FROM gallery_image WHERE words <> '')
    """.replace("<tick>", _TICK.format("gallery_image")),
    """
    INSERT INTO gallery_search (rowid, words)
    SELECT number, words FROM gallery_searchrow
    JOIN gallery_image ON gallery_image.id = image_id ORDER BY number
    """,
)


def guard(*, using: str, **_: Any) -> None:
    """Makes what is missing of the index. May be repeated.

    After every migration: on SQLite, Django changes a table by making it anew, without its
    triggers; what happened meanwhile is not in the index, so it is made anew too.
    """
    database = connections[using]
    with database.cursor() as cursor:
        statements = _POSTGRESQL if database.vendor == "postgresql" else _sqlite(cursor)
        for statement in statements:
            cursor.execute(statement)


def _sqlite(cursor: Any) -> Iterator[str]:
    cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    if {name for (name,) in cursor.fetchall()} >= set(_TRIGGERS):
        return
    yield from _TABLES
    yield from _REBUILD
    for name, (event, body) in _TRIGGERS.items():
        yield f"DROP TRIGGER IF EXISTS {name}"
        yield f"CREATE TRIGGER {name} {event} ON gallery_image BEGIN {body} END"


def matching(rows: Any, wanted: Sequence[str]) -> Any:
    """Those of a set of images that have all these words. On SQLite, with `found` to sort by."""
    if connection.vendor == "postgresql":
        query = " & ".join(f"'{word}'" for word in wanted)
        return rows.extra(where=["gallery_image.search @@ %s::tsquery"], params=[query])
    query = " AND ".join(f'"{word}"' for word in wanted)
    found = rows.extra(
        tables=["gallery_searchrow", "gallery_search"],
        where=[
            "gallery_search MATCH %s",
            "gallery_searchrow.number = gallery_search.rowid",
            "gallery_image.id = gallery_searchrow.image_id",
        ],
        params=[query],
    )
    return found.annotate(found=RawSQL("gallery_search.rowid", (), BigIntegerField()))


def has_order() -> bool:
    """Whether what matches has the gallery's order in itself, as `found`."""
    return connection.vendor == "sqlite"
