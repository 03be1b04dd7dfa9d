"""Inviting people, and the page on which they accept.

The letter's link leaves the invitation in the session and is not seen again: addresses stand in
logs and histories.
"""

from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import invitations, members, people, workspaces
from accounts.forms.teams import InvitationForm
from accounts.invitations import InvitationError, NotSent
from accounts.middleware import WorkspaceRequest, switch
from accounts.models import Invitation, Role
from accounts.views.teams import found, page

_KEPT = "invitation"


@require_POST
@login_required
def invitation_create(request: WorkspaceRequest, workspace_id: UUID) -> HttpResponse:
    workspace, me = found(request, workspace_id)
    workspaces.check_may_manage(request.user, workspace)
    form = InvitationForm(request.POST)
    if form.is_valid():
        try:
            invitation = invitations.invite(
                workspace=workspace, by=request.user, **form.cleaned_data
            )
        except NotSent as error:
            messages.error(request, str(error))
            return redirect("accounts:workspace_page", workspace.pk)
        except InvitationError as error:
            form.add_error("email", str(error))
        else:
            messages.success(request, f"The invitation to {invitation.email} is sent.")
            return redirect("accounts:workspace_page", workspace.pk)
    return page(request, workspace, me, form)


@require_POST
@login_required
def invitation_resend(request: WorkspaceRequest, invitation_id: UUID) -> HttpResponse:
    invitation = _visible(request, invitation_id)
    try:
        invitations.resend(invitation=invitation, by=request.user)
    except InvitationError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The invitation to {invitation.email} is sent again.")
    return redirect("accounts:workspace_page", invitation.workspace_id)


@require_POST
@login_required
def invitation_revoke(request: WorkspaceRequest, invitation_id: UUID) -> HttpResponse:
    invitation = _visible(request, invitation_id)
    invitations.revoke(invitation=invitation, by=request.user)
    messages.info(request, f"The invitation to {invitation.email} is revoked.")
    return redirect("accounts:workspace_page", invitation.workspace_id)


def _visible(request: WorkspaceRequest, invitation_id: UUID) -> Invitation:
    visible = Invitation.objects.visible_to(request.user).select_related("workspace")
    return get_object_or_404(visible, pk=invitation_id)


@never_cache
@require_safe
def join_by_link(request: HttpRequest, token: str) -> HttpResponse:
    invitation = invitations.find(token)
    request.session.pop(_KEPT, None)
    if invitation:
        request.session[_KEPT] = str(invitation.pk)
    return redirect("accounts:join")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: WorkspaceRequest) -> HttpResponse:
    """Shows the invitation whose link was followed, and what its reader can do about it."""
    invitation = _kept(request)
    if request.method == "POST" and invitation and request.user.is_authenticated:
        try:
            member = invitations.accept(invitation=invitation, by=request.user)
        except InvitationError as error:
            messages.error(request, str(error))
            return redirect("accounts:join")
        del request.session[_KEPT]
        switch(request, member.workspace)
        messages.success(request, f"You are in “{member.workspace}” now.")
        return redirect("/")
    context = {"invitation": invitation, **_standing(request, invitation)}
    return render(request, "accounts/join.html", context)


@require_POST
def join_as_another(request: HttpRequest) -> HttpResponse:
    """Signs out, and keeps the invitation for who signs in next."""
    kept = request.session.get(_KEPT)
    logout(request)
    if kept:
        request.session[_KEPT] = kept
    return redirect("accounts:join")


def _kept(request: HttpRequest) -> Invitation | None:
    kept = request.session.get(_KEPT)
    found = Invitation.objects.select_related("workspace", "invited_by")
    return found.filter(pk=kept).first() if kept else None


def _standing(request: WorkspaceRequest, invitation: Invitation | None) -> dict[str, object]:
    if invitation is None:
        return {}
    user = request.user
    is_known = user.is_authenticated
    is_member = is_known and workspaces.role_of(user, invitation.workspace) is not None
    is_open = invitation.is_open(timezone.now())
    has_account = False
    if is_open and not is_known:
        has_account = _has_account(invitation.email)
        if not has_account:  # whoever signs up with this address has proved it
            get_adapter().stash_verified_email(request, invitation.email)
    way = urlencode({"next": reverse("accounts:join")})
    return {
        "is_open": is_open,
        "is_member": is_member,
        "is_for_me": is_known and invitations.is_for(invitation, user),
        "has_account": has_account,
        "sign_in_url": f"{reverse('account_login')}?{way}",
        "sign_up_url": f"{reverse('account_signup')}?{way}",
        "role": members.CALLED[Role(invitation.role)],
        "may": members.WORDS[Role(invitation.role)],
    }


def _has_account(email: str) -> bool:
    known = people.find(email) is not None
    return known or bool(EmailAddress.objects.filter(email=email.lower(), verified=True).exists())
