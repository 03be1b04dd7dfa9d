"""Checks ledger, jobs and storage against each other. Changes nothing.

Months of the ledger that are closed count as what they were added up to (`accounts.periods`);
all of it, and the jobs of the archive, are read on demand. Jobs, holds and keys are read some at
a time, however many there are. Run it while jobs run, and a job that is just being settled may
be named; run it again.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import F, Manager

from accounts import periods
from accounts.models import Transfer
from accounts.payments import audit as payments
from accounts.zips import in_pages
from gallery import stock
from gallery.images import StorageError
from gallery.models import CollectionImage, Image, ShareLink
from studio import owners
from studio.models import AnyJob, ArchivedJob, Job, State

_HOLD_AFTER = {
    State.SUCCEEDED: Transfer.State.POSTED,
    State.FILTERED: Transfer.State.VOIDED,
    State.FAILED: Transfer.State.VOIDED,
    State.CANCELLED: Transfer.State.VOIDED,
}
_AT_ONCE = 500
_FIRST = UUID(int=0)
T = TypeVar("T")


def findings(*, is_whole: bool = False) -> Iterator[str]:
    """A sentence for each thing that does not agree."""
    yield from periods.drift(is_whole=is_whole)
    yield from payments.drift()
    yield from _jobs_and_holds(Job.objects)
    if is_whole:
        yield from _jobs_and_holds(ArchivedJob.objects)
    yield from _holds_without_jobs(_FIRST if is_whole else periods.first_open())
    yield from stock.drift()
    yield from _links_between_workspaces()
    yield from _storage()


def tell(say: Callable[[str], object], *, is_whole: bool = False) -> int:
    """Says each finding. Returns how many there were."""
    count = 0
    for sentence in findings(is_whole=is_whole):
        say(sentence)
        count += 1
    return count


def _jobs_and_holds(rows: "Manager[Any]") -> Iterator[str]:
    needed = ("state", "price_micros", "image", "is_image_purged")
    for jobs in _pieces(in_pages(rows.only(*needed))):
        transfers = Transfer.objects.filter(reference__in=[job.hold for job in jobs])
        columns = transfers.values_list("reference", "state", "amount_micros")
        holds = {reference: (state, amount) for reference, state, amount in columns}
        for job in jobs:
            yield from _of_job(job, holds.get(job.hold))


def _of_job(job: AnyJob, hold: tuple[str, int] | None) -> Iterator[str]:
    expected = _HOLD_AFTER.get(State(job.state), Transfer.State.PENDING)
    if hold is None:
        yield f"job {job.pk} has no hold"
    elif hold != (expected, job.price_micros):
        yield f"job {job.pk} is {job.state}, its hold {hold[0]} of {hold[1]}"
    if (job.state == State.SUCCEEDED) != (job.image_id is not None or job.is_image_purged):
        yield f"job {job.pk} is {job.state} with image {job.image_id}"


def _holds_without_jobs(first: UUID) -> Iterator[str]:
    """Of a workspace that was erased only the ledger is left."""
    holds = Transfer.objects.filter(reference__startswith="job:", pk__gte=first)
    for piece in _pieces(in_pages(holds.only("reference"))):
        known = _known(filter(None, map(_job_of, piece)))
        strays = [each.pk for each in piece if _job_of(each) not in known]
        of_others = Transfer.objects.filter(pk__in=strays, debit__workspace__erased_at=None)
        for reference in of_others.order_by("pk").values_list("reference", flat=True):
            yield f"hold {reference} has no job"


def _job_of(hold: Transfer) -> UUID | None:
    try:
        return UUID(hold.reference.removeprefix("job:"))
    except ValueError:
        return None


def _known(jobs: Iterable[UUID]) -> set[UUID]:
    keys = list(jobs)
    known = set(Job.objects.filter(pk__in=keys).values_list("pk", flat=True))
    rest = [key for key in keys if key not in known]
    return known.union(ArchivedJob.objects.filter(pk__in=rest).values_list("pk", flat=True))


def _links_between_workspaces() -> Iterator[str]:
    """Nothing of one workspace leads to an image of another."""
    for rows, way, here in (
        (Image.objects.all(), "parent", "workspace"),
        (Job.objects.all(), "image", "workspace"),
        (ArchivedJob.objects.all(), "image", "workspace"),
        (Job.objects.unfinished(), "source", "workspace"),
        (CollectionImage.objects.all(), "image", "collection__workspace"),
        (ShareLink.objects.all(), "image", "workspace"),
    ):
        astray = rows.exclude(**{way: None}).exclude(**{f"{way}__workspace": F(here)})
        for row in astray.order_by("pk").iterator():
            yield f"{row._meta.verbose_name} {row.pk} leads to the {way} of another workspace"


def _storage() -> Iterator[str]:
    try:
        yield from owners.findings()
    except StorageError as error:
        yield f"the storage could not be checked: {error}"


def _pieces(rows: Iterable[T]) -> Iterator[list[T]]:
    rows = iter(rows)
    while piece := list(islice(rows, _AT_ONCE)):
        yield piece
