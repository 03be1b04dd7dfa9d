"""The index of words, kept by the database itself in the statement that stores an image.

Beside the words of an image (`Image.words`) stand its model, kind, person, size and seed, as terms
that no word can be ("¤kupload"): so that what is asked for together is one intersection of lists,
however much each of it alone would find (decision 0018). What is in the trash is not in the index.

PostgreSQL has a column made of them, with a GIN index. SQLite has an FTS5 table without a content
of its own: its rowids grow with `created_at`, so that what is found comes out in the gallery's
order and a page of it is read no further than it is long. `gallery_searchrow` says which image a
rowid is. The workspace is a term there too; PostgreSQL has other indexes to narrow it by.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, connections
from django.db.models import BigIntegerField, Value
from django.db.models.expressions import Col, RawSQL
from django.db.models.lookups import Exact
from django.db.models.sql.where import ExtraWhere

# So many images are looked at one by one in the gallery's order, before the index is asked.
_NEAR = 1_000

_TERMS_POSTGRESQL = (
    "array_to_tsvector(array_remove(string_to_array(words, ' ') || ARRAY["
    "'¤m' || nullif(model, ''), '¤k' || kind, "
    "'¤p' || created_by_id::text, '¤s' || width::text || 'x' || height::text, "
    "'¤e' || seed::text], NULL))"
)
_MATCH = "gallery_image.terms @@ %s::tsquery"
_OF_TERMS = {"model", "kind", "created_by", "seed", "width"}
_POSTGRESQL = (
    "ALTER TABLE gallery_image DROP COLUMN IF EXISTS search",
    f"ALTER TABLE gallery_image ADD COLUMN IF NOT EXISTS terms tsvector "
    f"GENERATED ALWAYS AS ({_TERMS_POSTGRESQL}) STORED",
    "CREATE INDEX IF NOT EXISTS image_terms ON gallery_image USING gin (terms) "
    "WHERE deleted_at IS NULL",
    # Else the planner takes rare words for common ones.
    "ALTER TABLE gallery_image ALTER COLUMN terms SET STATISTICS 1000",
)

_TERMS_SQLITE = (
    "{0}.words || ' ¤w' || {0}.workspace_id || ' ¤m' || hex({0}.model) || ' ¤k' || {0}.kind "
    "|| coalesce(' ¤p' || {0}.created_by_id, '') || ' ¤s' || {0}.width || 'x' || {0}.height "
    "|| coalesce(' ¤e' || {0}.seed, '')"
)
# 65,536 ticks a second, and 32,768 images in each
_TICKS, _IN_TICK = 65_536, 32_768
_TICK = (
    f"(CAST(strftime('%s', substr({{0}}.created_at, 1, 19)) AS INTEGER) * {_TICKS} "
    f"+ CAST(substr({{0}}.created_at || '000000', 21, 6) AS INTEGER) * {_TICKS} / 1000000)"
)
_TABLES = (
    "CREATE TABLE IF NOT EXISTS gallery_searchrow "
    "(number integer PRIMARY KEY, image_id char(32) NOT NULL UNIQUE)",
    "CREATE VIRTUAL TABLE IF NOT EXISTS gallery_search "
    "USING fts5(words, content='', detail=none, tokenize='ascii')",
)
_ENTER = f"""
INSERT INTO gallery_searchrow (number, image_id)
SELECT coalesce((SELECT max(number) + 1 FROM gallery_searchrow
    WHERE number >= <tick> * {_IN_TICK} AND number < <tick> * {_IN_TICK} + {_IN_TICK}),
    <tick> * {_IN_TICK}), NEW.id
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
_COLUMNS = (
    *("words", "created_at", "deleted_at", "workspace_id", "model", "kind", "created_by_id"),
    *("width", "height", "seed"),
)
_DIFFER = " OR ".join(f"OLD.{each} IS NOT NEW.{each}" for each in _COLUMNS)
_TRIGGERS = {
    "image_search_came": ("AFTER INSERT", "", _ENTER),
    "image_search_went": ("AFTER DELETE", "", _LEAVE),
    "image_search_changed": (
        f"AFTER UPDATE OF {', '.join(_COLUMNS)}",
        f"WHEN {_DIFFER}",
        _LEAVE + _ENTER,
    ),
}
_REBUILD = (
    "INSERT INTO gallery_search (gallery_search) VALUES ('delete-all')",
    "DELETE FROM gallery_searchrow",
    f"""
    INSERT INTO gallery_searchrow (number, image_id)
    SELECT tick * {_IN_TICK} + row_number() OVER (PARTITION BY tick ORDER BY id) - 1, id
    FROM (SELECT id, {_TICK.format("gallery_image")} AS tick FROM gallery_image
          WHERE deleted_at IS NULL)
    """,
    f"""
    INSERT INTO gallery_search (rowid, words)
    SELECT number, {_TERMS_SQLITE.format("gallery_image")} FROM gallery_searchrow
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
    wanted = {
        name: f"CREATE TRIGGER {name} {event} ON gallery_image {condition} BEGIN {body} END"
        for name, (event, condition, body) in _TRIGGERS.items()
    }
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    if wanted.items() <= dict(cursor.fetchall()).items():
        return
    yield from _TABLES
    yield from _REBUILD
    for name, statement in wanted.items():
        yield f"DROP TRIGGER IF EXISTS {name}"
        yield statement


def about(*, workspace: UUID, **columns: Any) -> list[str]:
    """The terms of what is known of images beside their words, None being left out.

    `columns`: model, kind, created_by, seed, width and height.
    """
    known = {name: value for name, value in columns.items() if value is not None}
    is_server = connection.vendor == "postgresql"
    found = [] if is_server else [f"¤w{workspace.hex}"]
    if "model" in known:
        found.append(f"¤m{known['model'] if is_server else known['model'].encode().hex()}")
    if "width" in known and "height" in known:
        found.append(f"¤s{known['width']}x{known['height']}")
    marks = {"kind": "¤k", "created_by": "¤p", "seed": "¤e"}
    return found + [f"{marks[name]}{known[name]}" for name in marks.keys() & known.keys()]


def matching(rows: Any, terms: Sequence[str]) -> Any:
    """Those of a set of images that have all these terms; none where there are no terms.

    On SQLite, with `found` to sort by.
    """
    if not terms:
        return rows.none().annotate(found=Value(0))
    if connection.vendor == "postgresql":
        query = " & ".join("'" + _doubled(term) + "'" for term in terms)
        return rows.extra(where=[_MATCH], params=[query])
    query = " AND ".join(f'"{term}"' for term in terms)
    found = rows.extra(
        tables=["gallery_searchrow", "gallery_search"],
        where=[
            "gallery_search MATCH %s",
            # With the sign, words are looked up first, and not anew for each of many images
            "gallery_searchrow.number = +gallery_search.rowid",
            "gallery_image.id = gallery_searchrow.image_id",
        ],
        params=[query],
    )
    return found.annotate(found=RawSQL("gallery_search.rowid", (), BigIntegerField()))


def _doubled(term: str) -> str:
    return term.replace("\\", "\\\\").replace("'", "''")


def has_order() -> bool:
    """Whether what matches has the gallery's order in itself, as `found`."""
    return connection.vendor == "sqlite"


def within(rows: Any, since: datetime | None, before: datetime | None) -> Any:
    """What matches, of that time alone: where the order is the index's own, it is entered there."""
    if not has_order():
        return rows
    if since:
        rows = rows.filter(found__gte=_number(since))
    return rows.filter(found__lt=_number(before)) if before else rows


def among(rows: Any, marks: Any) -> Any:
    """What matches, of images that have such a mark: SQLite would else look at each image first."""
    if not has_order():
        return rows
    sql, values = marks.values("image").query.sql_with_params()
    numbers = f"SELECT number FROM gallery_searchrow WHERE image_id IN ({sql})"
    return rows.extra(where=[f"+gallery_search.rowid IN ({numbers})"], params=values)


def _number(moment: datetime) -> int:
    return min(int(moment.timestamp()) * _TICKS * _IN_TICK, 2**63 - 1)


_BOUNDED = """gallery_image.id IN (
    WITH walked AS ({walked} LIMIT %s),
    near AS MATERIALIZED (
        SELECT id, key_first, key_second FROM walked WHERE terms @@ %s::tsquery
        ORDER BY {order} LIMIT %s
    ),
    far AS (
        SELECT id FROM ({matched} OFFSET 0) AS matched
        WHERE (SELECT count(*) FROM near) < %s ORDER BY {order} LIMIT %s
    )
    SELECT id FROM near UNION ALL SELECT id FROM far
)"""


def first(rows: Any, keys: Sequence[str], count: int) -> Any:
    """The first `count` of these images, whether they match something or not.

    PostgreSQL's planner takes terms for independent of each other: of two that are common and
    share no image it would walk along all of them. So it is made to walk along the first few,
    and to ask the index for the whole only if these do not fill the page. Of the columns that are
    asked for as terms too the walk asks one, whose index leads it: of all it would look for those
    that have all.
    """
    asked = [node for node in rows.query.where.children if _is_match(node)]
    if not asked:
        return rows.order_by(*keys)[:count]
    terms = str((asked[0].params or [""])[0])
    known = [node for node in rows.query.where.children if _column(node) in _OF_TERMS]
    others = [node for node in known if _column(node) != _column(known[0])]
    every = _without(rows, [*asked, *others])
    columns = ["id", *(key.removeprefix("-") for key in keys)]
    walk = every.extra(select={"terms": "gallery_image.terms"}).order_by(*keys)
    walk_sql, walk_values = walk.values(*columns, "terms").query.sql_with_params()
    sql, values = rows.order_by().values(*columns).query.sql_with_params()
    order = ", ".join(f"{key[1:]} DESC" if key.startswith("-") else key for key in keys)
    found = every.extra(
        where=[_BOUNDED.format(walked=walk_sql, matched=sql, order=order)],
        params=[*walk_values, _NEAR, terms, count, *values, count, count],
    )
    return found.order_by(*keys)[:count]


def _is_match(node: Any) -> bool:
    return isinstance(node, ExtraWhere) and node.sqls == [_MATCH]


def _column(node: Any) -> str:
    """Of a condition that a column has a value; a size is one, of two columns."""
    if not isinstance(node, Exact) or not isinstance(node.lhs, Col):
        return ""
    name: str = node.lhs.target.name
    return "width" if name == "height" else name


def _without(rows: Any, conditions: Sequence[Any]) -> Any:
    found = rows.all()
    where = found.query.where
    where.children = [node for node in where.children if node not in conditions]
    return found
