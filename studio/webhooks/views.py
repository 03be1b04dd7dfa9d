from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import workspaces
from accounts.middleware import WorkspaceRequest
from accounts.once import MadeAlready
from studio.models import Delivery, Webhook
from studio.webhooks import deliveries, keeping, signing
from studio.webhooks.addresses import BadAddress
from studio.webhooks.forms import WebhookForm
from studio.webhooks.keeping import IsOff, TooMany

SHOWN = 50
_SOON = timedelta(seconds=15)
_SHOWN_THEN = "The secret was made already, and shown then. If you did not keep it, make a new one."
_form = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@login_required
def webhook_list(request: WorkspaceRequest) -> HttpResponse:
    if not workspaces.may_manage(request.user, request.workspace):
        return render(request, "studio/webhooks/webhook_none.html", status=403)
    last = Delivery.objects.filter(webhook=OuterRef("pk")).newest_first()
    ours = Webhook.objects.in_workspace(request.workspace).annotate(
        last_state=Subquery(last.values("state")[:1]),
        last_at=Subquery(last.values("created_at")[:1]),
    )
    context = {
        "webhooks": list(ours.select_related("created_by").order_by("pk")),
        "workspace": request.workspace,
        "most": keeping.MOST,
    }
    return render(request, "studio/webhooks/webhook_list.html", context)


@never_cache
@_form
@login_required
def webhook_create(request: WorkspaceRequest) -> HttpResponse:
    """The answer to the form shows the secret, this once."""
    workspaces.check_may_manage(request.user, request.workspace)
    form = WebhookForm(request.POST if request.method == "POST" else None)
    try:
        if form.is_valid():
            webhook, secret = keeping.add(
                workspace=request.workspace, by=request.user, **form.cleaned_data
            )
            return _shown(request, webhook, secret)
    except MadeAlready:
        messages.info(request, _SHOWN_THEN)
        return redirect("studio:webhook_list")
    except (BadAddress, TooMany) as error:
        form.add_error("url", str(error))
    context = {"form": form, "workspace": request.workspace}
    status = 422 if form.errors else 200
    return render(request, "studio/webhooks/webhook_create.html", context, status=status)


def _shown(request: WorkspaceRequest, webhook: Webhook, secret: str) -> HttpResponse:
    context = {"webhook": webhook, "secret": secret}
    return render(request, "studio/webhooks/webhook_secret.html", context)


@require_safe
@login_required
def webhook_page(request: WorkspaceRequest, webhook_id: UUID) -> HttpResponse:
    """The webhook and its log, which asks for itself again while something is on its way."""
    webhook = _found(request, webhook_id)
    log = list(_log(request, webhook)[: SHOWN + 1])
    context = {
        "webhook": webhook,
        "ending": signing.ending_of(webhook.seed),
        "deliveries": log[:SHOWN],
        "next": log[SHOWN - 1] if len(log) > SHOWN else None,
        "is_moving": webhook.is_on and any(_is_soon(each) for each in log),
        "kept_days": deliveries.KEPT.days,
    }
    return render(request, "studio/webhooks/webhook_page.html", context)


def _is_soon(delivery: Delivery) -> bool:
    at = delivery.next_attempt_at
    return at is not None and at < timezone.now() + _SOON


def _log(request: WorkspaceRequest, webhook: Webhook) -> QuerySet[Delivery]:
    log = webhook.deliveries.select_related("job").newest_first()
    before = request.GET.get("before")
    try:
        return log.filter(pk__lt=UUID(before)) if before else log
    except ValueError as error:
        raise Http404 from error


@never_cache
@_form
@login_required
def webhook_rotate(request: WorkspaceRequest, webhook_id: UUID) -> HttpResponse:
    """The answer to the form shows the new secret, this once."""
    webhook = _found(request, webhook_id)
    if request.method == "POST":
        try:
            ending = request.POST.get("ending", "")
            secret = keeping.rotate(webhook=webhook, by=request.user, ending=ending)
        except MadeAlready:
            messages.info(request, _SHOWN_THEN)
            return redirect("studio:webhook_page", webhook.pk)
        except Webhook.DoesNotExist as error:
            raise Http404 from error
        webhook.refresh_from_db()
        return _shown(request, webhook, secret)
    context = {"webhook": webhook, "ending": signing.ending_of(webhook.seed)}
    return render(request, "studio/webhooks/webhook_rotate.html", context)


@_form
@login_required
def webhook_delete(request: WorkspaceRequest, webhook_id: UUID) -> HttpResponse:
    webhook = _found(request, webhook_id)
    if request.method == "POST":
        keeping.remove(webhook=webhook, by=request.user)
        messages.info(request, "The webhook is deleted.")
        return redirect("studio:webhook_list")
    return render(request, "studio/webhooks/webhook_delete.html", {"webhook": webhook})


@require_POST
@login_required
def webhook_switch(request: WorkspaceRequest, webhook_id: UUID) -> HttpResponse:
    webhook = _found(request, webhook_id)
    keeping.switch(webhook=webhook, by=request.user, is_on="on" in request.POST)
    return redirect("studio:webhook_page", webhook.pk)


@require_POST
@login_required
def webhook_test(request: WorkspaceRequest, webhook_id: UUID) -> HttpResponse:
    webhook = _found(request, webhook_id)
    _unless_off(request, lambda: keeping.send_test(webhook=webhook, by=request.user))
    return redirect("studio:webhook_page", webhook.pk)


@require_POST
@login_required
def delivery_again(request: WorkspaceRequest, delivery_id: UUID) -> HttpResponse:
    visible = Delivery.objects.filter(webhook__workspace__memberships__user=request.user)
    delivery = get_object_or_404(visible.select_related("webhook__workspace"), pk=delivery_id)
    _unless_off(request, lambda: keeping.send_again(delivery=delivery, by=request.user))
    return redirect("studio:webhook_page", delivery.webhook_id)


def _unless_off(request: WorkspaceRequest, act: Callable[[], Any]) -> None:
    try:
        act()
    except IsOff:
        messages.info(request, "The webhook is switched off, so nothing is sent.")


def _found(request: WorkspaceRequest, webhook_id: UUID) -> Webhook:
    visible = Webhook.objects.visible_to(request.user).select_related("workspace", "created_by")
    webhook = get_object_or_404(visible, pk=webhook_id)
    workspaces.check_may_manage(request.user, webhook.workspace)
    return webhook
