"""ZIP files that are written while they are sent: never more than one piece in memory.

Pictures are packed already and stored as they are; text is deflated.
"""

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from accounts.registry import ExportFile

_AT_ONCE = 200
M = TypeVar("M", bound=Model)


class _Pipe(io.RawIOBase):
    """What is written is held until it is taken; nothing can be read again."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held += data
        return len(data)

    def take(self) -> bytes:
        held, self._held = bytes(self._held), bytearray()
        return held


def stream(files: Iterable[ExportFile]) -> Iterator[bytes]:
    """The ZIP's bytes, piece by piece; the next file is asked for when one is done."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", allowZip64=True) as archive:
        for each in files:
            info = zipfile.ZipInfo(each.name, (each.at or timezone.now()).timetuple()[:6])
            info.compress_type = zipfile.ZIP_STORED if each.is_packed else zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            with archive.open(info, "w") as entry:
                for piece in each.pieces:
                    entry.write(piece)
                    yield pipe.take()
            yield pipe.take()
    yield pipe.take()


def json_file(name: str, rows: Iterable[Any], *, at: datetime | None = None) -> ExportFile:
    """A list, written row by row."""
    return ExportFile(name=name, pieces=_json(rows), at=at)


def _json(rows: Iterable[Any]) -> Iterator[bytes]:
    lead = "[\n"
    for row in rows:
        text = json.dumps(row, ensure_ascii=False, indent=2, cls=DjangoJSONEncoder)
        yield (lead + text).encode()
        lead = ",\n"
    yield b"\n]\n" if lead != "[\n" else b"[]\n"


def in_pages(rows: "QuerySet[M]", *, order: Sequence[str] = ("pk",)) -> Iterator[M]:
    """All rows, some at a time, so that no query stays open meanwhile.

    The order ends with the key, and all of it goes up, or all of it down.
    """
    ordered = rows.order_by(*order)
    page = list(ordered[:_AT_ONCE])
    while page:
        yield from page
        page = list(ordered.filter(_beyond(page[-1], order))[:_AT_ONCE])


def _beyond(last: Model, order: Sequence[str]) -> Q:
    """As an index reads on from there: first by one bound, which "a < 1 or ..." would hide."""
    name, compare = order[0].lstrip("-"), "lt" if order[0].startswith("-") else "gt"
    further = {f"{name}__{compare}": getattr(last, name)}
    if not order[1:]:
        return Q(**further)
    bound = {f"{name}__{compare}e": getattr(last, name)}
    return Q(**bound) & (Q(**further) | _beyond(last, order[1:]))
