"""What is told: written down in the transaction that ends a job, once for each webhook."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from studio.models import Delivery, Job, State, Webhook
from studio.queue import listeners

BELL = "webhooks"
TEST = "webhook.test"


def tell(job: Job, state: State, *, at: datetime, **ending: Any) -> None:
    """To be called in the transaction in which the job ends; `ending` is what its row is given.

    A claim has looked whether anybody hears of the job, in a statement that it makes anyway. If
    nobody does, this asks nothing; of a job that was not just claimed it asks.
    """
    if not job.is_heard:
        return
    hearing = Webhook.objects.on().filter(workspace=job.workspace_id).values_list("pk", flat=True)
    event = _of_job(job, state, at=at, **ending)
    rows = [_row(webhook, f"evt_{job.pk.hex}", event, at=at, job=job) for webhook in hearing]
    if rows:
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)
        listeners.wake(BELL)


def test(webhook: Webhook, *, at: datetime) -> Delivery:
    """An event that means nothing, and is tried once."""
    row = _row(webhook.pk, "", _event(TEST, {"webhook": str(webhook.pk)}, at), at=at)
    row.event_id = f"evt_{row.pk.hex}"
    row.save(force_insert=True)
    listeners.wake(BELL)
    return row


def _row(
    webhook: Any, event_id: str, event: dict[str, Any], *, at: datetime, job: Job | None = None
) -> Delivery:
    return Delivery(
        webhook_id=webhook,
        job=job,
        event_id=event_id,
        type=event["type"],
        body=orjson.dumps(event).decode(),
        created_at=at,
        next_attempt_at=at,
    )


def _of_job(
    job: Job,
    state: State,
    *,
    at: datetime,
    image_id: UUID | None = None,
    error: str = "",
    error_code: str = "",
) -> dict[str, Any]:
    """The job as the API shows it, without what it was asked to draw: its id leads there."""
    data = {
        "id": str(job.pk),
        "object": "job",
        "state": str(state),
        "operation": job.operation,
        "model": job.model,
        "created": int(job.created_at.timestamp()),
        "finished": int(at.timestamp()),
        "price_micros": job.price_micros,
        "image": {"id": str(image_id), "object": "image"} if image_id else None,
        "error": {"code": error_code, "message": error} if error else None,
        "x_cost": job.price_micros if state == State.SUCCEEDED else 0,
    }
    return _event(f"job.{state}", data, at)


def _event(kind: str, data: dict[str, Any], at: datetime) -> dict[str, Any]:
    moment = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"type": kind, "timestamp": moment, "data": data}
