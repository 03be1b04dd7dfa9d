"""For those who run Easel. Money is never edited as a field: transfers of the ledger move it."""

from accounts.admin import audit, ledger, people, workspaces
from accounts.admin.base import BoundedAdmin, KeptAdmin, ReadOnlyAdmin, Refused, SinceFilter, Verb

__all__ = [
    "BoundedAdmin",
    "KeptAdmin",
    "ReadOnlyAdmin",
    "Refused",
    "SinceFilter",
    "Verb",
    "audit",
    "ledger",
    "people",
    "workspaces",
]
