"""The tree of edits that an image belongs to, however it has branched.

All is bounded: so many steps up, so many down, so many images in all. What is in the trash keeps
its place while something was made of it, and is not shown.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from gallery.models import Image

MAX_STEPS = 60
MAX_IMAGES = 120
_MAX_LEVEL = 5
_UP = """
    WITH RECURSIVE up (id, parent_id, step) AS (
        SELECT id, parent_id, 0 FROM gallery_image WHERE id = %s
        UNION ALL
        SELECT above.id, above.parent_id, up.step + 1 FROM gallery_image above
        JOIN up ON above.id = up.parent_id WHERE above.workspace_id = %s AND up.step < %s
    ) SELECT id FROM up ORDER BY step DESC
"""
# Breadth first on both databases, which stop once they have so many.
_DOWN = """
    WITH RECURSIVE down (id, step) AS (
        SELECT id, 0 FROM gallery_image WHERE id = %s
        UNION ALL
        SELECT below.id, down.step + 1 FROM gallery_image below
        JOIN down ON below.parent_id = down.id WHERE below.workspace_id = %s AND down.step < %s
    ) SELECT id FROM down LIMIT %s
"""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One image of a family. `level` grows only where a branch leaves, up to a few.

    `source` is the number of the step that it was edited from, unless that is the one before.
    """

    image: Image
    number: int
    level: int
    source: int | None


@dataclass(frozen=True, kw_only=True)
class Family:
    """`is_cut`: there are more than are shown."""

    steps: list[Step]
    is_cut: bool


def chain(image: Image) -> list[Image]:
    """From the first picture to this one: those that are not in the trash."""
    return [each for each in line(image) if not each.deleted_at]


def line(image: Image) -> list[Image]:
    """As `chain`, with those in the trash."""
    ids = _ids(_UP, image, MAX_STEPS)
    found = Image.objects.in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def tree(image: Image) -> Family:
    """All that has the same beginning. The way to this image and its own edits are always there."""
    above = _ids(_UP, image, MAX_STEPS)
    below = _ids(_DOWN, Image(pk=above[0], workspace=image.workspace), MAX_STEPS, MAX_IMAGES + 1)
    rows = Image.objects.filter(workspace=image.workspace_id)
    found = rows.filter(Q(pk__in={*above, *below}) | Q(parent=image))
    oldest_first = list(found.order_by("created_at", "pk")[: 2 * MAX_IMAGES])
    steps = list(_steps(above[0], oldest_first))
    return Family(steps=steps, is_cut=len(below) > MAX_IMAGES or len(oldest_first) > MAX_IMAGES)


def _ids(sql: str, image: Image, *limits: int) -> list[UUID]:
    key: Any = Image._meta.pk
    named = [key.get_db_prep_value(each, connection) for each in (image.pk, image.workspace_id)]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*named, *limits])
        return [key.to_python(row[0]) for row in cursor.fetchall()]


def _steps(first: UUID, images: list[Image]) -> Iterator[Step]:
    """Each image, then all that was made of it: the branches after the way on that came first."""
    children: dict[UUID | None, list[Image]] = defaultdict(list)
    for each in images:
        if each.pk != first:
            children[each.parent_id].append(each)
    numbers: dict[UUID | None, int] = {}
    waiting = [(each, 0) for each in images if each.pk == first]
    while waiting:
        image, level = waiting.pop()
        if not image.deleted_at:
            number = len(numbers) + 1
            source = numbers.get(image.parent_id)
            numbers[image.pk] = number
            yield Step(
                image=image,
                number=number,
                level=level,
                source=source if source != number - 1 else None,
            )
        onward = children[image.pk]
        branch = min(level + 1, _MAX_LEVEL) if len(onward) > 1 else level
        waiting += [(each, branch) for each in reversed(onward)]
