import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import ids, ledger, statements, workspaces
from accounts.ledger import InsufficientCredit
from accounts.models import ApiKey, Membership, User, Wallet, Workspace
from gallery import images, stock
from gallery.composition import usual_feather
from gallery.models import Image
from gallery.pictures import Picture
from studio.catalog import MAX_SEED
from studio.jobs import asking, caps, quota
from studio.jobs.caps import QuotaExceeded
from studio.models import Job, Priority, State
from studio.orders import Order
from studio.queue import doorbell

log = logging.getLogger("easel.jobs")


class QueueFull(QuotaExceeded):
    """For now: there is room again when some of the workspace's jobs are done."""


class SourceGone(Exception):
    """The photo was deleted, or moved to another workspace, since it was chosen."""

    def __init__(self) -> None:
        super().__init__("The photo is not here any more. Choose another one.")


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A normalised photo that has no row yet: it gets one together with its jobs."""

    picture: Picture


@dataclass(frozen=True, kw_only=True)
class Region:
    """Where a photo is to be changed: where `mask`, which has its shape, is see-through.

    The photo stays as it is, pixel for pixel, more than `feather` of its pixels from there.
    None lets its size decide.
    """

    mask: Picture
    feather: int | None = None


class _Repeated(Exception):
    def __init__(self, jobs: list[Job]) -> None:
        self.jobs = jobs


def submit(
    *,
    by: User,
    workspace: Workspace,
    order: Order,
    source: Image | Upload | Sequence[Image] | None = None,
    region: Region | None = None,
    order_id: UUID | None = None,
    api_key: ApiKey | None = None,
    is_asking: bool = False,
) -> list[Job]:
    """Accepts an order: one job and one hold for each image, and a doorbell; or nothing at all.

    One that is over the member's monthly cap is parked if `is_asking`, until it is decided
    about (`studio.jobs.asking`); else refused.

    `source` holds as many photos as the order says, of the workspace.
    A photo that came along is stored first and owned in the same transaction, so a refusal
    leaves none behind. The same `order_id` again returns the jobs of the first time. Raises
    workspaces.NotAllowed, QuotaExceeded, CapReached, SourceGone, ledger.InsufficientCredit and
    images.StorageError.
    """
    staged: list[str] = []
    try:
        if region or isinstance(source, Upload):  # before anything is stored
            workspaces.check_may_make(by, workspace)
            _check_repeated(workspace, order_id)
            _check_credit(ledger.credit_of(workspace), order)
        masked = _masked(region, source, staged)
        if isinstance(source, Upload):
            picture = source.picture
            source = images.same_upload(workspace=workspace, sha256=picture.sha256)
            if source is None:
                photo = (_stage(picture, staged), picture)
                return _accept(by, workspace, order, order_id, photo, masked, api_key, is_asking)
        return _accept(by, workspace, order, order_id, source, masked, api_key, is_asking)
    except _Repeated as repeated:
        images.discard(staged)
        return repeated.jobs
    except BaseException:
        images.discard(staged)
        raise


def _masked(
    region: Region | None, source: Image | Upload | Sequence[Image] | None, staged: list[str]
) -> dict[str, Any]:
    """The columns of a job that changes only a region of its photo."""
    if region is None or source is None or isinstance(source, Sequence):
        return {}
    photo = source.picture if isinstance(source, Upload) else source
    usual = usual_feather(photo.width, photo.height)
    feather = usual if region.feather is None else region.feather
    return {"mask": _stage(region.mask, staged), "feather": feather}


def _stage(picture: Picture, staged: list[str]) -> str:
    staged.append(images.stage(picture.data, suffix=picture.suffix, sha256=picture.sha256))
    return staged[-1]


def check(
    *,
    by: User,
    workspace: Workspace,
    order: Order,
    order_id: UUID | None,
    api_key: ApiKey | None = None,
    is_asking: bool = False,
) -> None:
    """What `submit` would refuse for anyway, to be asked before a photo is decoded for it.

    Raises workspaces.NotAllowed, QuotaExceeded, CapReached and ledger.InsufficientCredit;
    nothing for an order that was accepted already.
    """
    member = workspaces.maker(by, workspace)
    if not _ordered(workspace, order_id):
        _check_credit(ledger.credit_of(workspace), order)
        _check_quota(workspace, order.images, stored_bytes=stock.of(workspace))
        _state(member, order, api_key, is_asking)


def _check_repeated(workspace: Workspace, order_id: UUID | None) -> None:
    jobs = _ordered(workspace, order_id)
    if jobs:
        raise _Repeated(jobs)


def _ordered(workspace: Workspace, order_id: UUID | None) -> list[Job]:
    if order_id is None:
        return []
    return list(Job.objects.in_workspace(workspace).filter(order_id=order_id).order_by("pk"))


def _check_credit(wallet: Wallet, order: Order) -> None:
    """Before a quota is blamed; the hold itself decides."""
    if wallet.available_micros < order.total_micros:
        raise InsufficientCredit(
            needed_micros=order.total_micros, available_micros=wallet.available_micros
        )


def _accept(
    by: User,
    workspace: Workspace,
    order: Order,
    order_id: UUID | None,
    source: Image | Sequence[Image] | tuple[str, Picture] | None,
    masked: dict[str, Any],
    api_key: ApiKey | None,
    is_asking: bool,
) -> list[Job]:
    """In the order in which whoever stores and spends takes its locks: stock, then money."""
    ends = ledger.ends_of_holds(workspace)
    with transaction.atomic(durable=True):
        stored_bytes = stock.lock(workspace)
        wallet = ledger.lock(workspace)
        member = workspaces.maker(by, workspace)
        _check_repeated(workspace, order_id)
        _check_credit(wallet, order)
        _check_quota(workspace, order.images, stored_bytes=stored_bytes)
        state = _state(member, order, api_key, is_asking)
        if masked:
            images.own(masked["mask"])
        sources: Sequence[Image | None]
        if isinstance(source, tuple):
            sources = [_own_photo(*source, by=by, workspace=workspace)]
        else:
            sources = [source] if isinstance(source, Image | None) else source
            _check_there(sources, workspace)
        whose = {"workspace": workspace, "created_by": by, "api_key": api_key}
        jobs = _jobs(order, order_id or ids.new(), sources, state=state, **masked, **whose)
        prices = {job.hold: job.price_micros for job in jobs}
        ledger.hold_each(ends, amounts=prices, by=by)
        statements.insert(jobs)
        if state == State.QUEUED:
            doorbell.ring()
    _log(jobs)
    return jobs


def _state(member: Membership, order: Order, api_key: ApiKey | None, is_asking: bool) -> State:
    """As what its jobs begin. Raises CapReached, and asking.TooManyAsked."""
    try:
        caps.check(member=member, api_key=api_key, total_micros=order.total_micros)
    except caps.MemberCapReached:
        if not is_asking:
            raise
        asking.check_room(by=member.user, workspace=member.workspace, count=order.images)
        return State.PARKED
    return State.QUEUED


def _check_there(sources: Sequence[Image | None], workspace: Workspace) -> None:
    """Under the lock that moving takes. Raises SourceGone."""
    asked = {source.pk for source in sources if source}
    if asked and Image.objects.in_workspace(workspace).filter(pk__in=asked).count() != len(asked):
        raise SourceGone


def _own_photo(key: str, picture: Picture, *, by: User, workspace: Workspace) -> Image:
    return images.store(
        workspace_id=workspace.pk, by_id=by.pk, key=key, picture=picture, kind=Image.Kind.UPLOAD
    )


def _jobs(
    order: Order, order_id: UUID, sources: Sequence[Image | None], **columns: Any
) -> list[Job]:
    return [
        Job(order_id=order_id, source=source, **columns, **_recipe(order, number))
        for source in sources
        for number in range(order.count)
    ]


def _recipe(order: Order, number: int) -> dict[str, Any]:
    """A fixed seed counts up over the images of one photo, or they would all be the same."""
    return {
        "model": order.model.name,
        "operation": order.operation,
        "prompt": order.prompt,
        "negative_prompt": order.negative_prompt,
        "size": order.size,
        "seed": None if order.seed is None else (order.seed + number) % (MAX_SEED + 1),
        "steps": order.steps,
        "cfg_scale": order.cfg_scale,
        "text_mode": order.text_mode,
        "style_reference": order.style_reference,
        "price_micros": order.price_micros,
        "notes": list(order.rewrites),
        "priority": Priority.BATCH if order.is_batch else Priority.INTERACTIVE,
    }


def _check_quota(workspace: Workspace, count: int, *, stored_bytes: int) -> None:
    """Counts what was delivered and what may still be, against the workspace's plan."""
    plan = workspace.plan
    ours = quota.counts(workspace, at=timezone.now())
    if ours.waiting + count > plan.queued_limit:
        raise QueueFull(f"{plan.queued_limit:,} images wait already. Try again when some are done.")
    for spent, limit, period in (
        (ours.in_day, plan.images_per_day, "24 hours"),
        (ours.in_month, plan.images_per_month, "30 days"),
    ):
        if spent + count > limit:
            raise QuotaExceeded(f"The limit of {limit:,} images in {period} is reached.")
    if stored_bytes >= plan.storage_bytes:
        gigabytes = plan.storage_bytes / 1024**3
        raise QuotaExceeded(f"The {gigabytes:,.1f} GB of this workspace are full.")


def _log(jobs: Sequence[Job]) -> None:
    for job in jobs:
        said = "parked" if job.state == State.PARKED else "submitted"
        log.info("%s job=%s operation=%s model=%s", said, job.pk, job.operation, job.model)
