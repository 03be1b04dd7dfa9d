"""What is left of a workspace's quotas, for people to see. `studio.jobs.quota` enforces them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from accounts.models import Membership, Workspace
from accounts.money import dollars
from accounts.registry import Panel
from gallery import stock
from studio import jobs, usage
from studio.jobs import asking, caps, quota
from studio.models import Job


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How much of one quota is used. `frees_at`: when a used-up one has room again, or more.

    `used`, `limit` and `left` are in words; the bar is `percent` long.
    """

    label: str
    used: str
    limit: str
    left: str
    percent: int
    frees_at: datetime | None = None
    frees: str = ""

    @property
    def is_near(self) -> bool:
        return self.percent >= 90


def panel(workspace: Workspace, me: Membership) -> Panel:
    context = {"standings": list(standings(workspace, me)), "plan": workspace.plan}
    return Panel(template="studio/_quotas.html", context=context)


def requests(workspace: Workspace, me: Membership) -> Panel | None:
    """What waits for a yes, for those who may say it."""
    found = asking.open_in(workspace) if me.may_manage else []
    context = {"requests": found, "team": workspace}
    return Panel(template="studio/_requests.html", context=context) if found else None


def standings(workspace: Workspace, me: Membership) -> Iterator[Standing]:
    now = timezone.now()
    if me.monthly_cap_micros is not None:
        yield _cap(workspace, me, now)
    yield from _of_plan(workspace, now)


def _of_plan(workspace: Workspace, now: datetime) -> Iterator[Standing]:
    plan, ours = workspace.plan, quota.counts(workspace, at=now)
    yield _pictures("Pictures in 24 hours", ours.in_day, plan.images_per_day, ours.day_frees_at)
    yield _pictures(
        "Pictures in 30 days", ours.in_month, plan.images_per_month, ours.month_frees_at
    )
    running = Job.objects.in_workspace(workspace).running().count()
    yield _number("Made at once", running, plan.running_limit)
    yield _number("Waiting", ours.waiting, plan.queued_limit)
    kept = stock.of(workspace)
    yield Standing(
        label="Storage",
        used=filesizeformat(kept),
        limit=filesizeformat(plan.storage_bytes),
        left=filesizeformat(max(0, plan.storage_bytes - kept)),
        percent=_percent(kept, plan.storage_bytes),
        frees="Pictures leave it 30 days after they go to the trash, or when that is emptied.",
    )
    if workspace.is_team:
        people = workspace.memberships.count() + workspace.invitations.open().count()
        yield _number("People, with those invited", people, plan.member_limit)


def _cap(workspace: Workspace, me: Membership, now: datetime) -> Standing:
    cap, spent = me.monthly_cap_micros or 0, jobs.spent_by(me.user, workspace)
    return Standing(
        label="Your cap this month",
        used=dollars(spent),
        limit=dollars(cap),
        left=dollars(max(0, cap - spent)),
        percent=_percent(spent, cap),
        frees_at=(caps.month_of(now) + timedelta(days=32)).replace(day=1),
        frees="All of it is back on",
    )


def _pictures(label: str, used: int, limit: int, frees_at: datetime | None) -> Standing:
    return _number(label, used, limit, frees_at=frees_at, frees="The next is back on")


def _number(
    label: str, used: int, limit: int, *, frees_at: datetime | None = None, frees: str = ""
) -> Standing:
    return Standing(
        label=label,
        used=f"{used:,}",
        limit=f"{limit:,}",
        left=f"{max(0, limit - used):,}",
        percent=_percent(used, limit),
        frees_at=frees_at,
        frees=frees if frees_at else "",
    )


def _percent(used: int, limit: int) -> int:
    return min(100, round(100 * used / limit)) if limit else 100


# For the admin


def of_workspace(workspace: Workspace) -> Panel:
    """Usage by day, limits, and the latest jobs."""
    now = timezone.now()
    start = usage.since(30, at=now)
    delivered = usage.delivered(workspace, since=start)
    days = usage.by_day(delivered, start=start, at=now)
    newest = Job.objects.in_workspace(workspace).with_makers().newest_first()
    context = {
        "columns": usage.columns(days),
        "width": len(days) * usage.STEP,
        "total": usage.total(delivered),
        "jobs": list(newest[:10]),
        "workspace": workspace,
        "standings": list(_of_plan(workspace, now)),
    }
    return Panel(template="admin/easel/_usage.html", context=context)
