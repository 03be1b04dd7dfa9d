"""The ledger and the keys, to look at."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.base import ReadOnlyAdmin, SinceFilter
from accounts.models import ApiKey, Transfer
from accounts.money import dollars


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "amount", "from_whom", "to_whom", "state", "memo", "reference")
    list_select_related = ("debit__workspace", "credit__workspace")
    list_filter = (SinceFilter,)
    search_fields = ("=reference",)
    search_help_text = "The whole reference, as job:… or admin:…"
    ordering = ("-id",)
    fields = (
        *("created_at", "amount", "from_whom", "to_whom", "state", "memo", "reference"),
        *("created_by", "settled_at"),
    )
    csv_columns = (
        *("created_at", "amount_micros", "debit", "credit", "state", "reference", "memo"),
        "settled_at",
    )

    @admin.display(description="amount")
    def amount(self, transfer: Transfer) -> str:
        return dollars(transfer.amount_micros)

    @admin.display(description="from")
    def from_whom(self, transfer: Transfer) -> str:
        return str(transfer.debit.workspace or transfer.debit.kind)

    @admin.display(description="to")
    def to_whom(self, transfer: Transfer) -> str:
        return str(transfer.credit.workspace or transfer.credit.kind)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = (
        *("name", "prefix", "created_by__email", "workspace"),
        *("last_used_at", "revoked_at"),
    )
    list_select_related = ("created_by", "workspace")
    search_fields = ("name", "=prefix", "=created_by__email")
    ordering = ("-id",)
    exclude = ("secret_hash", "monthly_cap_micros")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("secret_hash")
