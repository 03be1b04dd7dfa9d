import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts import turns
from gallery import codec, images
from gallery.codec import CodecBusy
from gallery.images import Staged, StorageError
from gallery.models import Image
from gallery.pictures import Picture, PictureError
from studio import alerts, catalog, serving
from studio.engines.contract import (
    Busy,
    EngineError,
    EngineRequest,
    EngineResult,
    OutOfService,
    Retryable,
    StyleReference,
    Trouble,
)
from studio.jobs import settle
from studio.jobs.claim import claim
from studio.models import Job

log = logging.getLogger("easel.jobs")
_TO_SETTLE = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What the one who runs jobs has left to do: previews to make, or a wait to sit out."""

    image: Image | None = None
    wait_seconds: float | None = None


def run_next() -> Ran | None:
    """Claims one job, a suspect if there is no other, and runs it; None if there is none."""
    claimed = claim(1) or claim(1, suspects=True)
    return run(claimed[0]) if claimed else None


def run(job: Job, answered: Callable[[], object] = lambda: None) -> Ran:
    """Brings a claimed job to its end, or back into the queue. Raises nothing of its own.

    `answered` is called when the engine has answered, however; not if it is not asked.
    """
    try:
        return _attempt(job, answered)
    except settle.Superseded:
        log.info("superseded job=%s attempt=%s", job.pk, job.attempt)
        settle.tidy(job)
    return Ran()


def _attempt(job: Job, answered: Callable[[], object]) -> Ran:
    try:
        staged = _found(job) or _call(job, answered)
        return Ran(image=_succeed(job, staged))
    except StorageError as error:
        return _put_off(job, Busy("The storage does not answer.", detail=str(error)))
    except CodecBusy:
        return _put_off(job, Busy("Too many pictures came at once."))
    except Retryable as error:
        return _put_off(job, error)
    except EngineError as error:
        _keep_trace(job, error)
        settle.give_up(job, error)
        if isinstance(error, OutOfService):
            alerts.open_once(_alert(job, error.fault), _to_operator(job, error))
    return Ran()


def _found(job: Job) -> Staged | None:
    """What an earlier attempt had stored when its process died: it need not be paid again."""
    staged = images.staged_for(job.hold) if job.attempt > 1 else None
    if staged:
        job.upstream_calls -= 1  # counted at the claim; this one is not made
    return staged


def _call(job: Job, answered: Callable[[], object]) -> Staged:
    """Asks the engine and stores its bytes, before anybody decodes them."""
    engine = serving.engine(job.model)
    job.engine = engine.name
    try:
        request = _request(job)
        with turns.waiting():
            begun = time.monotonic()
            try:
                result = engine.run(request)
            finally:
                answered()
            took_seconds = time.monotonic() - begun
    except (Busy, StorageError):
        job.upstream_calls -= 1  # counted at the claim; this one was not made
        raise
    facts = {
        "seed": result.seed,
        "notes": list(result.notes),
        "engine": engine.name,
        "engine_ms": round(took_seconds * 1000),
        "trace_id": result.trace_id[:100],
    }
    alerts.close(*(_alert(job, fault) for fault in ("key", "balance", "model")))
    return _stage(job, result, facts)


def _stage(job: Job, result: EngineResult, facts: dict[str, Any]) -> Staged:
    """What is made is paid there: a storage that is away is waited for while the job is ours.

    If it stays away that is a fault, and not tried without end.
    """
    data, sha256 = result.data, hashlib.sha256(result.data).hexdigest()
    until = job.lease_until and job.lease_until - _TO_SETTLE
    try:
        key = images.stage(
            data, suffix="bin", sha256=sha256, purpose=job.hold, until=until, **facts
        )
    except StorageError as error:
        raise Trouble(
            "The storage does not answer.", trace_id=result.trace_id, detail=str(error)
        ) from error
    return Staged(key=key, data=data, sha256=sha256, facts=facts)


def _succeed(job: Job, staged: Staged) -> Image:
    """What turns out to be no picture, or comes too late, is thrown away."""
    job.engine, job.trace_id = staged.facts["engine"], staged.facts["trace_id"]
    try:
        key, picture, said = _composed(job, staged) if job.mask else _as_it_came(staged)
        recipe = _recipe(job, staged.facts, picture) | said
        image = settle.succeed(job, key=key, picture=picture, recipe=recipe)
    except PictureError as error:
        images.discard((staged.key,))
        raise Trouble(
            "The image service sent a picture that cannot be read.", trace_id=job.trace_id
        ) from error
    if job.mask:
        images.discard((staged.key,))
    return image


def _as_it_came(staged: Staged) -> tuple[str, Picture, dict[str, Any]]:
    picture = codec.verify(staged.data)
    return staged.key, replace(picture, known_sha256=staged.sha256), {}


def _composed(job: Job, staged: Staged) -> tuple[str, Picture, dict[str, Any]]:
    """The photo, changed only where the mask says. Staged anew, as the job's own result is kept."""
    try:
        mask = images.read(job.mask)
    except FileNotFoundError as error:
        raise EngineError("The mask of this edit is gone.") from error
    photo = _photo(job) or b""
    made = codec.compose(original=photo, result=staged.data, mask=mask, feather=job.feather)
    key = images.stage(made.picture.data, suffix=made.picture.suffix)
    return key, made.picture, {"changed_outside_percent": made.changed_outside_percent}


def _request(job: Job) -> EngineRequest:
    left = (settle.deadline_of(job) - timezone.now()).total_seconds()
    return EngineRequest(
        model=job.model,
        operation=job.kind,
        prompt=job.prompt,
        negative_prompt=job.negative_prompt,
        deadline_seconds=max(1.0, min(settings.ENGINE_DEADLINE_SECONDS, left)),
        size=catalog.pixels(job.size) if job.size else None,
        image=_photo(job),
        seed=job.seed,
        steps=job.steps,
        cfg_scale=job.cfg_scale,
        text_mode=job.text_mode,
        style_reference=StyleReference(**job.style_reference) if job.style_reference else None,
    )


def _photo(job: Job) -> bytes | None:
    if job.operation != "edit":
        return None
    if job.source is None:
        raise EngineError("The photo to edit has been deleted.")
    try:
        return images.read(job.source.original)
    except FileNotFoundError as error:
        raise EngineError("The photo to edit is gone.") from error


def _recipe(job: Job, facts: dict[str, Any], picture: Picture) -> dict[str, Any]:
    notes = [*job.notes, *facts["notes"], *_size_said(job, picture)]
    return {
        "seed": job.seed if facts["seed"] is None else facts["seed"],
        "engine": facts["engine"],
        "engine_ms": facts["engine_ms"],
        "notes": notes,
    }


def _size_said(job: Job, picture: Picture) -> list[str]:
    """An edit without a size is to be as large as its photo; with one, that is but an area."""
    came = f"{picture.width}x{picture.height}"
    if job.operation == "generate":
        return [f"{job.size} was asked for; {came} came."] if job.size not in {"", came} else []
    photo = job.source and f"{job.source.width}x{job.source.height}"
    return (
        [f"The photo is {photo}; {came} came."]
        if photo not in {came, None} and not job.size
        else []
    )


def _put_off(job: Job, error: Retryable) -> Ran:
    _keep_trace(job, error)
    return Ran(wait_seconds=settle.put_off(job, error))


def _keep_trace(job: Job, error: EngineError) -> None:
    job.trace_id = error.trace_id[:100] or job.trace_id


def _alert(job: Job, fault: str) -> str:
    """The key of an alert: one server's, or one model's there; no other's success closes it."""
    place = serving.server(job.model).place
    server = f"{job.engine}@{place[:60]}" if place else job.engine
    return f"engine:{server}:{fault}" + (f":{job.model}" if fault == "model" else "")


def _to_operator(job: Job, error: OutOfService) -> str:
    what = {
        "key": f"refuses the key ({serving.server(job.model).key_variable or 'none is given'})",
        "balance": "says that the balance is used up",
        "model": f"does not know the model {job.model}",
    }.get(error.fault, "refuses to work")
    return f"The engine {job.engine} {what}. Jobs fail without a charge until this is mended."
