"""The ends of an attempt. Each is one transaction, fenced by state and attempt."""

import logging
import random
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import ids, ledger, statements, workspaces
from accounts.models import User
from accounts.together import Together
from gallery import images
from gallery.models import Image
from gallery.pictures import Picture
from studio.engines.contract import Busy, EngineError, Filtered, OutOfService, Retryable
from studio.models import TERMINAL, TRANSITIONS, Job, State
from studio.queue import doorbell, listeners
from studio.webhooks import events

log = logging.getLogger("easel.jobs")
MAX_FAULTS = 3
MAX_CRASHES = 3
_WAITS_SECONDS = (1.0, 3.0, 9.0, 27.0)
_SUCCEED = """
    UPDATE studio_job SET state = 'succeeded', lease_until = NULL, finished_at = %s,
        engine = ended.column3, trace_id = ended.column4, upstream_calls = ended.column5,
        image_id = ended.column6
    FROM (VALUES {rows}) AS ended
    WHERE studio_job.id = ended.column1 AND attempt = ended.column2 AND state = 'running'
"""
_GAVE_UP = "The image service does not answer at the moment. Please try again later."


class Superseded(Exception):
    """The job was finished, cancelled or claimed anew meanwhile; this attempt is void."""


def succeed(job: Job, *, key: str, picture: Picture, recipe: dict[str, Any]) -> Image:
    """Ends the job, gives the picture its row, takes the money. Raises Superseded."""
    image = images.image_of(
        id=ids.new(),
        workspace_id=job.workspace_id,
        by_id=job.created_by_id,
        key=key,
        picture=picture,
        kind=Image.Kind.EDITED if job.operation == "edit" else Image.Kind.GENERATED,
        parent=job.source,
        price_micros=job.price_micros,
        model=job.model,
        prompt=job.prompt,
        negative_prompt=job.negative_prompt,
        steps=job.steps,
        cfg_scale=job.cfg_scale,
        size=job.size,
        text_mode=job.text_mode,
        **recipe,
    )
    _deliver((job, image))
    log.info("succeeded job=%s image=%s trace=%s", job.pk, image.pk, job.trace_id)
    return image


def _deliver_each(made: Sequence[tuple[Job, Image]]) -> Sequence[tuple[Job, Image]]:
    """All or none. In the order of workspaces, so that two that do this wait one for the other.

    Rows that a workspace's jobs share come last: who changes them is waited for.
    """
    at = timezone.now()
    in_order = sorted(made, key=lambda each: each[0].workspace_id)
    with transaction.atomic(durable=True):
        _succeed_each(in_order, at)
        images.store_each([image for _, image in in_order])
        ledger.post_each([job.hold for job, _ in in_order])
        listeners.wake(listeners.ENDED)
        for job, image in in_order:
            events.tell(job, State.SUCCEEDED, at=at, image_id=image.pk)
    return made


_deliver = Together(_deliver_each)


def _succeed_each(made: Sequence[tuple[Job, Image]], at: datetime) -> None:
    """The fence, as in `_change`."""
    values = [
        value
        for job, image in made
        for value in statements.prepared(
            Job,
            id=job.pk,
            attempt=job.attempt,
            engine=job.engine,
            trace_id=job.trace_id,
            upstream_calls=job.upstream_calls,
            image_id=image.pk,
        )
    ]
    rows = ", ".join([f"({statements.places(6)})"] * len(made))
    moment = statements.prepared(Job, finished_at=at)
    if statements.run(_SUCCEED.format(rows=rows), [*moment, *values]) < len(made):
        raise Superseded


def give_up(job: Job, error: EngineError) -> None:
    """Ends the job without a charge, and removes what was staged for it. Raises Superseded."""
    _end_without_charge(job, error)
    images.discard_for(job.hold)


def _end_without_charge(job: Job, error: EngineError) -> None:
    state = State.FILTERED if isinstance(error, Filtered) else State.FAILED
    sentence = error.sentence
    if isinstance(error, OutOfService):
        sentence = "The studio is out of service: its operator has been told."
        if error.fault == "model":
            sentence = f"{job.model} is out of service: the operator has been told."
    with transaction.atomic(durable=True):
        _end(job, state, error=sentence, error_code=error.code)
        ledger.void(reference=job.hold)
    log.info("%s job=%s code=%s trace=%s", state, job.pk, error.code, job.trace_id)


def put_off(job: Job, error: Retryable) -> float | None:
    """Queues the job again after a wait, or gives up. Returns the wait in seconds.

    What was never accepted (Busy) may be tried until the job's deadline; what failed there
    or may have been billed, three times in all.
    """
    faults = job.faults + (not isinstance(error, Busy))
    wait = error.retry_after_seconds
    if wait is None:
        wait = _WAITS_SECONDS[min(job.attempt, len(_WAITS_SECONDS)) - 1] * random.uniform(0.8, 1.2)  # noqa: S311
    until = timezone.now() + timedelta(seconds=min(wait, 86_400))
    if faults >= MAX_FAULTS or until > deadline_of(job):
        give_up(job, type(error)(_GAVE_UP, detail=str(error)))
        return None
    _requeue(job, faults=faults, not_before=until, upstream_calls=job.upstream_calls)
    log.info("put off job=%s code=%s trace=%s", job.pk, error.code, job.trace_id)
    return wait


def deadline_of(job: Job) -> datetime:
    """When work on the job ends, counted from its first attempt."""
    begun = job.started_at or timezone.now()
    return begun + timedelta(seconds=settings.JOB_DEADLINE_SECONDS)


def release_lost(job: Job) -> None:
    """For a job whose process died or whose lease ran out: run it again, or give up.

    Asks nothing of the storage, which could hold the supervisor up, and whose connections its
    forks would share. What was staged becomes an orphan.
    """
    try:
        if job.crashes + 1 >= MAX_CRASHES:
            _end_without_charge(job, EngineError("Something went wrong here, three times over."))
        else:
            _requeue(job, crashes=job.crashes + 1, not_before=None)
            doorbell.ring()
            log.warning("released job=%s crashes=%s", job.pk, job.crashes + 1)
    except Superseded:
        pass


def tidy(job: Job) -> None:
    """What was staged for a job that has ended. One that goes on may want it again."""
    if Job.objects.filter(pk=job.pk, state__in=TERMINAL).exists():
        images.discard_for(job.hold)


def cancel(*, job: Job, by: User) -> bool:
    """Stops a job that has not ended; its hold is given back. False if it had ended.

    An engine call under way is not waited for; its result will be thrown away. Raises
    workspaces.NotAllowed.
    """
    workspaces.check_may_make(by, job.workspace)
    return stop(job)


def stop(job: Job, *, error: str = "Cancelled.") -> bool:
    """As `cancel`, by whoever runs this Easel: who asks is to see to it that they may."""
    with transaction.atomic(durable=True):
        stopped = withdraw([job], error=error, error_code="cancelled")
    if stopped:
        job.refresh_from_db()
        images.discard_for(job.hold)
    return bool(stopped)


def withdraw(
    some: Iterable[Job],
    *,
    error: str,
    error_code: str,
    among: Collection[State] = (),
    **columns: Any,
) -> list[Job]:
    """Those that had not ended, which now have, without a charge. In the caller's transaction.

    All are changed before any money is: who cancels one of them takes its row first, too.
    """
    among = among or [each for each, after in TRANSITIONS.items() if State.CANCELLED in after]
    at, said = timezone.now(), {"error": error, "error_code": error_code}
    ended = [
        job
        for job in sorted(some, key=lambda job: job.pk)
        if Job.objects.filter(pk=job.pk, state__in=among).update(
            state=State.CANCELLED, finished_at=at, lease_until=None, **said, **columns
        )
    ]
    if ended:
        ledger.void_each([job.hold for job in ended])
        listeners.wake(listeners.ENDED)
    for job in ended:
        events.tell(job, State.CANCELLED, at=at, **said)
        log.info("cancelled job=%s code=%s", job.pk, error_code)
    return ended


def _end(job: Job, state: State, **columns: Any) -> None:
    at = timezone.now()
    _change(
        job,
        state=state,
        finished_at=at,
        lease_until=None,
        engine=job.engine,
        trace_id=job.trace_id,
        upstream_calls=job.upstream_calls,
        **columns,
    )
    listeners.wake(listeners.ENDED)
    events.tell(job, state, at=at, **columns)


def _requeue(job: Job, **columns: Any) -> None:
    _change(
        job,
        state=State.QUEUED,
        lease_until=None,
        claimed_by="",
        trace_id=job.trace_id,
        **columns,
    )


def _change(job: Job, **columns: Any) -> None:
    """The fence: only the attempt that runs still changes its job."""
    mine = {"id": job.pk, "state": State.RUNNING, "attempt": job.attempt}
    if not statements.update(Job, where=mine, **columns):
        raise Superseded
