import re
from datetime import UTC, datetime

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import ledger, workspaces
from studio import jobs, usage
from studio.api import schema
from studio.api.base import ApiView, key_of
from studio.api.errors import BadField

_SINCE: dict[str, schema.Schema] = {
    "since": {"type": "string", "format": "date", "description": "A day, like 2026-10-31."}
}


class Usage(ApiView):
    scopes = ("read",)
    query = _SINCE

    @schema.gives("Usage", "read_usage", query=_SINCE)
    def get(self, request: Request) -> Response:
        """What the workspace had delivered and paid since a day (UTC): else this month.

        What is said of the key and of the member who made it is what their caps count: this
        month's.
        """
        key = key_of(request)
        since = _since(request.query_params.get("since"))
        delivered = usage.total(usage.delivered(key.workspace, since=since))
        wallet = ledger.credit_of(key.workspace)
        return Response(
            {
                "object": "usage",
                "since": int(since.timestamp()),
                "images": delivered.images,
                "spent_micros": delivered.micros,
                "available_micros": wallet.available_micros,
                "held_micros": wallet.held_micros,
                "key": {
                    "spent_micros": jobs.spent_this_month(key),
                    "monthly_cap_micros": key.monthly_cap_micros,
                },
                "member": {
                    "spent_micros": jobs.spent_by(key.created_by, key.workspace),
                    "monthly_cap_micros": workspaces.cap_micros_of(key.created_by, key.workspace),
                },
                "workspace": {"id": str(key.workspace_id), "name": key.workspace.name},
            }
        )


def _since(text: str | None) -> datetime:
    if text is None:
        return timezone.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    try:
        if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
            raise ValueError(text)
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise BadField("since", "since is a day, like 2026-10-31.") from error
