"""The index of words, kept by the database itself in the statement that stores an image.

Beside the words of an image (`Image.words`) stand its model, kind, person, size and seed, who has
it among the favourites, and the collections that it is in, as terms that no word can be
("¤kupload"): so that what is asked for together is one intersection of lists, however much each of
it alone would find (decision 0018). What is in the trash is not in the index.

A favourite is a term for as long as it is one. An image taken out of a collection keeps the term
until it is marked again: who asks for one looks at the mark itself, too.

PostgreSQL has a column of the words and what is known of the image, one of its marks, and a GIN
index of both. SQLite has an FTS5 table without a content of its own: its rowids grow with
`created_at`, so that what is found comes out in the gallery's order and a page of it is read no
further than it is long. `gallery_searchrow` says which image a rowid is, and the marks that it was
entered with. The workspace is a term there too; PostgreSQL has other indexes to narrow it by.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connections, transaction

# 65,536 ticks a second, and 32,768 images in each
TICKS, IN_TICK = 65_536, 32_768
# What changes an image's marks, and where its key is then. A collection of many images could not be
# deleted at once, if each had to be marked anew.
_MARKING = {
    "marked": (
        ("INSERT", "gallery_favourite", "NEW"),
        ("INSERT", "gallery_collectionimage", "NEW"),
    ),
    "unmarked": (("DELETE", "gallery_favourite", "OLD"),),
}

_TERMS_POSTGRESQL = (
    "array_to_tsvector(array_remove(string_to_array(words, ' ') || ARRAY["
    "'¤m' || nullif(model, ''), '¤k' || kind, "
    "'¤p' || created_by_id::text, '¤s' || width::text || 'x' || height::text, "
    "'¤e' || seed::text], NULL))"
)
_POSTGRESQL = (
    "ALTER TABLE gallery_image DROP COLUMN IF EXISTS search",
    f"ALTER TABLE gallery_image ADD COLUMN IF NOT EXISTS terms tsvector "
    f"GENERATED ALWAYS AS ({_TERMS_POSTGRESQL}) STORED",
    "ALTER TABLE gallery_image ADD COLUMN IF NOT EXISTS marks text[] NOT NULL DEFAULT '{}'",
    # Else the planner takes rare words for common ones.
    "ALTER TABLE gallery_image ALTER COLUMN terms SET STATISTICS 1000",
    "ALTER TABLE gallery_image ALTER COLUMN marks SET STATISTICS 1000",
    # Its helpers take longer to start than a page to read. As an option of each connection, a
    # pooler might refuse it.
    """
    DO $$ BEGIN EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I '
        'SET max_parallel_workers_per_gather = 0', current_database()); END $$
    """,
    # Two that mark one image see each other's mark: the second reads when it has the lock.
    """
    CREATE OR REPLACE FUNCTION image_mark(ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    PERFORM FROM gallery_image WHERE id = ANY(ids) ORDER BY id FOR NO KEY UPDATE;
    UPDATE gallery_image SET marks = ARRAY(
        SELECT '¤f' || user_id FROM gallery_favourite WHERE image_id = gallery_image.id
        UNION ALL
        SELECT '¤c' || collection_id FROM gallery_collectionimage WHERE image_id = gallery_image.id
    ) WHERE id = ANY(ids);
    END $$
    """,
    """
    CREATE OR REPLACE FUNCTION image_marked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM image_mark(ARRAY(SELECT image_id FROM marked));
    RETURN NULL;
    END $$
    """,
    *(
        f"CREATE OR REPLACE TRIGGER image_{name} AFTER {event} ON {table} "
        f"REFERENCING {row} TABLE AS marked FOR EACH STATEMENT EXECUTE FUNCTION image_marked()"
        for name, events in _MARKING.items()
        for event, table, row in events
    ),
)
_INDEX = "image_terms_and_marks"
_IS_INDEXED = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"
_MARK_SOME = """
SELECT image_mark(array_agg(image_id)), (array_agg(image_id ORDER BY image_id DESC))[1] FROM (
    SELECT image_id FROM gallery_favourite WHERE image_id > %s
    UNION SELECT image_id FROM gallery_collectionimage WHERE image_id > %s
    ORDER BY image_id LIMIT 1000
) AS marked
"""

_TERMS_SQLITE = (
    "{0}.words || ' ¤w' || {0}.workspace_id || ' ¤m' || hex({0}.model) || ' ¤k' || {0}.kind "
    "|| coalesce(' ¤p' || {0}.created_by_id, '') || ' ¤s' || {0}.width || 'x' || {0}.height "
    "|| coalesce(' ¤e' || {0}.seed, '') || marks"
)
_MARKS_SQLITE = """
coalesce((SELECT group_concat(' ¤f' || user_id, '') FROM gallery_favourite
    WHERE image_id = {0}), '')
|| coalesce((SELECT group_concat(' ¤c' || collection_id, '') FROM gallery_collectionimage
    WHERE image_id = {0}), '')
"""
_TICK = (
    f"(CAST(strftime('%s', substr({{0}}.created_at, 1, 19)) AS INTEGER) * {TICKS} "
    f"+ CAST(substr({{0}}.created_at || '000000', 21, 6) AS INTEGER) * {TICKS} / 1000000)"
)
_ENTER = f"""
INSERT INTO gallery_searchrow (number, image_id, marks)
SELECT coalesce((SELECT max(number) + 1 FROM gallery_searchrow
    WHERE number >= <tick> * {IN_TICK} AND number < <tick> * {IN_TICK} + {IN_TICK}),
    <tick> * {IN_TICK}), NEW.id, {_MARKS_SQLITE.format("NEW.id")}
WHERE NEW.deleted_at IS NULL;
INSERT INTO gallery_search (rowid, words)
SELECT number, {_TERMS_SQLITE.format("NEW")} FROM gallery_searchrow WHERE image_id = NEW.id;
""".replace("<tick>", _TICK.format("NEW"))
_LEAVE = f"""
INSERT INTO gallery_search (gallery_search, rowid, words)
SELECT 'delete', number, {_TERMS_SQLITE.format("OLD")} FROM gallery_searchrow
WHERE image_id = OLD.id;
DELETE FROM gallery_searchrow WHERE image_id = OLD.id;
"""
_ALL = f"""
number, {_TERMS_SQLITE.format("gallery_image")} FROM gallery_searchrow
JOIN gallery_image ON gallery_image.id = image_id
"""
_MARK = f"""
INSERT INTO gallery_search (gallery_search, rowid, words)
SELECT 'delete', {_ALL} WHERE image_id = <row>.image_id;
UPDATE gallery_searchrow SET marks = {_MARKS_SQLITE.format("<row>.image_id")}
WHERE image_id = <row>.image_id;
INSERT INTO gallery_search (rowid, words) SELECT {_ALL} WHERE image_id = <row>.image_id;
"""
_COLUMNS = (
    *("words", "created_at", "deleted_at", "workspace_id", "model", "kind", "created_by_id"),
    *("width", "height", "seed"),
)
_DIFFER = " OR ".join(f"OLD.{each} IS NOT NEW.{each}" for each in _COLUMNS)
_TRIGGERS = {
    "image_search_came": f"AFTER INSERT ON gallery_image BEGIN {_ENTER} END",
    "image_search_went": f"AFTER DELETE ON gallery_image BEGIN {_LEAVE} END",
    "image_search_changed": (
        f"AFTER UPDATE OF {', '.join(_COLUMNS)} ON gallery_image WHEN {_DIFFER} "
        f"BEGIN {_LEAVE} {_ENTER} END"
    ),
} | {
    f"image_search_{name}_{table}": (
        f"AFTER {event} ON {table} BEGIN {_MARK.replace('<row>', row)} END"
    )
    for name, events in _MARKING.items()
    for event, table, row in events
}
_REBUILD = (
    "DROP TABLE IF EXISTS gallery_searchrow",
    "DROP TABLE IF EXISTS gallery_search",
    "CREATE TABLE gallery_searchrow (number integer PRIMARY KEY, "
    "image_id char(32) NOT NULL UNIQUE, marks text NOT NULL)",
    "CREATE VIRTUAL TABLE gallery_search "
    "USING fts5(words, content='', detail=none, tokenize='ascii')",
    f"""
    INSERT INTO gallery_searchrow (number, image_id, marks)
    SELECT tick * {IN_TICK} + row_number() OVER (PARTITION BY tick ORDER BY id) - 1, id,
        {_MARKS_SQLITE.format("image.id")}
    FROM (SELECT id, {_TICK.format("gallery_image")} AS tick FROM gallery_image
          WHERE deleted_at IS NULL) AS image
    """,
    f"INSERT INTO gallery_search (rowid, words) SELECT {_ALL} ORDER BY number",
)


def guard(*, using: str, **_: Any) -> None:
    """Makes what is missing of the index, after every migration. May be repeated.

    On SQLite all of it where a trigger is missing, as what happened meanwhile is not in it; nobody
    writes until the triggers are there again.
    """
    database = connections[using]
    if database.vendor == "sqlite":
        with transaction.atomic(using=using), database.cursor() as cursor:
            _run(cursor, _sqlite(cursor))
        return
    with database.cursor() as cursor:
        _run(cursor, _postgresql(cursor, "" if database.in_atomic_block else "CONCURRENTLY"))


def _run(cursor: Any, statements: Iterator[str]) -> None:
    for statement in statements:
        cursor.execute(statement)


def unguard(*, using: str, **_: Any) -> None:
    """Before migrations: on SQLite, Django changes a table by making it anew, and may not while
    triggers of others speak of it.
    """
    database = connections[using]
    if database.vendor == "sqlite":
        with database.cursor() as cursor:
            for name in _found(cursor):
                cursor.execute(f"DROP TRIGGER {name}")


def _found(cursor: Any) -> dict[str, str]:
    """The triggers of the index that are there."""
    cursor.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'image_search_%'"
    )
    return dict(cursor.fetchall())


def _sqlite(cursor: Any) -> Iterator[str]:
    wanted = {name: f"CREATE TRIGGER {name} {does}" for name, does in _TRIGGERS.items()}
    found = _found(cursor)
    if wanted == found:
        return
    yield from (f"DROP TRIGGER {name}" for name in found)
    yield from _REBUILD
    yield from wanted.values()


def _postgresql(cursor: Any, gently: str) -> Iterator[str]:
    """The index comes last: where it is whole, the marks of before are in their column."""
    yield from _POSTGRESQL
    cursor.execute(_IS_INDEXED, [_INDEX])
    if cursor.fetchone() != (True,):
        yield from _index(cursor, gently)
    yield f"DROP INDEX {gently} IF EXISTS image_terms"


def _index(cursor: Any, gently: str) -> Iterator[str]:
    last = "00000000-0000-0000-0000-000000000000"
    while last:
        cursor.execute(_MARK_SOME, [last, last])
        _, last = cursor.fetchone()
    yield f"DROP INDEX {gently} IF EXISTS {_INDEX}"
    yield (
        f"CREATE INDEX {gently} {_INDEX} ON gallery_image USING gin (terms, marks) "
        "WHERE deleted_at IS NULL"
    )
