"""Asks the index of words (`gallery.search_index`), the same of both databases."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import BigIntegerField, Value
from django.db.models.expressions import Col, RawSQL
from django.db.models.lookups import Exact
from django.db.models.sql.where import ExtraWhere

from gallery.search_index import IN_TICK, TICKS

# So many images are looked at one by one in the gallery's order, before the index is asked.
_NEAR = 3_000
_MATCH = "gallery_image.terms @@ %s::tsquery"
_MARKED = "gallery_image.marks @> %s::text[]"
_INDEXED = ("terms", "marks")
_OF_TERMS = {"model", "kind", "created_by", "seed", "width"}


def about(
    *,
    workspace: UUID,
    favourite_of: int | None = None,
    collection: UUID | None = None,
    **columns: Any,
) -> list[str]:
    """The terms of what is known of images beside their words, None being left out.

    `columns`: model, kind, created_by, seed, width and height. Who names one whose favourites they
    are, or a collection, has to ask for the mark itself, too.
    """
    known = {name: value for name, value in columns.items() if value is not None}
    is_server = connection.vendor == "postgresql"
    found = [] if is_server else [f"¤w{workspace.hex}"]
    if "model" in known:
        found.append(f"¤m{known['model'] if is_server else known['model'].encode().hex()}")
    if "width" in known and "height" in known:
        found.append(f"¤s{known['width']}x{known['height']}")
    if favourite_of is not None:
        found.append(f"¤f{favourite_of}")
    if collection:
        found.append(f"¤c{collection if is_server else collection.hex}")
    prefixes = {"kind": "¤k", "created_by": "¤p", "seed": "¤e"}
    return found + [f"{prefixes[name]}{known[name]}" for name in prefixes.keys() & known.keys()]


def matching(rows: Any, terms: Sequence[str]) -> Any:
    """Those of a set of images that have all these terms; none where there are no terms.

    On SQLite, with `found` to sort by.
    """
    if not terms:
        return rows.none().annotate(found=Value(0))
    if connection.vendor == "postgresql":
        return rows.extra(**_asking(terms))
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


def _asking(terms: Sequence[str]) -> dict[str, Any]:
    marks = [term for term in terms if term.startswith(("¤f", "¤c"))]
    others = ["'" + _doubled(term) + "'" for term in terms if term not in marks]
    asked: dict[str, Any] = {}
    if others:
        asked[_MATCH] = " & ".join(others)
    if marks:
        asked[_MARKED] = marks
    return {"where": list(asked), "params": list(asked.values())}


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


def _number(moment: datetime) -> int:
    return min(int(moment.timestamp()) * TICKS * IN_TICK, 2**63 - 1)


_BOUNDED = """gallery_image.id IN (
    WITH walked AS ({walked} LIMIT %s),
    near AS MATERIALIZED (
        SELECT id, key_first, key_second FROM walked AS gallery_image WHERE {asked}
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
    and to ask the index for the whole only if these do not fill the page. What leads the walk is
    the mark that is asked for, or else one of the columns that are asked for as terms too: of
    several it would look for those that have all.
    """
    asked = [node for node in rows.query.where.children if _is_match(node)]
    if not asked:
        return rows.order_by(*keys)[:count]
    known = [node for node in rows.query.where.children if _column(node) in _OF_TERMS]
    led_by = "" if _MARKED in asked[0].sqls else _column(known[0]) if known else ""
    others = [node for node in known if _column(node) != led_by]
    every = _without(rows, [*asked, *others])
    columns = ["id", *(key.removeprefix("-") for key in keys)]
    walk = every.extra(select={name: f"gallery_image.{name}" for name in _INDEXED}).order_by(*keys)
    walk_sql, walk_values = walk.values(*columns, *_INDEXED).query.sql_with_params()
    sql, values = rows.order_by().values(*columns).query.sql_with_params()
    condition = " AND ".join(asked[0].sqls)
    order = ", ".join(f"{key[1:]} DESC" if key.startswith("-") else key for key in keys)
    found = every.extra(
        where=[_BOUNDED.format(walked=walk_sql, asked=condition, matched=sql, order=order)],
        params=[*walk_values, _NEAR, *(asked[0].params or ()), count, *values, count, count],
    )
    return found.order_by(*keys)[:count]


def _is_match(node: Any) -> bool:
    return isinstance(node, ExtraWhere) and set(node.sqls) <= {_MATCH, _MARKED}


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
