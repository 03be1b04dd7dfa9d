from django.urls import path

from accounts.views import (
    credit,
    invitations,
    keys,
    ledger,
    members,
    payments,
    privacy,
    teams,
    terms,
)

app_name = "accounts"

urlpatterns = [
    path("keys/", keys.key_list, name="key_list"),
    path("keys/new", keys.key_create, name="key_create"),
    path("keys/<uuid:key_id>/", keys.key_change, name="key_change"),
    path("keys/<uuid:key_id>/revoke", keys.key_revoke, name="key_revoke"),
    path("workspaces/new", teams.workspace_create, name="workspace_create"),
    path("workspaces/<uuid:workspace_id>/", teams.workspace_page, name="workspace_page"),
    path("workspaces/<uuid:workspace_id>/name", teams.workspace_rename, name="workspace_rename"),
    path("workspaces/<uuid:workspace_id>/switch", teams.workspace_switch, name="workspace_switch"),
    path("workspaces/<uuid:workspace_id>/credit", teams.workspace_credit, name="workspace_credit"),
    path("workspaces/<uuid:workspace_id>/leave", teams.workspace_leave, name="workspace_leave"),
    path("workspaces/<uuid:workspace_id>/delete", teams.workspace_delete, name="workspace_delete"),
    path(
        "workspaces/<uuid:workspace_id>/invite",
        invitations.invitation_create,
        name="invitation_create",
    ),
    path("members/<int:member_id>/", members.member_change, name="member_change"),
    path("members/<int:member_id>/remove", members.member_remove, name="member_remove"),
    path("members/<int:member_id>/owner", members.member_hand_over, name="member_hand_over"),
    path(
        "invitations/<uuid:invitation_id>/resend",
        invitations.invitation_resend,
        name="invitation_resend",
    ),
    path(
        "invitations/<uuid:invitation_id>/revoke",
        invitations.invitation_revoke,
        name="invitation_revoke",
    ),
    path("privacy/", privacy.privacy, name="privacy"),
    path("privacy/export", privacy.export_create, name="export_create"),
    path("privacy/export/<uuid:export_id>", privacy.export_download, name="export_download"),
    path("privacy/letters", privacy.letters_change, name="letters_change"),
    path("privacy/delete", privacy.account_delete, name="account_delete"),
    path("goodbye", privacy.goodbye, name="goodbye"),
    path("credit/", credit.credit_page, name="credit_page"),
    path("credit/top-up", credit.payment_create, name="payment_create"),
    path("payments/<uuid:payment_id>/", credit.payment_page, name="payment_page"),
    path("ledger/", ledger.ledger_page, name="ledger_page"),
    path("ledger.csv", ledger.ledger_csv, name="ledger_csv"),
    path("stripe/webhook", payments.stripe_webhook, name="stripe_webhook"),
    path("accept", terms.terms_accept, name="terms_accept"),
    path("join/", invitations.join, name="join"),
    path("join/as-another", invitations.join_as_another, name="join_as_another"),
    path("join/<str:token>", invitations.join_by_link, name="join_by_link"),
]
