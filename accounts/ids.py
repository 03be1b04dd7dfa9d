"""Public identifiers: UUID version 7 (RFC 9562), so that newer rows sort after older ones."""

from datetime import datetime
from uuid import UUID

from uuid_utils import compat


def new() -> UUID:
    return compat.uuid7()


def first_of(moment: datetime) -> UUID:
    """No id that was made since sorts before it, nor one made before after it."""
    return UUID(int=max(0, int(moment.timestamp() * 1000)) << 80)
