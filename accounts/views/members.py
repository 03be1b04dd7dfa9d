"""One member of a workspace: their role and cap, handing over, removing."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts import members, registry
from accounts.forms.teams import MemberForm
from accounts.middleware import WorkspaceRequest
from accounts.models import Membership, Role
from accounts.views.teams import sent
from accounts.workspaces import NotAllowed

_form = require_http_methods(["GET", "HEAD", "POST"])


@_form
@login_required
def member_change(request: WorkspaceRequest, member_id: int) -> HttpResponse:
    member, me = _decided(request, member_id)
    roles = members.roles_given_by(Role(me.role))
    form = MemberForm(sent(request), member=member, roles=roles)
    if form.is_valid():
        try:
            members.change(member=member, by=request.user, **form.cleaned_data)
        except members.LastOwner as error:
            form.add_error("role", str(error))
        except members.AlreadyGone:
            return _gone(request, member)
        else:
            messages.success(request, f"{member.user} is changed.")
            return redirect("accounts:workspace_page", member.workspace_id)
    context = {
        "form": form,
        "member": member,
        "words": members.WORDS,
        "may_hand_over": me.role == Role.OWNER and member != me and member.workspace.is_team,
    }
    status = 422 if form.errors else 200
    return render(request, "accounts/member_change.html", context, status=status)


@_form
@login_required
def member_remove(request: WorkspaceRequest, member_id: int) -> HttpResponse:
    member, me = _decided(request, member_id)
    if member == me:
        return redirect("accounts:workspace_leave", member.workspace_id)
    if request.method == "POST":
        try:
            members.remove(member=member, by=request.user)
        except members.AlreadyGone:
            return _gone(request, member)
        messages.info(request, f"{member.user} is removed from “{member.workspace}”.")
        return redirect("accounts:workspace_page", member.workspace_id)
    leavings = [
        sentence
        for left_by in registry.member_leavings
        for sentence in left_by(member.workspace, member.user)
    ]
    context = {"member": member, "leavings": leavings}
    return render(request, "accounts/member_remove.html", context)


@_form
@login_required
def member_hand_over(request: WorkspaceRequest, member_id: int) -> HttpResponse:
    member, me = _decided(request, member_id)
    if me.role != Role.OWNER or member == me:
        raise NotAllowed
    if request.method == "POST":
        try:
            members.hand_over(member=member, by=request.user)
        except members.AlreadyGone:
            return _gone(request, member)
        except members.LastOwner:
            messages.error(request, f"{member.user} cannot own it: their account is ending.")
            return redirect("accounts:workspace_page", member.workspace_id)
        messages.success(request, f"“{member.workspace}” is {member.user}’s now.")
        return redirect("accounts:workspace_page", member.workspace_id)
    return render(request, "accounts/member_hand_over.html", {"member": member})


def _decided(request: WorkspaceRequest, member_id: int) -> tuple[Membership, Membership]:
    """The member, and as what the person decides about them."""
    visible = Membership.objects.visible_to(request.user).select_related("user", "workspace")
    member = get_object_or_404(visible, pk=member_id)
    me = Membership.objects.get(workspace=member.workspace_id, user=request.user)
    if not members.may_decide_about(member, me):
        raise NotAllowed
    return member, me


def _gone(request: WorkspaceRequest, member: Membership) -> HttpResponse:
    messages.info(request, f"{member.user} has left already.")
    return redirect("accounts:workspace_page", member.workspace_id)
