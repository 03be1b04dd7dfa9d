from accounts.models.exports import Export
from accounts.models.keys import ApiKey
from accounts.models.ledger import Period, PeriodSum, Transfer, Wallet
from accounts.models.payments import Payment, Reconciliation, Reversal, StripeEvent
from accounts.models.people import User
from accounts.models.terms import Acceptance
from accounts.models.workspaces import Invitation, Membership, Plan, Role, Workspace

__all__ = [
    "Acceptance",
    "ApiKey",
    "Export",
    "Invitation",
    "Membership",
    "Payment",
    "Period",
    "PeriodSum",
    "Plan",
    "Reconciliation",
    "Reversal",
    "Role",
    "StripeEvent",
    "Transfer",
    "User",
    "Wallet",
    "Workspace",
]
