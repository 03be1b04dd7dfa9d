"""Jobs: found by id, by trace id, by whose they are or by their words; cancelled, or run again."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts import people
from accounts.admin import ReadOnlyAdmin, Refused, SinceFilter, Verb
from accounts.ledger import InsufficientCredit
from accounts.models import User
from accounts.money import dollars
from gallery.codec import CodecBusy
from gallery.images import StorageError
from studio import jobs
from studio.models import Job, State
from studio.orders import OrderError

# The newest, among which words are looked for
MOST_READ = 20_000
_ENDED_EMPTY = (State.FAILED, State.FILTERED, State.CANCELLED)
_CANNOT = (
    *(OrderError, InsufficientCredit, jobs.QuotaExceeded, jobs.SourceGone),
    *(CodecBusy, StorageError),
)


def _cancel(job: Job, _by: User) -> str:
    if not jobs.stop(job, error="Cancelled by who runs this Easel."):
        raise Refused(f"{job} had ended already.")
    return "Cancelled. Its hold is given back."


def _again(job: Job, _by: User) -> str:
    """In the name of who ordered it, and at their workspace's charge if it is delivered."""
    if job.created_by is None:
        raise Refused("Who ordered it has left.")
    try:
        made = jobs.again(job=job, by=job.created_by)
    except PermissionDenied as error:
        raise Refused(f"{job.created_by} may not make pictures there any more.") from error
    except _CANNOT as error:
        raise Refused(str(error) or "It cannot be run again now.") from error
    return f"Runs again as {made[0].pk}."


class StateFilter(admin.SimpleListFilter):
    """Each by an index of its own, or so frequent that a page is full at once."""

    title = "state"
    parameter_name = "state"

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, str]]:
        return list(State.choices)

    def queryset(self, _request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value in _ENDED_EMPTY:  # as the index says it
            rows = rows.filter(state__in=_ENDED_EMPTY)
        return rows.filter(state=value) if value in State.values else rows


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = (
        *("created_at", "state", "model", "operation", "created_by", "workspace"),
        *("attempt", "price", "trace_id", "id"),
    )
    list_display_links = ("created_at", "id")
    list_filter = (StateFilter, SinceFilter)
    search_fields = ("id",)
    search_help_text = (
        "A job’s or an order’s id, a trace id, a person’s whole address, or words of a prompt "
        f"(among the newest {MOST_READ:,} jobs of what is chosen beside)."
    )
    ordering = ("-id",)
    readonly_fields = ("price",)
    fields = (
        *("id", "order_id", "state", "created_at", "created_by", "workspace", "api_key"),
        *("model", "operation", "prompt", "negative_prompt", "size", "seed", "steps"),
        *("cfg_scale", "text_mode", "source", "price", "priority", "notes"),
        *("attempt", "faults", "crashes", "upstream_calls", "claimed_by", "lease_until"),
        *("not_before", "started_at", "finished_at", "image", "engine", "trace_id"),
        *("error_code", "error", "decided_by"),
    )
    csv_columns = (
        *("pk", "order_id", "created_at", "started_at", "finished_at", "state", "workspace_id"),
        *("created_by.email", "model", "operation", "price_micros", "attempt"),
        *("upstream_calls", "engine", "trace_id", "error_code"),
    )
    verbs = (
        Verb(
            name="cancel",
            label="Cancel",
            permission="studio.change_job",
            act=_cancel,
            is_for=lambda job: not job.is_terminal,
            is_danger=True,
        ),
        Verb(
            name="again",
            label="Run again",
            permission="studio.change_job",
            act=_again,
            is_for=lambda job: job.state in _ENDED_EMPTY and not job.is_region_gone,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("created_by", "workspace")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Those of one workspace as their index has them, where SQLite would sort all of them."""
        return ("-created_at", "-id") if "workspace__id__exact" in request.GET else ("-id",)

    def export_order(self, request: HttpRequest) -> tuple[str, ...]:
        return self.get_ordering(request)

    @admin.display(description="price")
    def price(self, job: Job) -> str:
        return dollars(job.price_micros)

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        return lookup == "workspace__id__exact" or super().lookup_allowed(lookup, value, request)

    def found(self, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        """Words of prompts are looked for in the newest jobs."""
        try:
            named = UUID(words)
        except ValueError:
            pass
        else:
            return rows.filter(Q(pk=named) | Q(order_id=named))
        if "@" in words and " " not in words:
            return rows.filter(created_by__in=people.addressed(words))
        if self.model.objects.filter(trace_id=words).exists():
            return rows.filter(trace_id=words)
        newest = list(rows.order_by("-pk").values_list("pk", flat=True)[MOST_READ - 1 : MOST_READ])
        newest_rows = rows.filter(pk__gte=newest[0]) if newest else rows
        return newest_rows.filter(prompt__icontains=words)
