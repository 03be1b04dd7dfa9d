"""Checks ledger, jobs and storage against each other. Changes nothing.

Run it while jobs run, and a job that is just being settled may be named; run it again.
"""

from collections.abc import Callable, Iterator, Set

from django.db.models import F

from accounts import ledger
from accounts.models import Export, Transfer
from accounts.payments import audit as payments
from gallery import images, stock
from gallery.images import StorageError
from gallery.models import CollectionImage, Image, PendingObject, ShareLink
from gallery.stores import Store, current
from studio.models import Job, State

_HOLD_AFTER = {
    State.SUCCEEDED: Transfer.State.POSTED,
    State.FILTERED: Transfer.State.VOIDED,
    State.FAILED: Transfer.State.VOIDED,
    State.CANCELLED: Transfer.State.VOIDED,
}


def findings() -> Iterator[str]:
    """A sentence for each thing that does not agree."""
    yield from ledger.drift()
    yield from payments.drift()
    yield from _jobs_and_holds()
    yield from _holds_without_jobs()
    yield from stock.drift()
    yield from _links_between_workspaces()
    yield from _storage()


def tell(say: Callable[[str], object]) -> int:
    """Says each finding. Returns how many there were."""
    count = 0
    for sentence in findings():
        say(sentence)
        count += 1
    return count


def _jobs_and_holds() -> Iterator[str]:
    transfers = dict(_transfers())
    for job in Job.objects.order_by("pk").iterator():
        expected = _HOLD_AFTER.get(State(job.state), Transfer.State.PENDING)
        found = transfers.get(job.hold)
        if found is None:
            yield f"job {job.pk} has no hold"
        elif found != (expected, job.price_micros):
            yield f"job {job.pk} is {job.state}, its hold {found[0]} of {found[1]}"
        if (job.state == State.SUCCEEDED) != (job.image_id is not None or job.is_image_purged):
            yield f"job {job.pk} is {job.state} with image {job.image_id}"


def _transfers() -> Iterator[tuple[str, tuple[str, int]]]:
    rows = Transfer.objects.filter(reference__startswith="job:")
    for reference, state, amount in rows.values_list("reference", "state", "amount_micros"):
        yield reference, (state, amount)


def _holds_without_jobs() -> Iterator[str]:
    """Of a workspace that was erased only the ledger is left."""
    jobs = {str(pk) for pk in Job.objects.values_list("pk", flat=True)}
    erased = Transfer.objects.filter(debit__workspace__erased_at__isnull=False)
    jobs.update(
        each.removeprefix("job:")
        for each in erased.filter(reference__startswith="job:").values_list("reference", flat=True)
    )
    for reference, _ in _transfers():
        if reference.removeprefix("job:") not in jobs:
            yield f"hold {reference} has no job"


def _links_between_workspaces() -> Iterator[str]:
    """Nothing of one workspace leads to an image of another."""
    for rows, way, here in (
        (Image.objects.all(), "parent", "workspace"),
        (Job.objects.all(), "image", "workspace"),
        (Job.objects.unfinished(), "source", "workspace"),
        (CollectionImage.objects.all(), "image", "collection__workspace"),
        (ShareLink.objects.all(), "image", "workspace"),
    ):
        astray = rows.exclude(**{way: None}).exclude(**{f"{way}__workspace": F(here)})
        for row in astray.order_by("pk").iterator():
            yield f"{row._meta.verbose_name} {row.pk} leads to the {way} of another workspace"


def _storage() -> Iterator[str]:
    """The list of objects comes first: what was made since is looked for by its key."""
    try:
        stored = dict(images.stored())
        yield from _images_without_bytes(stored)
        for key in _unowned(stored.keys()):
            if _size_of(key) is not None:
                yield f"no image owns {key}"
    except StorageError as error:
        yield f"the storage could not be checked: {error}"


def _images_without_bytes(stored: dict[str, int]) -> Iterator[str]:
    for image in Image.objects.order_by("pk").iterator():
        keys = dict.fromkeys((image.original, image.preview_small, image.preview_large))
        for key in filter(None, keys):
            size_bytes = stored.get(key) or _size_of(key)
            if size_bytes is None:
                yield f"image {image.pk} has no bytes at {key}"
            elif key == image.original and size_bytes != image.size_bytes:
                yield f"image {image.pk} has other bytes at {key}"


def unowned(store: Store = current) -> Iterator[str]:
    """Keys of its objects that nothing names; some may be gone meanwhile. Raises StorageError."""
    return _unowned({key for key, _ in store.objects()})


def _unowned(stored: Set[str]) -> Iterator[str]:
    """Those that are being written are known by their PendingObject."""
    owned = set(PendingObject.objects.values_list("key", flat=True))
    owned.update(Job.objects.exclude(mask="").values_list("mask", flat=True))
    owned.update(export.key for export in Export.objects.all())
    for columns in Image.objects.values_list("original", "preview_small", "preview_large"):
        owned.update(columns)
    yield from sorted(stored - owned)


def _size_of(key: str) -> int | None:
    try:
        return images.size_of(key)
    except FileNotFoundError:
        return None
