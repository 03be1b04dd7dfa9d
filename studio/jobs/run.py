import logging
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings
from django.utils import timezone

from gallery import images, pictures
from gallery.images import StorageError
from gallery.pictures import Picture, PictureError
from studio import alerts, catalog, serving
from studio.engines.contract import (
    Busy,
    EngineError,
    EngineRequest,
    OutOfService,
    Retryable,
    StyleReference,
    Trouble,
)
from studio.jobs import settle
from studio.jobs.claim import claim
from studio.models import Job

log = logging.getLogger("easel.jobs")


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What the one who runs jobs has left to do: previews to make, or a wait to sit out."""

    image: Any = field(default=None)
    wait_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Staged:
    """An engine's answer, stored; kept as JSON on the job until the job ends."""

    key: str
    seed: int | None
    notes: list[str]
    engine: str
    engine_ms: int
    trace_id: str


def run_next() -> Ran | None:
    """Claims one job, a suspect if there is no other, and runs it; None if there is none."""
    claimed = claim(1) or claim(1, suspects=True)
    return run(claimed[0]) if claimed else None


def run(job: Job) -> Ran:
    """Brings a claimed job to its end, or back into the queue. Raises nothing of its own."""
    try:
        return _attempt(job)
    except settle.Superseded:
        log.info("superseded job=%s attempt=%s", job.pk, job.attempt)
        settle.discard_staged(job)
    return Ran()


def _attempt(job: Job) -> Ran:
    try:
        staged = Staged(**job.staged) if job.staged else _call(job)
        picture = _picture(job, staged)
        recipe = _recipe(job, staged, picture)
        return Ran(image=settle.succeed(job, key=staged.key, picture=picture, recipe=recipe))
    except StorageError as error:
        return _put_off(job, Busy("The storage does not answer.", detail=str(error)))
    except Retryable as error:
        return _put_off(job, error)
    except EngineError as error:
        _keep_trace(job, error)
        settle.give_up(job, error)
        if isinstance(error, OutOfService):
            alerts.open_once(_alerts_of(job) + error.fault, _to_operator(job, error))
    return Ran()


def _call(job: Job) -> Staged:
    """Asks the engine and stores its bytes, before anybody decodes them."""
    engine = serving.engine(job.model)
    job.engine = engine.name
    request = _request(job)
    settle.note_call(job)
    begun = time.monotonic()
    result = engine.run(request)
    engine_ms = round((time.monotonic() - begun) * 1000)
    alerts.close(_alerts_of(job))
    staged = Staged(
        key=images.stage(result.data, suffix="bin"),
        seed=result.seed,
        notes=list(result.notes),
        engine=engine.name,
        engine_ms=engine_ms,
        trace_id=result.trace_id[:100],
    )
    try:
        settle.note_staged(job, asdict(staged))
    except settle.Superseded:
        images.discard((staged.key,))
        raise
    return staged


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


def _picture(job: Job, staged: Staged) -> Picture:
    """The staged bytes, decoded whole; what cannot be decoded is as if it never came."""
    job.engine, job.trace_id = staged.engine, staged.trace_id
    try:
        return pictures.verify(images.read(staged.key))
    except PictureError as error:
        settle.note_staged(job, None)
        images.discard((staged.key,))
        raise Trouble(
            "The image service sent a picture that cannot be read.", trace_id=staged.trace_id
        ) from error
    except FileNotFoundError as error:
        settle.note_staged(job, None)
        raise StorageError("a result is gone") from error


def _recipe(job: Job, staged: Staged, picture: Picture) -> dict[str, Any]:
    notes = [*job.notes, *staged.notes]
    came = f"{picture.width}x{picture.height}"
    if job.operation == "generate" and job.size not in {"", came}:
        notes.append(f"{job.size} was asked for; {came} came.")
    return {
        "seed": job.seed if staged.seed is None else staged.seed,
        "engine": staged.engine,
        "engine_ms": staged.engine_ms,
        "notes": notes,
    }


def _put_off(job: Job, error: Retryable) -> Ran:
    _keep_trace(job, error)
    return Ran(wait_seconds=settle.put_off(job, error))


def _keep_trace(job: Job, error: EngineError) -> None:
    job.trace_id = error.trace_id[:100] or job.trace_id


def _alerts_of(job: Job) -> str:
    """What the keys of its engine's alerts begin with: one server's success closes no other's."""
    place = serving.server(job.model).place
    return f"engine:{job.engine}@{place[:60]}:" if place else f"engine:{job.engine}:"


def _to_operator(job: Job, error: OutOfService) -> str:
    what = {
        "key": f"refuses the key ({serving.server(job.model).key_variable or 'none is given'})",
        "balance": "says that the balance is used up",
        "model": f"does not know the model {job.model}",
    }.get(error.fault, "refuses to work")
    return f"The engine {job.engine} {what}. Jobs fail without a charge until this is mended."
