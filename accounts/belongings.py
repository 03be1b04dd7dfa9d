"""What people and workspaces have here: for exports, and for the end of an account."""

from collections.abc import Iterator
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession

from accounts import books, registry, tables
from accounts.models import (
    ApiKey,
    Invitation,
    Membership,
    Payment,
    User,
    Workspace,
)
from accounts.money import dollars
from accounts.registry import Belonging, ExportFile
from accounts.zips import in_pages, json_file

_AT_ONCE = 500


def register() -> None:
    registry.belongings += [
        Belonging(
            models=[
                *("accounts.User", "accounts.Membership", "accounts.Acceptance"),
                *("account.EmailAddress", "account.EmailConfirmation"),
                *("mfa.Authenticator", "usersessions.UserSession"),
            ],
            of_person=_profile,
        ),
        Belonging(models=["accounts.Export"], forget=_forget_exports),
        Belonging(
            models=[
                *("accounts.Workspace", "accounts.Wallet", "accounts.Transfer"),
                "accounts.PeriodSum",
            ],
            of_workspace=_ledger,
            kept="the ledger, without a name: who erases an account must not undo what was paid",
        ),
        Belonging(
            models=["accounts.Payment", "accounts.Reversal"],
            of_workspace=_payments,
            kept="what was paid, without a name: a refund or a dispute may come for months",
        ),
        Belonging(models=["accounts.ApiKey"], of_workspace=_keys, erase=_erase_keys),
        Belonging(
            models=["accounts.Invitation"],
            of_workspace=_people,
            erase=_erase_invitations,
            forget=_forget_invitations,
        ),
        Belonging(
            models=["admin.LogEntry"],
            kept="what administrators did; the row of one who goes keeps no name",
        ),
    ]


def _profile(user: User) -> Iterator[ExportFile]:
    yield json_file("profile.json", [_said_of(user)])


def _said_of(user: User) -> dict[str, Any]:
    addresses = EmailAddress.objects.filter(user=user).order_by("pk")
    members = Membership.objects.filter(user=user).select_related("workspace").order_by("pk")
    factors = Authenticator.objects.filter(user=user).order_by("pk")
    sessions = UserSession.objects.filter(user=user).order_by("pk")
    return {
        "email": user.email,
        "name": user.name,
        "created": user.created_at,
        "last_signed_in": user.last_login,
        "addresses": list(addresses.values("email", "verified", "primary")),
        "workspaces": [
            {"name": each.workspace.name, "role": each.role, "since": each.created_at}
            for each in members
        ],
        "accepted": list(user.acceptances.order_by("pk").values("text", "version", "accepted_at")),
        "second_steps": list(factors.values("type", "created_at", "last_used_at")),
        "signed_in": list(sessions.values("ip", "user_agent", "created_at", "last_seen_at")),
        "letters": {"low_credit": user.is_told_of_low_credit},
    }


def _forget_exports(user: User) -> None:
    from accounts import exports  # noqa: PLC0415 - it asks the registry, which is filled here

    for export in user.exports.all():
        exports.remove(export)


def _ledger(workspace: Workspace) -> Iterator[ExportFile]:
    pieces = tables.pieces(books.COLUMNS, books.rows(workspace))
    yield ExportFile(name="ledger.csv", pieces=pieces)


def _payments(workspace: Workspace) -> Iterator[ExportFile]:
    payments = in_pages(Payment.objects.in_workspace(workspace).prefetch_related("reversals"))
    yield json_file(
        "payments.json",
        (
            {
                "number": each.number,
                "begun": each.created_at,
                "state": each.state,
                "asked_dollars": dollars(each.amount_micros),
                "paid_dollars": dollars(each.paid_micros),
                "paid": each.paid_at,
                "paid_with": each.paid_with,
                "taken_back": [
                    {
                        "kind": back.kind,
                        "dollars": dollars(back.taken_micros),
                        "at": back.created_at,
                    }
                    for back in each.reversals.all()
                ],
            }
            for each in payments
        ),
    )


def _keys(workspace: Workspace) -> Iterator[ExportFile]:
    keys = in_pages(ApiKey.objects.in_workspace(workspace).select_related("created_by"))
    yield json_file(
        "keys.json",
        (
            {
                "name": each.name,
                "begins": each.prefix,
                "ends": each.ending,
                "made_by": str(each.created_by),
                "scopes": each.scopes,
                "created": each.created_at,
                "expires": each.expires_at,
                "last_used": each.last_used_at,
                "revoked": each.revoked_at,
            }
            for each in keys
        ),
    )


def _people(workspace: Workspace) -> Iterator[ExportFile]:
    members = in_pages(Membership.objects.filter(workspace=workspace).select_related("user"))
    yield json_file(
        "people.json",
        ({"name": each.user.name, "email": each.user.email, "role": each.role} for each in members),
    )
    invitations = in_pages(Invitation.objects.filter(workspace=workspace))
    yield json_file(
        "invitations.json",
        (
            {
                "email": each.email,
                "role": each.role,
                "created": each.created_at,
                "accepted": each.accepted_at,
                "revoked": each.revoked_at,
            }
            for each in invitations
        ),
    )


def _erase_keys(workspace: Workspace) -> bool:
    return removed(ApiKey.objects.in_workspace(workspace))


def _erase_invitations(workspace: Workspace) -> bool:
    return removed(Invitation.objects.filter(workspace=workspace))


def _forget_invitations(user: User) -> None:
    """Those to any address of theirs, whoever sent them."""
    addresses = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    known = {each.lower() for each in (user.email, *addresses)}
    Invitation.objects.filter(email__in=known).delete()


def removed(rows: Any) -> bool:
    """Removes some of them. True if none is left."""
    chosen = list(rows.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
    rows.filter(pk__in=chosen).delete()
    return len(chosen) < _AT_ONCE
