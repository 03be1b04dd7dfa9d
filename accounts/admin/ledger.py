"""The ledger and the keys, to look at."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts import people
from accounts.admin.base import ReadOnlyAdmin, Rows, SinceFilter
from accounts.models import ApiKey, Payment, Reversal, Transfer
from accounts.money import dollars


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "amount", "from_whom", "to_whom", "state", "memo", "reference")
    list_select_related = ("debit__workspace", "credit__workspace")
    list_filter = (SinceFilter,)
    search_fields = ("reference__exact",)
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


class ReversalInline(Rows):
    model = Reversal
    can_delete = False
    fields = readonly_fields = ("kind", "object_id", "status", "taken", "created_at", "changed_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="taken back")
    def taken(self, reversal: Reversal) -> str:
        return dollars(reversal.taken_micros)


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    """What Stripe said of each; it is changed at Stripe."""

    list_display = ("created_at", "number", "state", "asked", "workspace", "created_by__email")
    list_select_related = ("workspace", "created_by")
    list_filter = (SinceFilter,)
    search_fields = ("session_id",)
    search_help_text = "A number as E-…, Stripe’s cs_… or pi_…, or the payer’s address"
    ordering = ("-id",)
    fields = (
        *("number", "state", "problem", "asked", "paid", "paid_at", "paid_with", "workspace"),
        *("created_by", "created_at", "checked_at", "session_id", "intent_id"),
    )
    readonly_fields = fields
    inlines = (ReversalInline,)
    csv_columns = (
        *("created_at", "number", "state", "amount_cents", "paid_micros", "paid_at"),
        *("workspace", "session_id", "intent_id"),
    )

    def found(self, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        if words.upper().startswith("E-"):
            numbered: QuerySet[Any] = rows.numbered(words)  # type: ignore[attr-defined]
            return numbered
        if "@" in words:
            return rows.filter(created_by__in=people.addressed(words))
        return rows.filter(Q(session_id=words) | Q(intent_id=words))

    @admin.display(description="asked for")
    def asked(self, payment: Payment) -> str:
        return dollars(payment.amount_micros)

    @admin.display(description="paid")
    def paid(self, payment: Payment) -> str:
        return dollars(payment.paid_micros)


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
