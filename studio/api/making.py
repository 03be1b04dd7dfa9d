"""One POST that makes images: read, checked, accepted, waited for, answered."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.ledger import InsufficientCredit
from accounts.models import ApiKey
from gallery.images import StorageError
from studio import catalog, jobs
from studio.api import calls, patience, presenting, repeats
from studio.api.authentication import check_still
from studio.api.base import drop_body, key_of, note_accepted
from studio.api.calls import Call
from studio.api.errors import Refusal
from studio.api.patience import Patience
from studio.api.repeats import Repeat
from studio.catalog import Model
from studio.engines.contract import Operation
from studio.jobs import CapReached, QueueFull, QuotaExceeded, SourceGone
from studio.models import Job
from studio.orders import Order


def answer(request: Request, operation: Operation) -> Response:
    call = calls.read(request, operation)
    repeat = _repeat(request, call)
    if call.values.get("dry_run"):
        return _preview(request, call)
    with patience.of(request) as patient:
        earlier = repeats.find(repeat) if repeat else []
        made = earlier or _submit(request, call, repeat)
        call.pictures.clear()
        drop_body(request)
        return _accepted(request, call, made, patient)


def _repeat(request: Request, call: Call) -> Repeat | None:
    key = repeats.key_in(request)
    if not key:
        return None
    mark = repeats.fingerprint(call.operation, call.values, call.pictures)
    return Repeat(workspace=key_of(request).workspace, key=key, fingerprint=mark)


def _submit(request: Request, call: Call, repeat: Repeat | None) -> list[Job]:
    key, order = key_of(request), calls.order(call)
    by, workspace = key.created_by, key.workspace
    order_id = repeats.bind(repeat) if repeat else None
    with _translated():
        if call.pictures:
            jobs.check(by=by, workspace=workspace, order=order, order_id=order_id, api_key=key)
        upload = calls.upload(call, order)
        return jobs.submit(
            by=by,
            workspace=workspace,
            order=order,
            source=upload,
            region=calls.region(call, upload),
            order_id=order_id,
            api_key=key,
        )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except InsufficientCredit as error:
        raise Refusal(402, str(error), code="insufficient_credit") from error
    except CapReached as error:
        raise Refusal(402, str(error), code="monthly_cap_reached") from error
    except QueueFull as error:
        raise Refusal(429, str(error), code="queue_full", headers={"Retry-After": "2"}) from error
    except QuotaExceeded as error:
        never = {"x-should-retry": "false"}
        raise Refusal(429, str(error), code="quota_exceeded", headers=never) from error
    except SourceGone as error:
        raise Refusal(409, str(error), code="conflict") from error
    except StorageError as error:
        raise Refusal(503, "The photo could not be kept just now.", code="storage") from error


def _accepted(request: Request, call: Call, made: list[Job], patient: Patience) -> Response:
    """From here on nothing may make the caller send it again."""
    note_accepted(request)
    ids = [job.pk for job in made]
    headers = {"Location": reverse("api:job", args=[ids[0]])}
    ended = sorted(jobs.wait(ids, patient.seconds), key=lambda job: job.pk)
    if patient.seconds:
        check_still(key_of(request))
    first = ended[0]  # told from the jobs, so that a call that is repeated hears the same
    warnings = _said(call, model=first.model, size=first.size, count=len(ended))
    if all(job.is_terminal for job in ended) and not patient.wants_jobs:
        return presenting.images(
            request, ended, response_format=call.response_format, warnings=warnings
        )
    if patient.is_async:
        headers["Preference-Applied"] = "respond-async"
        body = presenting.jobs(request, ended, warnings=warnings)
        return Response(body, status=202, headers=headers)
    raise Refusal(
        504,
        f"The job {ids[0]} is not done yet. It goes on: ask for it at {headers['Location']}.",
        code="not_done_yet",
        headers=headers,
    )


def _said(call: Call, *, model: str, size: str, count: int) -> list[str]:
    said = [*call.warnings]
    if "model" not in call.values:
        said.append(f"No model was named; {model} was taken.")
    said += _size_said(call, catalog.models().get(model), size)
    if count > 1:
        said.append(f"n is fanned out: {count} calls of the model, one image each.")
    return said


def _size_said(call: Call, model: Model | None, size: str) -> list[str]:
    if not (model and size and call.values.get("size")):
        return []
    width, height = catalog.pixels(size)
    if model.size_order == "width x height" or width == height:
        return []
    return [
        f"size is {model.size_order} for {model.name}: "
        f"the image is {width} pixels wide and {height} high."
    ]


def _preview(request: Request, call: Call) -> Response:
    """What would be sent, what it would cost, and whether it would be accepted now.

    Nothing is kept and nothing is charged.
    """
    order = calls.order(call)
    upload = calls.upload(call, order)
    calls.region(call, upload)  # a mask that would be refused
    said = _said(call, model=order.model.name, size=order.size, count=order.count)
    why_not = _why_not(key_of(request), order)
    return Response(
        presenting.preview(order, upload, warnings=[*said, *order.rewrites], why_not=why_not)
    )


def _why_not(key: ApiKey, order: Order) -> Refusal | None:
    """What the order itself would be refused with: no credit, a full queue, a quota, a cap."""
    by, workspace = key.created_by, key.workspace
    try:
        with _translated():
            jobs.check(by=by, workspace=workspace, order=order, order_id=None, api_key=key)
    except Refusal as refusal:
        return refusal
    return None
