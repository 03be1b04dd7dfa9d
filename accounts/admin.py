"""For those who run Easel. Money is never edited as a field: `manage.py credit` moves it."""

from typing import Any

from allauth.account.admin import EmailAddress
from allauth.mfa.admin import Authenticator
from allauth.usersessions.admin import UserSession
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import ApiKey, Invitation, Membership, Plan, Transfer, User, Wallet, Workspace


class KeptAdmin(admin.ModelAdmin):
    """Rows that can be looked at and changed, but not made or deleted here."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(KeptAdmin):
    """Rows that only verbs may change."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(KeptAdmin):
    list_display = ("email", "name", "is_active", "is_staff", "created_at")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    ordering = ("-created_at",)
    fields = ("email", "name", "is_active", "is_staff", "is_superuser", "groups", "created_at")
    filter_horizontal = ("groups",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """An address is its owner's to change, and power is a superuser's to give."""
        powers = () if request.user.is_superuser else ("is_staff", "is_superuser", "groups")
        return ("email", "created_at", *powers)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A superuser is suspended or renamed by a superuser only."""
        is_above = bool(obj and obj.is_superuser) and not request.user.is_superuser
        return super().has_change_permission(request, obj) and not is_above


# allauth's own would show second factors with their secrets, and the keys of sessions, and change
# whose an address is.
admin.site.unregister((Authenticator, EmailAddress, UserSession))


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    list_display = ("user", "type", "created_at", "last_used_at")
    list_select_related = ("user",)
    list_filter = ("type",)
    search_fields = ("user__email",)
    ordering = ("-id",)
    fields = list_display


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnlyAdmin):
    list_display = ("email", "user", "primary", "verified")
    list_select_related = ("user",)
    list_filter = ("verified",)
    search_fields = ("email",)
    ordering = ("-id",)


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin):
    list_display = ("name", "images_per_day", "images_per_month", "running_limit", "queued_limit")
    ordering = ("name",)


class WalletInline(admin.TabularInline):
    model = Wallet
    extra = 0
    can_delete = False
    fields = readonly_fields = ("kind", "posted_micros", "held_micros")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    fields = ("user", "role", "monthly_cap_micros", "created_at")
    readonly_fields = ("created_at",)
    autocomplete_fields = ("user",)


class InvitationInline(admin.TabularInline):
    """To look at: who invites whom is for those who manage the workspace."""

    model = Invitation
    extra = 0
    can_delete = False
    fields = readonly_fields = (
        *("email", "role", "invited_by", "created_at"),
        *("expires_at", "accepted_at", "revoked_at"),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Workspace)
class WorkspaceAdmin(KeptAdmin):
    list_display = ("name", "personal_of__email", "plan", "created_at")
    list_select_related = ("personal_of", "plan")
    search_fields = ("name", "personal_of__email")
    ordering = ("-created_at",)
    fields = ("name", "plan", "personal_of", "created_at", "closed_at")
    readonly_fields = ("personal_of", "created_at", "closed_at")
    inlines = (WalletInline, MembershipInline, InvitationInline)


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "amount_micros", "state", "reference", "memo")
    list_filter = ("state",)
    search_fields = ("reference",)
    ordering = ("-id",)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "prefix",
        "created_by__email",
        "workspace",
        "last_used_at",
        "revoked_at",
    )
    list_select_related = ("created_by", "workspace")
    search_fields = ("name", "prefix", "created_by__email")
    ordering = ("-id",)
    exclude = ("secret_hash", "monthly_cap_micros")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("secret_hash")
