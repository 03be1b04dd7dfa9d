from uuid import uuid5

from accounts import workspaces
from accounts.models import User
from gallery import codec, images
from studio import orders
from studio.jobs.submit import Region, submit
from studio.models import Job
from studio.orders import Asked, OrderError


def again(*, job: Job, by: User) -> list[Job]:
    """Orders what the job asked for once more, at the price of now.

    Once for each job: asked for twice, it is the same order. Raises OrderError, CodecBusy, and
    what `submit` raises.
    """
    workspaces.check_may_make(by, job.workspace)
    if not job.is_terminal:
        raise OrderError("prompt", "It has not ended yet.")
    source = job.source if job.source and job.source.deleted_at is None else None
    if job.operation == "edit" and source is None:
        raise OrderError("source", "This photo is gone. Choose another.")
    order = orders.check(
        Asked(
            model=job.model,
            operation=job.kind,
            prompt=job.prompt,
            negative_prompt=job.negative_prompt,
            size=job.size or None,
            seed=job.seed,
            steps=job.steps,
            cfg_scale=job.cfg_scale,
            text_mode=job.text_mode,
            style_reference=job.style_reference,
        )
    )
    return submit(
        by=by,
        workspace=job.workspace,
        order=order,
        source=source,
        region=_region(job),
        order_id=uuid5(job.pk, "again"),
    )


def _region(job: Job) -> Region | None:
    """A copy: the mask of an order goes when nobody needs that order any more."""
    if not (job.mask or job.is_region_gone):
        return None
    try:
        mask = codec.mask(images.read(job.mask)) if job.mask else None
    except FileNotFoundError:
        mask = None
    if mask is None:
        raise OrderError("source", "The region is not kept any more. Paint it once more.")
    return Region(mask=mask, feather=job.feather)
