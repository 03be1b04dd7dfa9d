"""Public identifiers: UUID version 7 (RFC 9562), so that newer rows sort after older ones."""

from uuid import UUID

from uuid_utils import compat


def new() -> UUID:
    return compat.uuid7()
