"""What may be spent in a month (UTC): by a key, and by a member of a workspace.

Both count the same way: what was delivered, and what may still be, under the lock that the holds
take, so that no two orders find the same room.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Sum
from django.utils import timezone

from accounts.models import ApiKey, Membership, User, Workspace
from accounts.money import dollars
from studio.models import Job
from studio.models.jobs import JobQuerySet


class QuotaExceeded(Exception):
    """A limit of the plan; the message is a sentence for the user."""


class CapReached(QuotaExceeded):
    """A monthly cap, of the key or of the member."""


class MemberCapReached(CapReached):
    """The member's: one who decides about them may still say yes to an order."""


def check(*, member: Membership, api_key: ApiKey | None, total_micros: int) -> None:
    """Raises CapReached: of the key's cap first, since nobody can be asked about that."""
    if api_key:
        _check(
            api_key.monthly_cap_micros,
            _of_key(api_key),
            total_micros,
            "The cap of {} a month of this key is reached.",
        )
    _check(
        member.monthly_cap_micros,
        {"workspace": member.workspace_id, "created_by": member.user_id},
        total_micros,
        "Your cap of {} a month in this team is reached.",
        MemberCapReached,
    )


def _check(
    cap_micros: int | None,
    whose: dict[str, Any],
    total_micros: int,
    words: str,
    reached: type[CapReached] = CapReached,
) -> None:
    if cap_micros is not None and _spent(Job.objects.filter(**whose)) + total_micros > cap_micros:
        raise reached(words.format(dollars(cap_micros)))


def _spent(jobs: JobQuerySet) -> int:
    return _this_month(jobs).aggregate(micros=Sum("price_micros"))["micros"] or 0


def _this_month(jobs: JobQuerySet) -> JobQuerySet:
    return jobs.agreed().filter(created_at__gte=month_of(timezone.now()))


def month_of(moment: datetime) -> datetime:
    """When it began."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def spent_this_month(api_key: ApiKey) -> int:
    return _spent(Job.objects.filter(**_of_key(api_key)))


def _of_key(api_key: ApiKey) -> dict[str, Any]:
    """By its workspace too, whose jobs of this month are found without the others of the key."""
    return {"workspace": api_key.workspace_id, "api_key": api_key}


def spent_by(user: User, workspace: Workspace) -> int:
    """This month."""
    return _spent(Job.objects.in_workspace(workspace).filter(created_by=user))


def spending_of(keys: Collection[ApiKey]) -> dict[UUID, int]:
    """Of those that had something delivered this month (UTC), or may still have."""
    return _sums(Job.objects.filter(api_key__in=keys), "api_key")


def spending_in(workspace: Workspace) -> dict[int, int]:
    """Of its people, as `spending_of`."""
    return _sums(Job.objects.in_workspace(workspace).exclude(created_by=None), "created_by")


def _sums(jobs: JobQuerySet, column: str) -> dict[Any, int]:
    sums = _this_month(jobs).values_list(column).annotate(Sum("price_micros"))
    return dict(sums.order_by())
