"""Jobs, images and models as JSON."""

from collections.abc import Sequence
from typing import Any

import orjson
import pybase64
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from gallery import images as gallery_images
from gallery.images import StorageError
from gallery.models import Image
from studio.api import links
from studio.api.base import key_of
from studio.api.errors import Refusal
from studio.catalog import Model
from studio.jobs import Upload
from studio.models import AnyJob, Job, State
from studio.orders import Order

_FINISHES = {State.SUCCEEDED: "success", State.FILTERED: "content_filtered"}
# What the caller is told of a job that failed: never to be tried again by itself.
_STATUSES = {
    "refused": 400,
    "cancelled": 409,
    "busy": 503,
    "out_of_service": 503,
    "unavailable": 502,
}


def wire_size(model: Model, size: str) -> str:
    """From width x height to the order in which the model writes it, or back."""
    if model.size_order == "width x height":
        return size
    return "x".join(reversed(size.split("x")))


def images(
    request: Request, ended: Sequence[Job], *, response_format: str, warnings: Sequence[str]
) -> Response:
    """The answer to a POST, from jobs that have ended. Raises Refusal if none came of them."""
    if all(job.state in {State.FAILED, State.CANCELLED} for job in ended):
        raise _failure(ended[0])
    return Response(
        {
            "created": int(max(job.finished_at.timestamp() for job in ended if job.finished_at)),
            "data": [_datum(request, job, response_format) for job in ended],
            "x_warnings": _once([*warnings, *(said for job in ended for said in _notes(job))]),
            "x_cost": cost_micros(ended),
            "x_jobs": [str(job.pk) for job in ended],
        }
    )


def cost_micros(ended: Sequence[AnyJob]) -> int:
    return sum(job.price_micros for job in ended if job.state == State.SUCCEEDED)


def _failure(job: Job) -> Refusal:
    status = _STATUSES.get(job.error_code, 502)
    headers = {"Location": reverse("api:job", args=[job.pk])}
    return Refusal(status, job.error or "It failed.", code=job.error_code, headers=headers)


def _datum(request: Request, job: Job, response_format: str) -> dict[str, Any]:
    datum: dict[str, Any] = {
        "id": None,
        "job": str(job.pk),
        "seed": job.seed,
        "finish_reason": _FINISHES.get(State(job.state), "failed"),
    }
    if job.state != State.SUCCEEDED:
        return {**datum, "error": {"code": job.error_code, "message": job.error}}
    image = job.image
    if image is None or image.deleted_at:
        return {**datum, "error": {"code": "deleted", "message": "It was deleted."}}
    datum |= {"id": str(image.pk), "seed": image.seed}
    if response_format == "b64_json":
        return {**datum, "b64_json": _base64(image)}
    return {**datum, "url": links.to(image.pk, request._request, key_of(request))}


def _base64(image: Image) -> orjson.Fragment:
    """As it stands in JSON: as text, a megabyte would be looked through for what to escape."""
    try:
        data = gallery_images.read(image.original)
    except (StorageError, FileNotFoundError) as error:
        raise Refusal(
            503, f"The image {image.pk} cannot be read just now.", code="storage"
        ) from error
    return orjson.Fragment(b'"%b"' % pybase64.b64encode(data))


def _notes(job: AnyJob) -> list[str]:
    if job.state == State.FILTERED:
        return [*job.notes, job.error]
    return list(job.image.notes if job.image else job.notes)


def _once(said: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(said))


def jobs(request: Request, made: Sequence[Job], *, warnings: Sequence[str]) -> dict[str, Any]:
    """An order that has not ended: its first job, and beside it all of them."""
    return {
        **job(request, made[0]),
        "jobs": [job(request, each) for each in made],
        "x_warnings": _once([*warnings, *(said for each in made for said in _notes(each))]),
    }


def job(request: Request, job: AnyJob) -> dict[str, Any]:
    is_there = job.image is not None and job.image.deleted_at is None
    return {
        "id": str(job.pk),
        "object": "job",
        "state": job.state,
        "operation": job.operation,
        "model": job.model,
        "prompt": job.prompt,
        "created": int(job.created_at.timestamp()),
        "finished": int(job.finished_at.timestamp()) if job.finished_at else None,
        "price_micros": job.price_micros,
        "image": image(request, job.image) if is_there and job.image else None,
        "error": {"code": job.error_code, "message": job.error} if job.error else None,
        "x_warnings": _once(_notes(job)),
        "x_cost": cost_micros([job]),
    }


def image(request: Request, image: Image) -> dict[str, Any]:
    return {
        "id": str(image.pk),
        "object": "image",
        "kind": image.kind,
        "created": int(image.created_at.timestamp()),
        "url": links.to(image.pk, request._request, key_of(request)),
        "content_type": image.content_type,
        "width": image.width,
        "height": image.height,
        "size_bytes": image.size_bytes,
        "sha256": image.sha256,
        "made_by": image.created_by_id,
        "parent": str(image.parent_id) if image.parent_id else None,
        "price_micros": image.price_micros,
        "model": image.model,
        "prompt": image.prompt,
        "negative_prompt": image.negative_prompt,
        "seed": image.seed,
        "steps": image.steps,
        "cfg_scale": image.cfg_scale,
        "text_mode": image.text_mode,
        "engine": image.engine,
        "x_warnings": image.notes,
    }


def collection(collection: Any) -> dict[str, Any]:
    """Of one that came `with_covers`."""
    return {
        "id": str(collection.pk),
        "object": "collection",
        "name": collection.name,
        "created": int(collection.created_at.timestamp()),
        "count": collection.count,
        "cover": str(collection.shown_cover) if collection.shown_cover else None,
    }


def preview(
    order: Order, upload: Upload | None, *, warnings: Sequence[str], why_not: Refusal | None
) -> dict[str, Any]:
    """`why_not` is what the order would be refused with now."""
    picture = upload.picture if upload else None
    return {
        "object": "dry_run",
        "price_micros": order.price_micros,
        "total_micros": order.total_micros,
        "calls": order.count,
        "would_be_accepted": why_not is None,
        "why_not": {"code": why_not.code, "message": why_not.message} if why_not else None,
        "request": {
            "model": order.model.name,
            "operation": order.operation,
            "prompt": order.prompt,
            "negative_prompt": order.negative_prompt,
            "size": wire_size(order.model, order.size) if order.size else None,
            "seed": order.seed,
            "steps": order.steps,
            "cfg_scale": order.cfg_scale,
            "text_mode": order.text_mode,
            "style_reference": order.style_reference,
            "image": {"width": picture.width, "height": picture.height} if picture else None,
        },
        "x_warnings": list(warnings),
        "x_cost": 0,
    }
