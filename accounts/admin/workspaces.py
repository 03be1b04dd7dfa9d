"""Workspaces and plans: what they may, what they have, who is in them."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from accounts import ids, ledger, people, registry
from accounts.admin.base import BoundedAdmin, KeptAdmin, Rows
from accounts.forms.fields import Dollars
from accounts.models import Invitation, Membership, Plan, User, Wallet, Workspace
from accounts.money import dollars
from accounts.registry import Panel


class PlanForm(forms.ModelForm):
    """Storage in gigabytes: nobody types bytes without a mistake."""

    storage_gigabytes = forms.DecimalField(
        label="Storage in GB", min_value=0, max_value=1_000_000, decimal_places=3
    )

    class Meta:
        model = Plan
        fields = (
            *("name", "images_per_day", "images_per_month", "running_limit"),
            *("queued_limit", "member_limit"),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = round(self.instance.storage_bytes / 1024**3, 3)
        self.fields["storage_gigabytes"].initial = f"{kept:g}"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "storage_gigabytes" in cleaned:
            self.instance.storage_bytes = int(cleaned["storage_gigabytes"] * 1024**3)
        return cleaned


@admin.register(Plan)
class PlanAdmin(BoundedAdmin):
    form = PlanForm
    list_display = (
        *("name", "images_per_day", "images_per_month", "running_limit"),
        *("queued_limit", "storage", "member_limit"),
    )
    ordering = ("name",)

    @admin.display(description="storage")
    def storage(self, plan: Plan) -> str:
        return f"{plan.storage_bytes / 1024**3:,.1f} GB"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The one that everybody begins with stays, under its name."""
        return super().has_delete_permission(request, obj) and not (obj and obj.name == "default")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("name",) if obj and obj.name == "default" else ()


class MembershipInline(Rows):
    model = Membership
    fields = ("user", "role", "monthly_cap_micros", "created_at")
    readonly_fields = ("created_at",)
    raw_id_fields = ("user",)
    verbose_name_plural = "members"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("user").order_by("pk")


class InvitationInline(Rows):
    """To look at: who invites whom is for those who manage the workspace."""

    model = Invitation
    can_delete = False
    fields = readonly_fields = (
        *("email", "role", "invited_by", "created_at"),
        *("expires_at", "accepted_at", "revoked_at"),
    )
    verbose_name_plural = "invitations that are open"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).filter(accepted_at=None, revoked_at=None)
        return rows.select_related("invited_by").order_by("-created_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CreditForm(forms.Form):
    """What was sent twice is moved once: by `new_id`."""

    new_id = forms.UUIDField(widget=forms.HiddenInput)
    way = forms.ChoiceField(
        label="", choices=[("give", "Give"), ("take", "Take")], widget=forms.RadioSelect
    )
    amount_micros = Dollars(label="Dollars")
    reason = forms.CharField(
        max_length=150, help_text="Stands in the ledger, and the workspace's people read it."
    )


class ClosedFilter(admin.SimpleListFilter):
    """What is closed by an index of its own; nearly all is open, so a page is full at once."""

    title = "closed"
    parameter_name = "closed"

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Closed"), ("no", "Open")]

    def queryset(self, _request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return rows.filter(closed_at__isnull=value == "no") if value in ("yes", "no") else rows


@admin.register(Workspace)
class WorkspaceAdmin(KeptAdmin):
    list_display = ("name", "personal_of__email", "plan", "balance", "created_at", "closed_at")
    list_select_related = ("plan",)
    list_filter = (ClosedFilter,)
    search_fields = ("name", "personal_of__email")
    search_help_text = "A part of the name, or of the address of whose own it is."
    ordering = ("-pk",)
    fields = ("name", "plan", "personal_of", "created_at", "closed_at")
    readonly_fields = ("personal_of", "created_at", "closed_at")
    inlines = (MembershipInline, InvitationInline)
    csv_columns = (
        *("pk", "name", "personal_of.email", "plan.name", "available_micros"),
        *("created_at", "closed_at"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Joined with whose own they are, PostgreSQL may read all people first."""
        credit = Wallet.objects.filter(workspace=OuterRef("pk"), kind=Wallet.Kind.CREDIT)
        left = credit.values(left=F("posted_micros") - F("held_micros"))
        rows: QuerySet[Any] = super().get_queryset(request)
        found: QuerySet[Any] = rows.annotate(available_micros=Subquery(left))
        return found.prefetch_related("personal_of")

    def found(self, rows: QuerySet[Any], words: str) -> QuerySet[Any] | None:
        addressed = people.addressed(words)
        return rows.filter(personal_of__in=addressed) if addressed else None

    @admin.display(description="credit")
    def balance(self, workspace: Any) -> str:
        return dollars(workspace.available_micros or 0)

    def get_urls(self) -> list[Any]:
        address = "<path:object_id>/credit"
        view = self.admin_site.admin_view(self.credit)
        return [path(address, view, name="accounts_workspace_credit"), *super().get_urls()]

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        money = {
            "wallets": list(row.wallets.order_by("kind")),
            "may_credit": request.user.has_perm("accounts.add_transfer"),
            "transfers": ledger.latest_of(ledger.credit_of(row), 8),
            "workspace": row,
        }
        yield Panel(template="admin/easel/_money.html", context=money)
        for panel in registry.admin_workspace_panels:
            yield panel(request, row)

    def credit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        workspace = self.get_object(request, object_id)
        if workspace is None:
            raise Http404
        if not request.user.has_perm("accounts.add_transfer"):
            raise PermissionDenied
        form = CreditForm(request.POST or None, initial={"new_id": ids.new(), "way": "give"})
        if form.is_valid():
            try:
                said = _moved(workspace, request.user, **form.cleaned_data)
            except ledger.InsufficientCredit as error:
                form.add_error("amount_micros", f"Only {dollars(error.available_micros)} is left.")
            except ledger.ReferenceTaken:
                form.add_error(None, "This form was sent before, with another amount.")
            else:
                self.log_change(request, workspace, said)
                messages.success(request, said)
                return redirect(self.address_of(workspace))
        context = {
            **self.admin_site.each_context(request),
            "title": "Give or take credit",
            "subtitle": str(workspace),
            "opts": self.opts,
            "form": form,
            "workspace": workspace,
            "available": dollars(ledger.credit_of(workspace).available_micros),
        }
        status = 422 if form.errors else 200
        return render(request, "admin/easel/credit.html", context, status=status)


def _moved(
    workspace: Workspace, by: Any, *, new_id: Any, way: str, amount_micros: int, reason: str
) -> str:
    verb = ledger.grant if way == "give" else ledger.take_back
    whose = "to" if way == "give" else "source"
    with transaction.atomic(durable=True):
        verb(
            **{whose: workspace},
            amount_micros=amount_micros,
            reference=f"admin:{new_id}",
            memo=reason,
            by=by if isinstance(by, User) else None,
        )
    done = "given" if way == "give" else "taken"
    return f"{dollars(amount_micros)} {done}: {reason}"
