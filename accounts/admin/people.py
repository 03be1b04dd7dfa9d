"""People: suspending them, and signing them out everywhere."""

from typing import Any

from allauth.account.admin import EmailAddress
from allauth.mfa.admin import Authenticator
from allauth.usersessions.admin import UserSession
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest

from accounts import people
from accounts.admin.base import BoundedAdmin, KeptAdmin, ReadOnlyAdmin, Refused, Verb
from accounts.models import User


def _suspend(user: User, by: User) -> str:
    if user == by:
        raise Refused("You cannot suspend yourself.")
    people.suspend(user=user)
    return f"{user.email} is suspended: no page and no key of theirs works any more."


def _let_in(user: User, _by: User) -> str:
    people.let_in(user=user)
    return f"{user.email} may sign in again."


def _sign_out(user: User, _by: User) -> str:
    people.sign_out(user=user)
    return f"{user.email} is signed out everywhere."


@admin.register(User)
class UserAdmin(KeptAdmin):
    list_display = ("email", "name", "is_active", "is_staff", "created_at")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    search_help_text = "A part of the address or the name."
    ordering = ("-pk",)
    fields = (
        *("email", "name", "is_active", "is_staff", "is_superuser", "groups"),
        *("created_at", "last_login", "signed_out_at"),
    )
    csv_columns = ("pk", "email", "name", "is_active", "is_staff", "created_at", "last_login")
    verbs = (
        Verb(
            name="suspend",
            label="Suspend",
            permission="accounts.change_user",
            act=_suspend,
            is_for=lambda user: user.is_active,
            is_danger=True,
        ),
        Verb(
            name="let-in",
            label="Let in again",
            permission="accounts.change_user",
            act=_let_in,
            is_for=lambda user: not user.is_active,
        ),
        Verb(
            name="sign-out",
            label="Sign out everywhere",
            permission="accounts.change_user",
            act=_sign_out,
        ),
    )

    def found(self, rows: QuerySet[Any], words: str) -> QuerySet[Any] | None:
        """A part of something is looked for in all people, a whole address by its index."""
        addressed = people.addressed(words)
        return rows.filter(pk__in=addressed) if addressed else None

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """An address is its owner's to change, and power is a superuser's to give."""
        powers = () if request.user.is_superuser else ("is_staff", "is_superuser", "groups")
        kept = ("email", "is_active", "created_at", "last_login", "signed_out_at")
        return (*kept, *powers)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A superuser is suspended or renamed by a superuser only."""
        return super().has_change_permission(request, obj) and not _is_above(obj, request.user)

    def may_do(self, request: HttpRequest, verb: Verb, row: Any) -> bool:
        return super().may_do(request, verb, row) and not _is_above(row, request.user)


def _is_above(user: User | None, by: Any) -> bool:
    return bool(user and user.is_superuser) and not by.is_superuser


# allauth's own would show second factors with their secrets, and the keys of sessions, and change
# whose an address is; Django's own of groups cannot be used with a screen reader.
admin.site.unregister((Authenticator, EmailAddress, UserSession, Group))


@admin.register(Group)
class GroupAdmin(BoundedAdmin, DjangoGroupAdmin):
    """What several of the staff may."""

    filter_horizontal = ()

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any
    ) -> Any:
        kwargs["widget"] = CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    list_display = ("user", "type", "created_at", "last_used_at")
    list_select_related = ("user",)
    list_filter = ("type",)
    search_fields = ("=user__email",)
    ordering = ("-id",)
    fields = list_display


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnlyAdmin):
    list_display = ("email", "person", "primary", "verified")
    list_filter = ("verified",)
    search_fields = ("email",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[EmailAddress]:
        """Joined, SQLite may read all people first."""
        return super().get_queryset(request).prefetch_related("user")

    @admin.display(description="user")
    def person(self, address: EmailAddress) -> str:
        return str(address.user)
