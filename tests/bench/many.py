"""Makes many images in one team, as rows without objects: python -m tests.bench.many N [EMAIL].

With --jobs N that many jobs, too, delivered and paid (`tests.bench.many_jobs`).

One in twelve is by somebody else, of another model, of another size, of the seed 1, a
favourite, in a collection, in the trash, so that a thousand fill a page of each; "heron" is in
every tenth prompt, "curlew" in every thirty-third, "zeppelin" in sixty and one of each ten
thousand. The database makes them itself, without its indexes and triggers, which are put back at
the end: of the rows that are there then. May be repeated: the images become more.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402
from django.db.models import Sum  # noqa: E402

from accounts import people, terms  # noqa: E402
from accounts.models import Membership, Role, User, Workspace  # noqa: E402
from gallery import search_index, stock  # noqa: E402
from gallery.models import Collection, CollectionImage, Favourite, Image, Stock  # noqa: E402
from tests.bench import many_jobs  # noqa: E402

_AT_ONCE = 20_000
_PLACES = [
    "lake",
    "harbour",
    "forest",
    "desert",
    "meadow",
    "mountain",
    "street",
    "garden",
    "island",
    "bridge",
]
_LIGHTS = ["dawn", "noon", "dusk", "night", "rain", "snow", "fog", "storm"]
_SERIES = {
    "postgresql": "generate_series({first}::bigint, {last}) AS series(n)",
    "sqlite": (
        "(WITH RECURSIVE series(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM series "
        "WHERE n < {last}) SELECT n FROM series)"
    ),
}
_ID = {
    "postgresql": (
        "(lpad(to_hex(1700000000000 + n * 30000), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0')"
        " || '8' || lpad(to_hex(n), 15, '0'))::uuid"
    ),
    "sqlite": "printf('%012x7%03x8%015x', 1700000000000 + n * 30000, n % 4096, n)",
}
_CREATED = {
    "postgresql": "to_timestamp(1700000000 + n * 30)",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S', 1700000000 + n * 30, 'unixepoch')",
}
_IMAGES = """
INSERT INTO gallery_image (
    id, workspace_id, created_by_id, kind, price_micros, created_at, deleted_at, original,
    preview_small, preview_large, content_type, width, height, size_bytes, sha256, placeholder,
    model, prompt, words, negative_prompt, seed, steps, cfg_scale, size, text_mode, engine,
    engine_ms, notes, note
)
SELECT {id}, '{workspace}', CASE WHEN n % 12 = 7 THEN {member} ELSE {owner} END,
    CASE WHEN n % 12 = 7 THEN 'upload' ELSE 'generated' END, 3000, {created},
    CASE WHEN n % 12 = 9 THEN {now} END, 'bench/' || n, 'bench', 'bench', 'image/png',
    CASE WHEN n % 12 = 7 THEN 768 ELSE 1024 END, CASE WHEN n % 12 = 7 THEN 1360 ELSE 1024 END,
    1000000, 'bench' || n, 'data:image/png;base64,{placeholder}',
    CASE WHEN n % 12 = 7 THEN 'step-1x-medium' ELSE 'step-image-edit-2' END,
    'A ' || {place} || ' at ' || {light} || ', soft light, number ' || n || {birds},
    'a ' || {place} || ' at ' || {light} || ' soft light number ' || n || {birds},
    '', CASE WHEN n % 12 = 7 THEN 1 ELSE n END, 8, 1.0, '', {no}, 'sketch', n, '[]', ''
FROM {series}
"""
_BIRDS = (
    "CASE WHEN n % 10 = 1 THEN ' a heron' ELSE '' END "
    "|| CASE WHEN n % 33 = 1 THEN ' a curlew' ELSE '' END "
    "|| CASE WHEN n % 10000 = 5000 OR n < 60 THEN ' a zeppelin' ELSE '' END"
)
_FAVOURITES = """
INSERT INTO gallery_favourite (user_id, image_id, image_created_at)
SELECT {owner}, id, created_at FROM gallery_image
WHERE workspace_id = '{workspace}' AND engine_ms % 12 = 3 AND engine_ms >= {first}
"""
_PLACED = """
INSERT INTO gallery_collectionimage (collection_id, image_id, position, image_created_at)
SELECT '{collection}', id, engine_ms * 1024, created_at FROM gallery_image
WHERE workspace_id = '{workspace}' AND engine_ms % 12 = 5 AND engine_ms >= {first}
"""


def main(count: int, email: str, jobs: int) -> None:
    begun = time.monotonic()
    with connection.cursor() as cursor, _bare(cursor):
        workspace = fill(count, email)
    Stock.objects.update_or_create(workspace=workspace, defaults={"size_bytes": _bytes(workspace)})
    if jobs:
        many_jobs.fill(jobs, User.objects.get(email=email), workspace)
    if connection.vendor == "postgresql":  # as it does by itself, and SQLite does not
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    sys.stdout.write(f"{count} images, {jobs} jobs in {time.monotonic() - begun:.0f} s\n")


def fill(count: int, email: str) -> Workspace:
    """The rows alone, for who has looked after indexes and statistics."""
    owner, workspace = people.with_workspace(email)
    terms.accept(by=owner)
    member, _ = User.objects.get_or_create(email=f"max.{email}", defaults={"name": "Max"})
    Membership.objects.get_or_create(
        user=member, workspace=workspace, defaults={"role": Role.MEMBER}
    )
    collection, _ = Collection.objects.get_or_create(workspace=workspace, name="Bench")
    first = Image.objects.count()
    values = _values(workspace, owner, member, collection) | {"first": first}
    with connection.cursor() as cursor:
        for start in range(first, first + count, _AT_ONCE):
            last = min(start + _AT_ONCE, first + count) - 1
            series = _SERIES[connection.vendor].format(first=start, last=last)
            with transaction.atomic():
                cursor.execute(_IMAGES.format(**values, series=series))
        cursor.execute(_FAVOURITES.format(**values))
        cursor.execute(_PLACED.format(**values))
    return workspace


@contextmanager
def _bare(cursor: Any) -> Iterator[None]:
    """The tables without indexes and triggers, which would take ten times as long row by row."""
    models = (Image, Favourite, CollectionImage)
    indexes = [(model, index) for model in models for index in model._meta.indexes]
    for _, index in indexes:
        cursor.execute(f"DROP INDEX {index.name}")
    if connection.vendor == "postgresql":
        cursor.execute("ALTER TABLE gallery_image DROP COLUMN terms, DROP COLUMN marks")
        for model in models:
            cursor.execute(f"ALTER TABLE {model._meta.db_table} DISABLE TRIGGER USER")
        cursor.execute("SET maintenance_work_mem = '512MB'")
    else:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in cursor.fetchall():
            if name.startswith("image_"):
                cursor.execute(f"DROP TRIGGER {name}")
    yield
    if connection.vendor == "postgresql":
        for model in models:
            cursor.execute(f"ALTER TABLE {model._meta.db_table} ENABLE TRIGGER USER")
    stock.guard(using="default")
    search_index.guard(using="default")
    for model, index in indexes:
        with connection.schema_editor() as editor:
            editor.add_index(model, index)


def _bytes(workspace: Workspace) -> int:
    rows = Image.objects.filter(workspace=workspace)
    return int(rows.aggregate(total=Sum("size_bytes"))["total"] or 0)


def _values(
    workspace: Workspace, owner: User, member: User, collection: Collection
) -> dict[str, object]:
    vendor = connection.vendor
    is_server = vendor == "postgresql"
    return {
        "id": _ID[vendor],
        "created": _CREATED[vendor],
        "workspace": workspace.pk if is_server else workspace.pk.hex,
        "collection": collection.pk if is_server else collection.pk.hex,
        "owner": owner.pk,
        "member": member.pk,
        "placeholder": "A" * 200,
        "place": _picked(_PLACES),
        "light": _picked(_LIGHTS),
        "birds": _BIRDS,
        "now": "now()" if is_server else "strftime('%Y-%m-%d %H:%M:%S', 'now')",
        "no": "false" if is_server else "0",
    }


def _picked(names: list[str]) -> str:
    cases = " ".join(f"WHEN {number} THEN '{name}'" for number, name in enumerate(names))
    return f"CASE n % {len(names)} {cases} END"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("email", nargs="?", default="bench@example.com")
    parser.add_argument("--jobs", type=int, default=0)
    told = parser.parse_args()
    main(told.count, told.email, told.jobs)
