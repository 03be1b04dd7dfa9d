"""Checks ledger, jobs and storage against each other. Changes nothing.

Run it while jobs run, and a job that is just being settled may be named; run it again.
"""

from collections.abc import Iterator

from django.core.files.storage import default_storage

from accounts import ledger
from accounts.models import Transfer
from gallery.models import Image, PendingObject
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
    yield from _jobs_and_holds()
    yield from _holds_without_jobs()
    yield from _images_without_bytes()
    yield from _bytes_without_images()


def _jobs_and_holds() -> Iterator[str]:
    transfers = dict(_transfers())
    for job in Job.objects.order_by("pk").iterator():
        expected = _HOLD_AFTER.get(State(job.state), Transfer.State.PENDING)
        found = transfers.get(job.hold)
        if found is None:
            yield f"job {job.pk} has no hold"
        elif found != (expected, job.price_micros):
            yield f"job {job.pk} is {job.state}, its hold {found[0]} of {found[1]}"
        if (job.state == State.SUCCEEDED) != (job.image_id is not None):
            yield f"job {job.pk} is {job.state} with image {job.image_id}"


def _transfers() -> Iterator[tuple[str, tuple[str, int]]]:
    rows = Transfer.objects.filter(reference__startswith="job:")
    for reference, state, amount in rows.values_list("reference", "state", "amount_micros"):
        yield reference, (state, amount)


def _holds_without_jobs() -> Iterator[str]:
    jobs = {str(pk) for pk in Job.objects.values_list("pk", flat=True)}
    for reference, _ in _transfers():
        if reference.removeprefix("job:") not in jobs:
            yield f"hold {reference} has no job"


def _images_without_bytes() -> Iterator[str]:
    for image in Image.objects.order_by("pk").iterator():
        for key in filter(None, (image.original, image.preview_small, image.preview_large)):
            if not default_storage.exists(key):
                yield f"image {image.pk} has no bytes at {key}"
            elif key == image.original and default_storage.size(key) != image.size_bytes:
                yield f"image {image.pk} has other bytes at {key}"


def _bytes_without_images() -> Iterator[str]:
    """Those that are being written are known by their PendingObject."""
    stored = set(_keys(""))
    owned = set(PendingObject.objects.values_list("key", flat=True))
    for columns in Image.objects.values_list("original", "preview_small", "preview_large"):
        owned.update(columns)
    for key in sorted(stored - owned):
        yield f"no image owns {key}"


def _keys(folder: str) -> Iterator[str]:
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    prefix = f"{folder}/" if folder else ""
    yield from (prefix + file for file in files)
    for each in folders:
        yield from _keys(prefix + each)
