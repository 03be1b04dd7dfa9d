"""Who changed what here, kept by Django for every form and by `Verb` for everything else."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry

from accounts.admin.base import ReadOnlyAdmin


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    list_display = ("action_time", "user", "content_type", "object_repr", "said")
    list_select_related = ("user", "content_type")
    search_fields = ("=object_id", "=user__email")
    search_help_text = "The id of what was changed, or the address of who changed it."
    ordering = ("-pk",)
    fields = ("action_time", "user", "content_type", "object_id", "object_repr", "said")
    csv_columns = ("action_time", "user.email", "content_type", "object_id", "object_repr", "said")

    @admin.display(description="what")
    def said(self, entry: LogEntry) -> str:
        return entry.get_change_message() or entry.get_action_flag_display()
