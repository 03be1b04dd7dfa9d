"""One POST that makes images: read, checked, accepted, waited for, answered."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.ledger import InsufficientCredit
from gallery.images import StorageError
from gallery.pictures import Picture
from studio import catalog, jobs, offers, orders
from studio.api import fields, photos, presenting, repeats
from studio.api.base import key_of, note_accepted
from studio.api.errors import BadField, Refusal
from studio.api.fields import Given
from studio.api.repeats import Repeat
from studio.catalog import Model
from studio.engines.contract import Operation
from studio.jobs import CapReached, QuotaExceeded, Upload
from studio.models import Job
from studio.orders import Asked, Order, OrderError

# Beyond the job's own deadline: time to wait for a turn.
_QUEUE_SECONDS = 60
_SIZE = re.compile("[1-9][0-9]{0,3}x[1-9][0-9]{0,3}", re.ASCII)
_FIELDS = {"count": "n", "photo": "image", "source": "image"}


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request whose types are right. `warnings` say what was rewritten on the way."""

    operation: Operation
    given: Given
    photo: bytes | None
    mask: bytes | None
    warnings: list[str]

    @property
    def response_format(self) -> str:
        return str(self.given.values.get("response_format", "url"))


def answer(request: Request, operation: Operation) -> Response:
    call = _read(request, operation)
    if call.given.values.get("dry_run"):
        return _preview(call)
    repeat = _repeat(request, call)
    earlier = repeats.find(repeat) if repeat else []
    return _accepted(request, call, earlier or _submit(request, call, repeat))


def _repeat(request: Request, call: Call) -> Repeat | None:
    key = repeats.key_in(request)
    if not key:
        return None
    pictures = [each for each in (call.photo, call.mask) if each is not None]
    mark = repeats.fingerprint(call.operation, call.given, pictures)
    return Repeat(workspace=key_of(request).workspace, key=key, fingerprint=mark)


def _read(request: Request, operation: Operation) -> Call:
    data: Any = request.data
    given = fields.read(data, operation)
    if "prompt" not in given.values:
        raise BadField("prompt", "Send a prompt.", code="missing_parameter")
    came = given.pictures
    photo = photos.only("image", came.get("image", [])) if operation == "edit" else None
    mask = photos.only("mask", came["mask"]) if came.get("mask") else None
    warnings = [f"{name} is ignored: no model here knows it." for name in given.ignored]
    return Call(operation=operation, given=given, photo=photo, mask=mask, warnings=warnings)


def _order(call: Call) -> Order:
    """Raises BadField."""
    try:
        return orders.check(_asked(call))
    except OrderError as error:
        raise _bad_field(error) from error


def _upload(call: Call, order: Order) -> Upload | None:
    """The photo, decoded, which is the dearest step and so the last. Raises BadField."""
    if call.photo is None:
        return None
    picture = photos.normalised("image", call.photo)
    try:
        orders.check_photo(
            order, width=picture.width, height=picture.height, size_bytes=len(picture.data)
        )
    except OrderError as error:
        raise _bad_field(error) from error
    return Upload(picture=picture, mask=_mask(call, picture))


def _mask(call: Call, photo: Picture) -> Picture | None:
    """As large as the photo as it is seen, once its orientation is applied."""
    if call.mask is None:
        return None
    mask = photos.normalised("mask", call.mask)
    if (mask.width, mask.height) != (photo.width, photo.height):
        raise BadField(
            "mask",
            f"The mask is {mask.width} x {mask.height}; the image is "
            f"{photo.width} x {photo.height}, and both are to be the same.",
        )
    return mask


def _bad_field(error: OrderError) -> BadField:
    return BadField(_FIELDS.get(error.field, error.field), error.sentence)


def _asked(call: Call) -> Asked:
    values = call.given.values
    model = _model_name(call)
    cfg_scale = values.get("cfg_scale")
    return Asked(
        model=model,
        operation=call.operation,
        prompt=values["prompt"],
        negative_prompt=values.get("negative_prompt", ""),
        size=_size(call, catalog.models().get(model)),
        seed=values.get("seed"),
        steps=values.get("steps"),
        cfg_scale=float(cfg_scale) if cfg_scale and abs(cfg_scale) < 1e9 else cfg_scale,
        text_mode=values.get("text_mode", False),
        style_reference=values.get("style_reference"),
        count=values.get("n", 1),
    )


def _model_name(call: Call) -> str:
    if "model" in call.given.values:
        return str(call.given.values["model"])
    able = [each.model.name for each in offers.all_on() if each.model.can(call.operation)]
    return able[0] if able else ""


def _size(call: Call, model: Model | None) -> str | None:
    """What came in the model's own order, as width x height. Raises BadField."""
    size = call.given.values.get("size")
    if size is None or size == "auto" or model is None:
        return None
    wired = [presenting.wire_size(model, each) for each in model.sizes(call.operation)]
    if not _SIZE.fullmatch(size) or (wired and size not in wired):
        known = f"{model.title} takes {', '.join(wired)}." if wired else "A size is like 1024x1024."
        raise BadField("size", f"{known} They are {model.size_order}.")
    return presenting.wire_size(model, size)


def _submit(request: Request, call: Call, repeat: Repeat | None) -> list[Job]:
    key, order = key_of(request), _order(call)
    by, workspace = key.created_by, key.workspace
    order_id = repeats.bind(repeat) if repeat else None
    with _translated():
        if call.photo is not None:
            jobs.check(by=by, workspace=workspace, order=order, order_id=order_id)
        return jobs.submit(
            by=by,
            workspace=workspace,
            order=order,
            source=_upload(call, order),
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
    except QuotaExceeded as error:
        never = {"x-should-retry": "false"}
        raise Refusal(429, str(error), code="quota_exceeded", headers=never) from error
    except StorageError as error:
        raise Refusal(503, "The photo could not be kept just now.", code="storage") from error


def _accepted(request: Request, call: Call, made: list[Job]) -> Response:
    """From here on nothing may make the caller send it again."""
    note_accepted(request)
    ids = [job.pk for job in made]
    headers = {"Location": reverse("api:job", args=[ids[0]])}
    seconds, is_async = _patience_seconds(request)
    ended = sorted(jobs.wait(ids, seconds), key=lambda job: job.pk)
    warnings = [*call.warnings, *_said(call, ended)]
    if all(job.is_terminal for job in ended):
        return presenting.images(
            request, ended, response_format=call.response_format, warnings=warnings
        )
    if is_async:
        headers["Preference-Applied"] = "respond-async"
        answer = presenting.jobs(request, ended, warnings=warnings)
        return Response(answer, status=202, headers=headers)
    raise Refusal(
        504,
        f"The job {ids[0]} is not done yet. It goes on: ask for it at {headers['Location']}.",
        code="not_done_yet",
        headers=headers,
    )


def _patience_seconds(request: Request) -> tuple[float, bool]:
    """RFC 7240: `respond-async` answers at once, `wait=10` beside it after ten seconds.

    Also whether what is not done by then is answered with 202.
    """
    longest = settings.JOB_DEADLINE_SECONDS + _QUEUE_SECONDS
    prefers = [each.strip() for each in request.headers.get("Prefer", "").split(",")]
    if "respond-async" not in prefers:
        return longest, False
    waits = [re.fullmatch("wait=([0-9]{1,4})", each, re.ASCII) for each in prefers]
    return min(longest, max((int(found[1]) for found in waits if found), default=0)), True


def _said(call: Call, made: list[Job]) -> list[str]:
    """Read from the jobs, so that a call that is repeated hears the same."""
    said = []
    first = made[0]
    model = catalog.models().get(first.model)
    if "model" not in call.given.values:
        said.append(f"No model was named; {first.model} was taken.")
    said += _size_said(call, model, first.size)
    if len(made) > 1:
        said.append(f"n is fanned out: {len(made)} calls of the model, one image each.")
    return said


def _size_said(call: Call, model: Model | None, size: str) -> list[str]:
    if not (model and size and call.given.values.get("size")):
        return []
    width, height = catalog.pixels(size)
    if model.size_order == "width x height" or width == height:
        return []
    return [
        f"size is {model.size_order} for {model.name}: "
        f"the image is {width} pixels wide and {height} high."
    ]


def _preview(call: Call) -> Response:
    """What would be sent and what it would cost. Nothing is kept and nothing is charged."""
    order = _order(call)
    upload = _upload(call, order)
    warnings = [*call.warnings, *_size_said(call, order.model, order.size), *order.rewrites]
    if order.count > 1:
        warnings.append(f"n is fanned out: {order.count} calls of the model, one image each.")
    return Response(presenting.preview(order, upload, warnings=warnings))
