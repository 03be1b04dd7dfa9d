"""Public identifiers: UUID version 7 (RFC 9562), so that newer rows sort after older ones."""

from datetime import UTC, datetime
from uuid import UUID

from uuid_utils import compat


def new() -> UUID:
    return compat.uuid7()


def first_at(moment: datetime) -> UUID:
    """No identifier that was made at that moment or later is below it."""
    return UUID(int=max(0, int(moment.timestamp() * 1000)) << 80)


def made_at(key: UUID) -> datetime:
    return datetime.fromtimestamp((key.int >> 80) / 1000, UTC)
