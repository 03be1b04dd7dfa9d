from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.middleware import WorkspaceRequest
from accounts.models import Membership, Workspace
from studio import jobs, usage
from studio.usage import PERIODS

_USUAL = "30"


@dataclass(frozen=True, kw_only=True)
class Cap:
    """What a member spent this month, of what they may."""

    member: Membership
    spent_micros: int
    percent: float


@require_safe
@login_required
def usage_page(request: WorkspaceRequest) -> HttpResponse:
    """All of the workspace for those who manage it; for others what they had made themselves."""
    workspace, at = request.workspace, timezone.now()
    me = Membership.objects.select_related("user").get(user=request.user, workspace=workspace)
    asked = request.GET.get("days", _USUAL)
    period = asked if asked in PERIODS else _USUAL
    start = usage.since(int(period), at=at)
    by = None if me.may_manage else request.user
    delivered = usage.delivered(workspace, since=start, by=by)
    days = usage.by_day(delivered, start=start, at=at)
    context = {
        "me": me,
        "periods": PERIODS.items(),
        "period": period,
        "is_by_month": period == "365",
        "total": usage.total(delivered),
        "days": days,
        "columns": usage.columns(days),
        "width": len(days) * usage.STEP,
        "most": max((each.images for each in days), default=0),
        "people": usage.by_person(delivered) if me.may_manage and workspace.is_team else [],
        "models": usage.by_model(delivered),
        "caps": _caps(workspace, me),
    }
    return render(request, "studio/usage_page.html", context)


def _caps(workspace: Workspace, me: Membership) -> list[Cap]:
    members = workspace.memberships.exclude(monthly_cap_micros=None).select_related("user")
    if not me.may_manage:
        members = members.filter(pk=me.pk)
    spent = jobs.spending_in(workspace) if members else {}
    return [_cap(each, spent.get(each.user_id, 0)) for each in members.order_by("pk")]


def _cap(member: Membership, spent_micros: int) -> Cap:
    cap_micros = member.monthly_cap_micros or 0
    percent = min(100.0, 100 * spent_micros / cap_micros) if cap_micros else 100.0
    return Cap(member=member, spent_micros=spent_micros, percent=round(percent, 1))
