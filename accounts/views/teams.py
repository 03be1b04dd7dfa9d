"""Pages of a workspace and its people. Outsiders find none of them."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import ledger, members, registry, teams, workspaces
from accounts.forms.teams import CreditForm, InvitationForm, NameForm, NewTeamForm
from accounts.middleware import WorkspaceRequest, switch
from accounts.models import Membership, Role, Workspace
from accounts.once import MadeAlready
from accounts.workspaces import NotAllowed

_form = require_http_methods(["GET", "HEAD", "POST"])
_IN_ORDER = {role: number for number, role in enumerate(Role.values)}


@dataclass(frozen=True, kw_only=True)
class Row:
    member: Membership
    is_self: bool
    may_decide: bool
    spent_micros: int | None


def found(request: WorkspaceRequest, workspace_id: UUID) -> tuple[Workspace, Membership]:
    """With as what the person is in it."""
    mine = Membership.objects.select_related("workspace", "user")
    member = get_object_or_404(mine, user=request.user, workspace=workspace_id)
    return member.workspace, member


@require_safe
@login_required
def workspace_page(request: WorkspaceRequest, workspace_id: UUID) -> HttpResponse:
    workspace, me = found(request, workspace_id)
    return page(request, workspace, me, InvitationForm(None))


def page(
    request: WorkspaceRequest, workspace: Workspace, me: Membership, form: InvitationForm
) -> HttpResponse:
    """What everybody in it sees; invitations, caps and spending are for those who manage it."""
    context = {
        "team": workspace,
        "me": me,
        "is_owner": me.role == Role.OWNER,
        "is_current": workspace == request.workspace,
        "rows": _rows(workspace, me),
        "invitations": workspace.invitations.open().order_by("-created_at")
        if me.may_manage
        else [],
        "now": timezone.now(),
        "available_micros": ledger.credit_of(workspace).available_micros,
        "roles": [(role.label, members.WORDS[role]) for role in Role],
        "form": form,
        "panels": [panel for each in registry.workspace_panels if (panel := each(workspace, me))],
    }
    status = 422 if form.errors else 200
    return render(request, "accounts/workspace_page.html", context, status=status)


def _rows(workspace: Workspace, me: Membership) -> list[Row]:
    """Owners first, then as they came."""
    ours = list(workspace.memberships.select_related("user", "workspace").order_by("pk"))
    spent: Counter[int] = Counter()
    for spending in registry.member_spending:
        spent.update(spending(workspace))
    return [
        Row(
            member=member,
            is_self=member == me,
            may_decide=members.may_decide_about(member, me),
            spent_micros=spent[member.user_id] if me.may_manage or member == me else None,
        )
        for member in sorted(ours, key=lambda member: _IN_ORDER[member.role])
    ]


@_form
@login_required
def workspace_create(request: WorkspaceRequest) -> HttpResponse:
    form = NewTeamForm(sent(request))
    if form.is_valid():
        try:
            team = teams.open_team(by=request.user, **form.cleaned_data)
        except teams.TooMany as error:
            form.add_error(None, str(error))
        except MadeAlready:
            return redirect("accounts:workspace_page", form.cleaned_data["new_id"])
        else:
            switch(request, team)
            messages.success(request, f"“{team}” is made. Invite the others.")
            return redirect("accounts:workspace_page", team.pk)
    status = 422 if form.errors else 200
    return render(request, "accounts/workspace_create.html", {"form": form}, status=status)


@_form
@login_required
def workspace_rename(request: WorkspaceRequest, workspace_id: UUID) -> HttpResponse:
    workspace, _ = found(request, workspace_id)
    workspaces.check_may_manage(request.user, workspace)
    form = NameForm(sent(request), initial={"name": workspace.name})
    if form.is_valid():
        teams.rename(workspace=workspace, by=request.user, **form.cleaned_data)
        return redirect("accounts:workspace_page", workspace.pk)
    context = {"form": form, "team": workspace}
    status = 422 if form.errors else 200
    return render(request, "accounts/workspace_rename.html", context, status=status)


@require_POST
@login_required
def workspace_switch(request: WorkspaceRequest, workspace_id: UUID) -> HttpResponse:
    """And back to where the person was, which then is of the other workspace where it can be."""
    workspace, _ = found(request, workspace_id)
    switch(request, workspace)
    way = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(way, allowed_hosts=None)
    return redirect(way if is_ours else "/")


@_form
@login_required
def workspace_credit(request: WorkspaceRequest, workspace_id: UUID) -> HttpResponse:
    """Moves credit into it, out of another that the person owns."""
    workspace, me = found(request, workspace_id)
    if me.role != Role.OWNER:
        raise NotAllowed
    others = Workspace.objects.owned_by(request.user).exclude(pk=workspace.pk)
    form = CreditForm(sent(request), sources=others)
    if form.is_valid():
        try:
            teams.move_credit(target=workspace, by=request.user, **form.cleaned_data)
        except teams.NotEnough as error:
            form.add_error("amount_micros", str(error))
        else:
            messages.success(request, "The credit is moved.")
            return redirect("accounts:workspace_page", workspace.pk)
    sources = [each for each in workspaces.all_of(request.user) if each.workspace in others]
    context = {"form": form, "team": workspace, "sources": sources}
    status = 422 if form.errors else 200
    return render(request, "accounts/workspace_credit.html", context, status=status)


@_form
@login_required
def workspace_leave(request: WorkspaceRequest, workspace_id: UUID) -> HttpResponse:
    workspace, me = found(request, workspace_id)
    if workspace.personal_of_id == request.user.pk:
        raise NotAllowed
    error = ""
    if request.method == "POST":
        try:
            members.leave(workspace=workspace, by=request.user)
        except members.LastOwner as last:
            error = str(last)
        else:
            messages.info(request, f"You have left “{workspace}”.")
            return redirect("/")
    context = {"team": workspace, "me": me, "error": error}
    status = 422 if error else 200
    return render(request, "accounts/workspace_leave.html", context, status=status)


@_form
@login_required
def workspace_delete(request: WorkspaceRequest, workspace_id: UUID) -> HttpResponse:
    workspace, me = found(request, workspace_id)
    if me.role != Role.OWNER or not workspace.is_team:
        raise NotAllowed
    if request.method == "POST":
        try:
            teams.close(workspace=workspace, by=request.user)
        except teams.InTheWay:
            pass  # the page says what
        else:
            messages.info(request, f"“{workspace}” is deleted.")
            return redirect("/")
    context = {"team": workspace, "in_the_way": teams.in_the_way(workspace)}
    status = 422 if request.method == "POST" else 200
    return render(request, "accounts/workspace_delete.html", context, status=status)


def sent(request: WorkspaceRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None
