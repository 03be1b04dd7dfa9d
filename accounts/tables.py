"""Tables as CSV, written row by row: never more than one is in memory."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.http import StreamingHttpResponse

_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """What `csv.writer` writes to: it gives back each line."""

    def write(self, line: str) -> str:
        return line


def pieces(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    writer = csv.writer(_Line())
    yield writer.writerow(heads).encode()
    for row in rows:
        yield writer.writerow([_cell(value) for value in row]).encode()


def response(
    name: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]
) -> StreamingHttpResponse:
    """As a download, sent as it is read."""
    sent = StreamingHttpResponse(pieces(heads, rows), content_type="text/csv; charset=utf-8")
    sent["Content-Disposition"] = f'attachment; filename="{name}"'
    return sent


def _cell(value: Any) -> Any:
    """Words that a spreadsheet would take for a formula are marked as words."""
    if isinstance(value, datetime):
        return value.isoformat()
    is_formula = isinstance(value, str) and value.startswith(_BEGINS_FORMULA)
    return f"'{value}" if is_formula else value
