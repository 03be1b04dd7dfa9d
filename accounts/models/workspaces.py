import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts import ids
from accounts.models.people import User


class Plan(models.Model):
    """The quotas that an administrator sets. The one named "default" is everybody's first."""

    name = models.CharField(max_length=60, unique=True)
    images_per_day = models.PositiveIntegerField(default=1_000)
    images_per_month = models.PositiveIntegerField(default=10_000)
    running_limit = models.PositiveIntegerField("jobs running at once", default=32)
    queued_limit = models.PositiveIntegerField("jobs waiting at once", default=500)
    storage_bytes = models.PositiveBigIntegerField(default=5 * 1024**3)
    member_limit = models.PositiveIntegerField("members", default=200)

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


MANAGERS = (Role.OWNER, Role.ADMIN)
MAKERS = (*MANAGERS, Role.MEMBER)


class WorkspaceQuerySet(models.QuerySet["Workspace"]):
    def of(self, user: User) -> "WorkspaceQuerySet":
        return self.filter(memberships__user=user)

    def owned_by(self, user: User) -> "WorkspaceQuerySet":
        return self.filter(memberships__user=user, memberships__role=Role.OWNER)

    def managed_by(self, user: User) -> "WorkspaceQuerySet":
        return self.filter(memberships__user=user, memberships__role__in=MANAGERS)


class Workspace(models.Model):
    """Owns everything: images, jobs, money and keys.

    `personal_of` is set on the one that each person gets at sign-up; a team is a workspace
    with more members and without it. One that is closed has no members, so nobody finds it; its
    row stays for the ledger. Once it is erased, nothing but the ledger is left of it.
    """

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    name = models.CharField(max_length=100)
    personal_of = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="personal_workspace",
    )
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="workspaces")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)
    uploads_kept_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="Photos that people bring are removed after so many days."
    )
    low_credit_told_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        indexes = [
            # What is closed, the newest first, among many that are not
            models.Index(
                fields=["-id"],
                name="workspace_closed",
                condition=models.Q(closed_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_team(self) -> bool:
        return self.personal_of_id is None


class MembershipQuerySet(models.QuerySet["Membership"]):
    def visible_to(self, user: User) -> "MembershipQuerySet":
        return self.filter(workspace__memberships__user=user)

    def who_stay(self) -> "MembershipQuerySet":
        """Neither suspended nor about to be erased: who a team can be left to."""
        return self.filter(user__is_active=True, user__erase_at=None)

    def who_may_make(self) -> "MembershipQuerySet":
        return self.filter(role__in=MAKERS)


class Membership(models.Model):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    monthly_cap_micros = models.PositiveBigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "workspace"], name="membership_unique")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} is {self.role} of {self.workspace_id}"

    @property
    def may_make(self) -> bool:
        return self.role in MAKERS

    @property
    def may_manage(self) -> bool:
        return self.role in MANAGERS

    @property
    def may_pay(self) -> bool:
        return self.role == Role.OWNER


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def visible_to(self, user: User) -> "InvitationQuerySet":
        """Those of the workspaces that the person manages."""
        return self.filter(workspace__in=Workspace.objects.managed_by(user))

    def open(self) -> "InvitationQuerySet":
        """Neither accepted nor revoked; it may have expired, and be sent again."""
        return self.filter(accepted_at=None, revoked_at=None)


class Invitation(models.Model):
    """Bound to one address, in lower case. The token is kept as a hash only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(role=Role.OWNER), name="invitation_never_owner"
            ),
            models.UniqueConstraint(
                fields=["workspace", "email"],
                condition=models.Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.workspace_id}"

    def is_open(self, at: datetime) -> bool:
        return self.accepted_at is None and self.revoked_at is None and at < self.expires_at
