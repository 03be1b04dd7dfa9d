"""What the operator has to mend, who works, and who is told of jobs that end."""

from urllib.parse import urlsplit

from django.contrib import admin
from django.utils import timezone

from accounts.admin import ReadOnlyAdmin, Verb
from accounts.models import User
from studio.models import Alert, Webhook, Worker


def _close(alert: Alert, _by: User) -> str:
    Alert.objects.filter(pk=alert.pk, closed_at=None).update(closed_at=timezone.now())
    return "Closed: this has been mended."


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("message", "opened_at", "seen_at", "count", "closed_at")
    list_filter = (("closed_at", admin.EmptyFieldListFilter),)
    ordering = ("-pk",)
    verbs = (
        Verb(
            name="close",
            label="Close",
            permission="studio.change_alert",
            act=_close,
            is_for=lambda alert: alert.closed_at is None,
        ),
    )


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin):
    """Its host and not its address, in which people may put a secret of theirs."""

    list_display = ("host", "workspace", "created_by", "failing_since", "off_at", "off_reason")
    list_select_related = ("workspace", "created_by")
    list_filter = (("off_at", admin.EmptyFieldListFilter),)
    search_fields = ("=created_by__email",)
    ordering = ("-id",)
    fields = (*list_display, "created_at")

    @admin.display
    def host(self, webhook: Webhook) -> str:
        return urlsplit(webhook.url).hostname or ""


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    list_display = ("identity", "concurrency", "started_at", "beat_at")
    ordering = ("identity",)
