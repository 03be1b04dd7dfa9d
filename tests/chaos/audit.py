"""A program: audits, sweeps as if the grace for orphans had passed, and audits again.

Prints a sentence for each thing that is wrong. Nothing else may run meanwhile.
"""

from collections.abc import Iterator
from datetime import timedelta

from tests.programs import ready


def findings() -> Iterator[str]:
    from studio import audit

    yield from (f"audit: {sentence}" for sentence in audit.findings())
    yield from _left()
    yield from (f"audit after the grace for orphans: {sentence}" for sentence in audit.findings())


def _left() -> Iterator[str]:
    """What no sweep removes or makes."""
    from django.utils import timezone

    from gallery.images import ORPHAN_AGE
    from gallery.models import Image, PendingObject
    from studio.queue import sweep

    orphans = PendingObject.objects.order_by("key")
    unmade = Image.objects.filter(preview_large="").order_by("pk")
    at = timezone.now() + ORPHAN_AGE + timedelta(minutes=1)
    for _ in range(100):  # each sweep takes some
        if not (orphans.exists() or unmade.exists()):
            return
        sweep.sweep_slowly(at)
    yield from (f"{each.key} is an orphan for good" for each in orphans)
    yield from (f"image {each.pk} has no previews" for each in unmade)


if __name__ == "__main__":
    ready()
    for sentence in findings():
        print(sentence, flush=True)
