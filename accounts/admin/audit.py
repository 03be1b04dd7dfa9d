"""Who changed what here, kept by Django for every form and by `Verb` for everything else."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet

from accounts import people
from accounts.admin.base import ReadOnlyAdmin


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    list_display = ("action_time", "user", "content_type", "object_repr", "said")
    list_select_related = ("user", "content_type")
    search_fields = ("object_id",)
    search_help_text = "The id of what was changed, or the address of who changed it."
    ordering = ("-pk",)
    fields = ("action_time", "user", "content_type", "object_id", "object_repr", "said")
    csv_columns = ("action_time", "user.email", "content_type", "object_id", "object_repr", "said")

    def found(self, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        if "@" in words:
            return rows.filter(user__in=people.addressed(words))
        return rows.filter(object_id=words)

    @admin.display(description="what")
    def said(self, entry: LogEntry) -> str:
        return entry.get_change_message() or entry.get_action_flag_display()
