"""What every page shows around its content."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts import ledger
from accounts.models import Workspace
from studio import offers


def shell(request: HttpRequest) -> dict[str, Any]:
    workspace = getattr(request, "workspace", None)
    shown: dict[str, Any] = {
        "is_stand_in": settings.ENGINE == "sketch",
        "engine": settings.ENGINE,
    }
    if workspace:
        shown["balance"] = Balance(workspace)
    return shown


class Balance:
    """Asks the ledger only when a template shows it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @property
    def micros(self) -> int:
        return ledger.credit_of(self._workspace).available_micros
