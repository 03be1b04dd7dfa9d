from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts import ids
from accounts.models.workspaces import Workspace

_SYSTEM = ("grants", "payments", "revenue")


class Wallet(models.Model):
    """One side of a transfer.

    A workspace's wallets cache their sums in `posted_micros` and `held_micros`, so that a
    hold is one guarded update. System wallets do not: their balance is the sum of their
    transfers, and no row of theirs becomes the one that every spend waits for.
    """

    class Kind(models.TextChoices):
        CREDIT = "credit"
        RECEIVABLE = "receivable"
        GRANTS = "grants"
        PAYMENTS = "payments"
        REVENUE = "revenue"

    workspace = models.ForeignKey(
        Workspace, null=True, blank=True, on_delete=models.PROTECT, related_name="wallets"
    )
    kind = models.CharField(max_length=12, choices=Kind)
    posted_micros = models.BigIntegerField(default=0)
    held_micros = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "kind"],
                condition=Q(workspace__isnull=False),
                name="wallet_one_of_a_kind",
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(workspace__isnull=True),
                name="wallet_one_of_the_system",
            ),
            models.CheckConstraint(
                condition=Q(workspace__isnull=True, kind__in=_SYSTEM)
                | (Q(workspace__isnull=False) & ~Q(kind__in=_SYSTEM)),
                name="wallet_system_or_owned",
            ),
            models.CheckConstraint(
                condition=Q(held_micros__gte=0) & Q(posted_micros__gte=F("held_micros")),
                name="wallet_never_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.workspace_id or 'the system'}"

    @property
    def available_micros(self) -> int:
        return self.posted_micros - self.held_micros


class Transfer(models.Model):
    """Whole micro-dollars that move from one wallet to another (1 dollar = 1,000,000).

    Append-only: the database refuses to delete a row or to change anything but the one
    step from `pending` to `posted` or `voided`, and to forget `created_by` when that person
    is erased (migration 0002). `reference` is unique, so
    that doing the same thing twice does it once.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        POSTED = "posted"
        VOIDED = "voided"

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    debit = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="debits")
    credit = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="credits")
    amount_micros = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State)
    reference = models.CharField(max_length=100, unique=True)
    memo = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_micros__gt=0), name="transfer_positive"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="transfer_between_two"),
            models.CheckConstraint(
                condition=Q(state="pending", settled_at__isnull=True)
                | (~Q(state="pending") & Q(settled_at__isnull=False)),
                name="transfer_settled_has_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"], condition=Q(state="pending"), name="transfer_pending"
            ),
            models.Index(fields=["debit", "-id"], name="transfer_newest_first"),
        ]

    def __str__(self) -> str:
        return self.reference


class Period(models.Model):
    """A month (UTC) that is over, and whose transfers are all settled: they change no more.

    `until` is the first moment after it. A transfer is of the month in which it was made, as its
    key says, so that those of a period lie together.
    """

    until = models.DateTimeField(unique=True)
    closed_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"until {self.until:%Y-%m-%d}"


class PeriodSum(models.Model):
    """What came into a wallet in a period, and what went out of it: checkpoints of the ledger.

    A wallet of which nothing was posted has none. Append-only, as transfers are (migration 0010).
    """

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="sums")
    wallet = models.ForeignKey(
        Wallet, on_delete=models.PROTECT, related_name="sums", db_index=False
    )
    came_micros = models.BigIntegerField()
    went_micros = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["wallet", "period"], name="period_sum_once"),
            models.CheckConstraint(
                condition=Q(came_micros__gte=0, went_micros__gte=0), name="period_sum_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.wallet_id} {self.period_id}"
