"""What is kept of somebody: an export of it, the letters they want, and the account's end."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import erasure, exports, ledger, registry
from accounts.middleware import WorkspaceRequest
from accounts.models import Export, User, Workspace

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
_GONE = "erase_at"
_RANGE = re.compile(r"bytes=(\d{1,15})-")


def _just_signed_in(view: View) -> View:
    """Who sits at an open browser gives the password once more."""
    guarded: View = reauthentication_required(view)
    return guarded


@require_safe
@login_required
def privacy(request: WorkspaceRequest) -> HttpResponse:
    found = (panel(request) for panel in registry.privacy_panels)
    context = {
        "exports": Export.objects.visible_to(request.user).newest_first(),
        "now": timezone.now(),
        "panels": [panel for panel in found if panel],
    }
    return render(request, "accounts/privacy.html", context)


@require_POST
@login_required
@_just_signed_in
def export_create(request: WorkspaceRequest) -> HttpResponse:
    try:
        exports.ask(by=request.user)
    except exports.UnderWay as error:
        messages.info(request, str(error))
    else:
        messages.success(request, "It is being built. A letter says when it is ready.")
    return redirect("accounts:privacy")


@never_cache
@require_safe
@login_required
@_just_signed_in
def export_download(request: WorkspaceRequest, export_id: UUID) -> HttpResponseBase:
    """From a byte on, if a browser goes on with what it has begun; perhaps by the storage."""
    ready = Export.objects.visible_to(request.user).ready(timezone.now())
    export = get_object_or_404(ready, pk=export_id)
    start = _start(request, export)
    try:
        if exports.size_of(export) != export.size_bytes:
            raise Http404
    except FileNotFoundError as error:
        raise Http404 from error
    if request.method == "GET" and (address := exports.address(export)):
        return redirect(address)
    response = StreamingHttpResponse(
        exports.read(export, start=start),
        status=206 if start else 200,
        content_type="application/zip",
    )
    response["Content-Length"] = str(export.size_bytes - start)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = f'"{export.pk}"'
    if start:
        last = export.size_bytes - 1
        response["Content-Range"] = f"bytes {start}-{last}/{export.size_bytes}"
    name = exports.file_name(export)
    response["Content-Disposition"] = str(content_disposition_header(True, name))
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _start(request: WorkspaceRequest, export: Export) -> int:
    """0, unless the rest of the same file is asked for."""
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    is_same = request.headers.get("If-Range", f'"{export.pk}"') == f'"{export.pk}"'
    start = int(asked[1]) if asked and is_same else 0
    return start if start < export.size_bytes else 0


@require_POST
@login_required
def letters_change(request: WorkspaceRequest) -> HttpResponse:
    wanted = request.POST.get("low_credit") == "on"
    User.objects.filter(pk=request.user.pk).update(is_told_of_low_credit=wanted)
    messages.success(request, "Saved.")
    return redirect("accounts:privacy")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required(redirect_field_name=None)  # who signs in to keep the account is not led back here
@_just_signed_in
def account_delete(request: WorkspaceRequest) -> HttpResponse:
    """Signs out; the next page says until when that can be undone by signing in."""
    if request.method == "POST":
        try:
            erase_at = erasure.ask(by=request.user)
        except erasure.StillOwner:
            pass  # the page says of what
        else:
            logout(request)
            request.session[_GONE] = erase_at.isoformat()
            return redirect("accounts:goodbye")
    personal = Workspace.objects.filter(personal_of=request.user).first()
    context = {
        "in_the_way": erasure.in_the_way(request.user),
        "alone_in": erasure.alone_in(request.user),
        "days": erasure.GRACE.days,
        "left_micros": ledger.credit_of(personal).available_micros if personal else 0,
        "holdings": [each for says in registry.workspace_holdings for each in says(personal)]
        if personal
        else [],
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "accounts/account_delete.html", context, status=status)


@never_cache
@require_safe
def goodbye(request: WorkspaceRequest) -> HttpResponse:
    """For the browser in which it was asked for, until somebody signs in there."""
    erase_at = request.session.get(_GONE)
    if request.user.is_authenticated or not erase_at:
        return redirect("/")
    context = {"erase_at": datetime.fromisoformat(erase_at)}
    return render(request, "accounts/account_deleted.html", context)
