from urllib.parse import urlsplit

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.admin import KeptAdmin, ReadOnlyAdmin
from studio.models import Alert, Job, Offer, Webhook, Worker


@admin.register(Offer)
class OfferAdmin(KeptAdmin):
    list_display = ("model", "is_on", "price_micros", "note")
    list_editable = ("is_on", "price_micros", "note")
    ordering = ("model",)


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("message", "opened_at", "seen_at", "count", "closed_at")
    list_filter = (("closed_at", admin.EmptyFieldListFilter),)
    ordering = ("-opened_at",)
    actions = ("close",)

    def has_close_permission(self, request: HttpRequest) -> bool:
        """Nothing of an alert can be edited, but who may change alerts may close them."""
        return request.user.has_perm("studio.change_alert")

    @admin.action(description="Close: this has been mended", permissions=("close",))
    def close(self, _request: HttpRequest, chosen: QuerySet[Alert]) -> None:
        chosen.filter(closed_at=None).update(closed_at=timezone.now())


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("id", "created_at", "state", "model", "operation", "attempt", "trace_id")
    list_filter = ("state", "model", "operation")
    search_fields = ("=id", "=trace_id", "=created_by__email")
    ordering = ("-id",)


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin):
    """Its host and not its address, in which people may put a secret of theirs."""

    list_display = ("host", "workspace", "created_by", "failing_since", "off_at", "off_reason")
    list_select_related = ("workspace", "created_by")
    list_filter = (("off_at", admin.EmptyFieldListFilter),)
    search_fields = ("created_by__email",)
    ordering = ("-id",)
    fields = (*list_display, "created_at")

    @admin.display
    def host(self, webhook: Webhook) -> str:
        return urlsplit(webhook.url).hostname or ""


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    list_display = ("identity", "concurrency", "started_at", "beat_at")
    ordering = ("identity",)
