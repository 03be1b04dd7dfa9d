from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts import ids
from accounts.models import ApiKey, User, Workspace
from gallery.models import Image
from studio.engines.contract import Operation


class State(models.TextChoices):
    PARKED = "parked"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FILTERED = "filtered"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Priority(models.IntegerChoices):
    """Lower runs first, among the jobs of one workspace; between workspaces, turns come first."""

    INTERACTIVE = 0
    BATCH = 10


TRANSITIONS: dict[State, frozenset[State]] = {
    State.PARKED: frozenset({State.QUEUED, State.CANCELLED}),
    State.QUEUED: frozenset({State.RUNNING, State.FAILED, State.CANCELLED}),
    State.RUNNING: frozenset(
        {State.QUEUED, State.SUCCEEDED, State.FILTERED, State.FAILED, State.CANCELLED}
    ),
    State.SUCCEEDED: frozenset(),
    State.FILTERED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
}
TERMINAL = frozenset(state for state, following in TRANSITIONS.items() if not following)


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(workspace__memberships__user=user)

    def shown_to(self, user: User) -> Self:
        """In the studio: all of one's own, and of the others' what came of it."""
        return self.filter(Q(created_by=user) | Q(state=State.SUCCEEDED))

    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def running(self) -> Self:
        return self.filter(state=State.RUNNING)

    def parked(self) -> Self:
        return self.filter(state=State.PARKED)

    def unfinished(self) -> Self:
        return self.exclude(state__in=TERMINAL)

    def charged(self) -> Self:
        """What was delivered, and what may still be."""
        return self.exclude(state__in=(State.FAILED, State.FILTERED, State.CANCELLED))

    def agreed(self) -> Self:
        """As `charged`, without what waits for somebody's yes."""
        return self.charged().exclude(state=State.PARKED)

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-id")

    def in_turn(self) -> Self:
        """As those of one workspace run."""
        return self.order_by("priority", "created_at", "pk")

    def with_makers(self) -> Self:
        return self.select_related("created_by")

    def with_pictures(self) -> Self:
        return self.select_related("image", "source")


class AnyJob(models.Model):
    """One image to make, wherever its row is.

    `attempt` grows with every claim and fences the finish: who holds an older number
    changes nothing. `faults` counts tries that failed, `crashes` those whose process died,
    `upstream_calls` those that the service may have billed. Jobs of one order share `order_id`.
    """

    is_heard = True  # whether a webhook may hear of its end; a claim knows better

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    order_id = models.UUIDField(default=ids.new, editable=False, db_index=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    api_key = models.ForeignKey(
        ApiKey, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        help_text="Who said yes or no to it, if it was over a cap.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)

    # What is asked for
    model = models.CharField(max_length=60)
    operation = models.CharField(max_length=8, choices=[("generate", "generate"), ("edit", "edit")])
    prompt = models.TextField()
    negative_prompt = models.TextField(blank=True)
    source = models.ForeignKey(
        Image, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    mask = models.CharField(max_length=200, blank=True)
    feather = models.PositiveSmallIntegerField(default=0, help_text="Width of its seam in pixels.")
    size = models.CharField(max_length=11, blank=True)
    seed = models.BigIntegerField(null=True, blank=True)
    steps = models.PositiveSmallIntegerField()
    cfg_scale = models.FloatField()
    text_mode = models.BooleanField(default=False)
    style_reference = models.JSONField(null=True, blank=True)
    price_micros = models.PositiveBigIntegerField()
    notes = models.JSONField(default=list, blank=True)
    priority = models.SmallIntegerField(default=Priority.INTERACTIVE, help_text="Lower runs first.")

    # How it goes
    attempt = models.PositiveIntegerField(default=0)
    faults = models.PositiveIntegerField(default=0)
    crashes = models.PositiveIntegerField(default=0)
    upstream_calls = models.PositiveIntegerField(default=0)
    claimed_by = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)

    # How it ended
    finished_at = models.DateTimeField(null=True, blank=True)
    image = models.OneToOneField(
        Image, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    is_image_purged = models.BooleanField(default=False)
    engine = models.CharField(max_length=20, blank=True)
    trace_id = models.CharField(max_length=100, blank=True, db_index=True)
    error_code = models.CharField(max_length=30, blank=True)
    error = models.CharField(max_length=400, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.operation} {self.id}"

    @property
    def hold(self) -> str:
        """The reference of its money in the ledger."""
        return f"job:{self.id}"

    @property
    def is_region_gone(self) -> bool:
        """Whether it was about a region that is not kept any more."""
        return bool(self.feather and not self.mask)

    @property
    def is_terminal(self) -> bool:
        return self.state in TERMINAL

    @property
    def kind(self) -> Operation:
        return "edit" if self.operation == "edit" else "generate"


class Job(AnyJob):
    """The table is the truth; the queue's tasks only say to look at it.

    What ended long ago is in `ArchivedJob`.
    """

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=TERMINAL, finished_at__isnull=False)
                | (~Q(state__in=TERMINAL) & Q(finished_at__isnull=True)),
                name="job_finished_has_time",
            ),
            models.CheckConstraint(
                condition=Q(state=State.RUNNING, lease_until__isnull=False)
                | (~Q(state=State.RUNNING) & Q(lease_until__isnull=True)),
                name="job_running_has_lease",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-created_at", "-id"], name="job_newest_first"),
            models.Index(
                fields=["workspace", "priority", "created_at", "id"],
                condition=Q(state=State.QUEUED),
                name="job_in_turn",
            ),
            models.Index(
                fields=["workspace", "created_at"],
                condition=Q(state=State.PARKED),
                name="job_parked",
            ),
            models.Index(
                fields=["workspace", "created_at"],
                condition=~Q(state__in=(State.FAILED, State.FILTERED))
                & ~Q(state=State.CANCELLED, upstream_calls=0),
                name="job_may_be_made",
            ),
            models.Index(
                fields=["-id"],
                condition=Q(state__in=(State.FAILED, State.FILTERED, State.CANCELLED)),
                name="job_ended_empty",
            ),
            models.Index(
                fields=["finished_at"],
                condition=Q(finished_at__isnull=False),
                name="job_finished",
            ),
            models.Index(fields=["finished_at"], condition=~Q(mask=""), name="job_with_mask"),
            models.Index(
                fields=["workspace", "lease_until"],
                condition=Q(state=State.RUNNING),
                name="job_running",
            ),
            models.Index(
                fields=["model", "-finished_at"],
                condition=Q(state=State.SUCCEEDED),
                name="job_latest_made",
            ),
            models.Index(
                fields=["workspace", "finished_at"],
                condition=Q(state=State.SUCCEEDED),
                name="job_delivered",
            ),
        ]


class ArchivedJob(AnyJob):
    """A job that ended long ago: read by its id, for exports and for sums, and never changed.

    Nobody who orders or waits reads this table.
    """

    class Meta:
        indexes = [
            models.Index(
                fields=["workspace", "finished_at"],
                condition=Q(state=State.SUCCEEDED),
                name="archived_delivered",
            ),
        ]
