from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast
from django.utils import timezone

from accounts import ids
from accounts.models.people import User
from accounts.models.workspaces import Workspace
from accounts.money import MICROS_PER_CENT


class PaymentQuerySet(models.QuerySet["Payment"]):
    def visible_to(self, user: User) -> "PaymentQuerySet":
        return self.filter(workspace__memberships__user=user)

    def in_workspace(self, workspace: Workspace) -> "PaymentQuerySet":
        return self.filter(workspace=workspace)

    def unsettled(self) -> "PaymentQuerySet":
        """Those that may still be paid."""
        return self.filter(state__in=(Payment.State.OPEN, Payment.State.PROCESSING))

    def paid(self) -> "PaymentQuerySet":
        return self.filter(state=Payment.State.PAID)

    def numbered(self, number: str) -> "PaymentQuerySet":
        """As `Payment.number` says it. The end of an id is not indexed: for people, not pages."""
        end = number.strip().upper().removeprefix("E-").lower()
        return self.alias(text=Cast("pk", models.CharField())).filter(
            text__iendswith=end if len(end) == 12 else "-"
        )

    def worth_showing(self) -> "PaymentQuerySet":
        """All but those that came to nothing."""
        return self.exclude(state__in=(Payment.State.EXPIRED, Payment.State.FAILED))

    def newest_first(self) -> "PaymentQuerySet":
        return self.order_by("-id")


class Payment(models.Model):
    """One Checkout at Stripe that somebody began to top a workspace up.

    `amount_cents` is what was asked for; `paid_micros` what Stripe says came. What Stripe says is
    written by `payments.settle` alone, and `version` grows with every change: an answer that was
    fetched before the last change is thrown away.
    """

    class State(models.TextChoices):
        OPEN = "open"
        PROCESSING = "processing"
        PAID = "paid"
        EXPIRED = "expired"
        FAILED = "failed"
        REFUSED = "refused"

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="payments")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    amount_cents = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    version = models.PositiveIntegerField(default=0)
    checked_at = models.DateTimeField(null=True, blank=True)

    # What Stripe says
    session_id = models.CharField(max_length=255, null=True, unique=True)  # noqa: DJ001
    intent_id = models.CharField(max_length=255, null=True, unique=True)  # noqa: DJ001
    paid_micros = models.BigIntegerField(default=0)
    paid_at = models.DateTimeField(null=True, blank=True)
    paid_with = models.CharField(max_length=60, blank=True)
    problem = models.CharField(max_length=200, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="paid", paid_micros__gt=0, paid_at__isnull=False)
                | (~Q(state="paid") & Q(paid_micros=0, paid_at__isnull=True)),
                name="payment_paid_has_amount",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="payment_newest_first"),
            models.Index(
                fields=["checked_at"],
                condition=Q(state__in=("open", "processing")),
                name="payment_unsettled",
            ),
        ]

    def __str__(self) -> str:
        return f"payment {self.pk}"

    @property
    def reference(self) -> str:
        """Of its transfer in the ledger."""
        return f"payment:{self.pk}"

    @property
    def amount_micros(self) -> int:
        """What was asked for."""
        return self.amount_cents * MICROS_PER_CENT

    @property
    def said(self) -> str:
        """Its state, for people."""
        return {
            "open": "Not paid yet",
            "processing": "On its way",
            "paid": "Paid",
            "expired": "Not paid",
            "failed": "Did not go through",
            "refused": "Being looked at",
        }[self.state]

    @property
    def number(self) -> str:
        """Short enough to be read out."""
        return f"E-{str(self.pk)[-12:].upper()}"


class Reversal(models.Model):
    """A refund or a dispute, as Stripe knows it, of one payment.

    `taken_micros` is what the ledger has taken back for it; each change of that is one of `moves`.
    """

    class Kind(models.TextChoices):
        REFUND = "refund"
        DISPUTE = "dispute"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="reversals")
    kind = models.CharField(max_length=7, choices=Kind)
    object_id = models.CharField(max_length=255, unique=True)
    amount_micros = models.BigIntegerField()
    taken_micros = models.BigIntegerField(default=0)
    moves = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(taken_micros__gte=0) & Q(taken_micros__lte=models.F("amount_micros")),
                name="reversal_takes_no_more",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"

    def reference(self, move: int) -> str:
        """Of its first, second, ... transfer in the ledger."""
        return f"{self.kind}:{self.object_id}" + (f":{move}" if move > 1 else "")


class StripeEvent(models.Model):
    """An event of Stripe that was dealt with, whether it came or was fetched."""

    id = models.CharField(primary_key=True, max_length=255)
    type = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.id


class Reconciliation(models.Model):
    """How far Stripe's own list of events was read. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"until {self.until}"
