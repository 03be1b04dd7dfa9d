"""What makes the promises hold when something was lost. Each step may be repeated."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Greatest

from accounts import ledger
from accounts import sweep as accounts_sweep
from accounts.ledger import LedgerError
from accounts.models import Transfer
from gallery import images, retention
from gallery.models import Image
from studio import jobs, metrics, upstreams
from studio.jobs import archive, asking, settle
from studio.models import TERMINAL, AnyJob, ArchivedJob, Job, State, Worker
from studio.queue import doorbell, process
from studio.webhooks import deliveries

log = logging.getLogger("easel.worker")
_UNHEARD = timedelta(seconds=2)
_TRIED_AGAIN = timedelta(days=30)


def sweep(at: datetime) -> None:
    release_lost(at)
    ring_for_unheard(at)


def release_lost(at: datetime) -> None:
    """Jobs whose lease ran out, or whose process died on this machine."""
    for job in Job.objects.running().select_related("workspace"):
        if (job.lease_until and job.lease_until <= at) or process.is_gone(job.claimed_by):
            _release(job)


def _release(job: Job) -> None:
    """One job whose money does not agree must not keep the sweep from the others."""
    try:
        settle.release_lost(job)
    except LedgerError:
        log.exception("job=%s cannot be released; see manage.py audit", job.pk)


def ring_for_unheard(at: datetime) -> None:
    """A job may become runnable with no ring: its wait is over, or the ring was lost."""
    if jobs.is_any_runnable(at, created_before=at - _UNHEARD):
        doorbell.ring()


def settle_stale_holds(at: datetime) -> None:
    """A hold whose job has ended or never was. There is none unless something is wrong."""
    old = Transfer.objects.filter(
        state=Transfer.State.PENDING,
        reference__startswith="job:",
        created_at__lte=at - timedelta(minutes=10),
    )
    for reference in old.values_list("reference", flat=True)[:1000]:
        job = _job(reference.removeprefix("job:"))
        if job is None or job.state in TERMINAL:
            _settle(reference, job)


def _job(key: str) -> AnyJob | None:
    """None too if this is no key of a job at all."""
    try:
        pk = UUID(key)
    except ValueError:
        return None
    return Job.objects.filter(pk=pk).first() or ArchivedJob.objects.filter(pk=pk).first()


def _settle(reference: str, job: AnyJob | None) -> None:
    """As the job ended; it may have been settled since it was looked at."""
    log.warning("stale hold reference=%s", reference)
    try:
        if job and job.state == State.SUCCEEDED:
            ledger.post(reference=reference)
        else:
            ledger.void(reference=reference)
    except LedgerError:
        log.info("settled meanwhile reference=%s", reference)


def remove_masks(at: datetime) -> None:
    """Those that no job needs; the jobs of one order share theirs.

    What was not delivered may be tried again for a while. A feather above 0 goes on saying
    that the job had a region.
    """
    masked = Job.objects.exclude(mask="")
    is_kept = Q(finished_at=None) | (
        ~Q(state=State.SUCCEEDED) & Q(finished_at__gt=at - _TRIED_AGAIN)
    )
    gone = masked.exclude(is_kept).exclude(mask__in=masked.filter(is_kept).values("mask"))
    for mask in gone.values_list("mask", flat=True).distinct()[:100]:
        images.disown(mask)
        Job.objects.filter(mask=mask).update(mask="", feather=Greatest("feather", 1))


def sweep_slowly(at: datetime) -> None:
    Worker.objects.filter(beat_at__lt=at - timedelta(hours=1)).delete()
    settle_stale_holds(at)
    asking.expire(at)
    remove_masks(at)
    deliveries.sweep(at=at)
    for unreadable in images.sweep(at=at):
        _make_good(unreadable)
    retention.sweep(at=at)
    accounts_sweep.sweep(at=at)
    metrics.roll_up(at)
    archive.sweep(at=at)
    upstreams.ask(at)


def _make_good(image: Image) -> None:
    """What was charged is what was delivered, also where that shows late (decision 0007)."""
    log.error("an unreadable picture image=%s engine=%s", image.pk, image.engine)
    if image.price_micros:
        ledger.grant(
            to=image.workspace,
            amount_micros=image.price_micros,
            reference=f"unreadable:{image.pk}",
            memo="Credit for a picture that cannot be read",
        )
