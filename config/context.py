"""What every page shows around its content."""

from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts import ledger, registry, workspaces
from accounts.models import Membership, Workspace
from studio import offers


def shell(request: HttpRequest) -> dict[str, Any]:
    """Asks nothing before a template shows it: error pages are drawn with this too."""
    return {
        "is_stand_in": settings.ENGINE == "sketch",
        "engine": settings.ENGINE,
        "account_pages": registry.account_pages,
        "balance": SimpleLazyObject(lambda: _balance(request)),
        "workplaces": SimpleLazyObject(lambda: _workplaces(request)),
    }


def _workplaces(request: HttpRequest) -> list[Membership]:
    """Where the person may work, with the credit of each."""
    user = request.user
    return workspaces.all_of(user) if user.is_authenticated else []


def _balance(request: HttpRequest) -> "Balance | None":
    workspace = getattr(request, "workspace", None)
    return Balance(workspace) if workspace else None


class Balance:
    """What may still be spent: in micro-dollars, and in images of the first model on offer."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @cached_property
    def micros(self) -> int:
        return ledger.credit_of(self._workspace).available_micros

    @cached_property
    def images(self) -> int | None:
        """None while nothing is on offer, or for nothing."""
        offered = offers.all_on()
        price_micros = offered[0].price_micros if offered else 0
        return max(self.micros, 0) // price_micros if price_micros else None
