from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import keys, letters, registry
from accounts.forms.keys import KeyForm, NewKeyForm
from accounts.keys import TooMany
from accounts.middleware import WorkspaceRequest
from accounts.models import ApiKey, User
from accounts.once import MadeAlready

_REVOKED_SHOWN = 50
_MAY = {"generate": "make pictures", "read": "read what is there"}
_form = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, kw_only=True)
class Row:
    key: ApiKey
    state: str
    spent_micros: int
    is_own: bool


@require_safe
@login_required
def key_list(request: WorkspaceRequest) -> HttpResponse:
    """Those that work or may again, then the last that were revoked; newest first."""
    visible = ApiKey.objects.visible_to(request.user).in_workspace(request.workspace)
    ordered = visible.with_makers().newest_first()
    shown = [*ordered.not_revoked(), *ordered.exclude(revoked_at=None)[:_REVOKED_SHOWN]]
    context = {
        "rows": _rows(shown, request.user),
        "workspace": request.workspace,
        "may_make": keys.scopes_for(request.user, request.workspace),
    }
    return render(request, "accounts/key_list.html", context)


def _rows(shown: list[ApiKey], user: User) -> list[Row]:
    now, spent = timezone.now(), _spent_micros(shown)
    return [
        Row(
            key=key,
            state=_state(key, now),
            spent_micros=spent[key.pk],
            is_own=key.created_by_id == user.pk,
        )
        for key in shown
    ]


def _spent_micros(shown: list[ApiKey]) -> Counter[UUID]:
    """This month, by key."""
    spent: Counter[UUID] = Counter()
    for spending in registry.key_spending:
        spent.update(spending(shown))
    return spent


def _state(key: ApiKey, at: datetime) -> str:
    if key.revoked_at:
        return "Revoked"
    if not key.is_held:
        return "Its maker has left"
    return "Expired" if key.is_expired(at) else "Works"


@never_cache
@_form
@login_required
def key_create(request: WorkspaceRequest) -> HttpResponse:
    """The answer to the form shows the key, this once. It stands nowhere else.

    So it is never cached, and what is sent again makes nothing and shows nothing.
    """
    scopes = keys.scopes_for(request.user, request.workspace)
    form = NewKeyForm(_sent(request), scopes=scopes)
    if request.method != "POST" or not form.is_valid():
        return _new(request, form)
    try:
        key, secret = keys.issue(workspace=request.workspace, by=request.user, **form.columns)
    except MadeAlready:
        messages.info(
            request,
            "This key was made already. If you did not keep it, revoke it and make another.",
        )
        return redirect("accounts:key_list")
    except TooMany as error:
        form.add_error(None, str(error))
        return _new(request, form)
    _tell(key)
    panels = [panel(request, key) for panel in registry.key_panels]
    context = {"key": key, "secret": secret, "panels": panels}
    return render(request, "accounts/key_made.html", context)


def _tell(key: ApiKey) -> None:
    letters.send(
        "key_made",
        to=key.created_by.email,
        name=key.name,
        workspace=str(key.workspace),
        prefix=key.prefix,
        may=" and ".join(_MAY[scope] for scope in key.scopes),
        at=key.created_at,
        url=letters.at_site(reverse("accounts:key_list")),
    )


def _new(request: WorkspaceRequest, form: NewKeyForm) -> HttpResponse:
    context = {"form": form, "workspace": request.workspace}
    status = 422 if form.errors else 200
    return render(request, "accounts/key_create.html", context, status=status)


@_form
@login_required
def key_change(request: WorkspaceRequest, key_id: UUID) -> HttpResponse:
    own = ApiKey.objects.visible_to(request.user).not_revoked().filter(created_by=request.user)
    key = get_object_or_404(own, pk=key_id)
    form = KeyForm(_sent(request), key=key)
    if request.method == "POST" and form.is_valid():
        keys.change(key=key, by=request.user, **form.columns)
        messages.success(request, f"“{form.cleaned_data['name']}” is changed.")
        return redirect("accounts:key_list")
    status = 422 if form.errors else 200
    return render(request, "accounts/key_change.html", {"form": form, "key": key}, status=status)


@_form
@login_required
def key_revoke(request: WorkspaceRequest, key_id: UUID) -> HttpResponse:
    key = get_object_or_404(ApiKey.objects.visible_to(request.user), pk=key_id)
    if request.method == "POST":
        keys.revoke(key=key, by=request.user)
    if request.method == "POST" or key.revoked_at:
        messages.info(request, f"“{key.name}” is revoked.")
        return redirect("accounts:key_list")
    return render(request, "accounts/key_revoke.html", {"key": key})


def _sent(request: WorkspaceRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None
