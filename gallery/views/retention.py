from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import workspaces
from accounts.middleware import WorkspaceRequest
from accounts.models import Role, Workspace
from accounts.registry import Panel
from accounts.workspaces import NotAllowed
from gallery import retention


class RetentionForm(forms.Form):
    days = forms.TypedChoiceField(
        choices=[(days or "", words) for days, words in retention.CHOICES.items()],
        coerce=int,
        empty_value=None,
        required=False,
        label="Keep photos that people bring",
        help_text="Counted from the day that each was brought. What was made of them stays.",
    )
    is_sure = forms.BooleanField(required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def retention_change(request: WorkspaceRequest, workspace_id: UUID) -> HttpResponse:
    """Asks once more when photos would go at once."""
    workspace = get_object_or_404(Workspace.objects.of(request.user), pk=workspace_id)
    if workspaces.role_of(request.user, workspace) != Role.OWNER:
        raise NotAllowed
    form = RetentionForm(
        request.POST if request.method == "POST" else None,
        initial={"days": workspace.uploads_kept_days or ""},
    )
    gone = 0
    if form.is_valid():
        days = form.cleaned_data["days"]
        gone = retention.over(workspace, days=days, at=timezone.now()).count()
        if not gone or form.cleaned_data["is_sure"]:
            retention.set_days(workspace=workspace, by=request.user, days=days)
            messages.success(request, "Saved.")
            return redirect("accounts:privacy")
    context = {"form": form, "team": workspace, "gone": gone}
    status = 422 if gone or form.errors else 200
    return render(request, "gallery/retention_change.html", context, status=status)


def panel(request: WorkspaceRequest) -> Panel | None:
    """On the page about privacy, of the workspace that one works in."""
    workspace = request.workspace
    if workspaces.role_of(request.user, workspace) != Role.OWNER:
        return None
    kept = retention.CHOICES.get(workspace.uploads_kept_days)
    context = {"workspace": workspace, "kept": kept or f"{workspace.uploads_kept_days} days"}
    return Panel(template="gallery/_retention.html", context=context)
