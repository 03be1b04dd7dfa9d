"""Submits jobs from inside: python -m tests.bench.submit N [--one-by-one].

As fast as they are accepted, ten in an order; or each when the one before has ended and its
previews are made, and then it prints when each submit was over, by the job's id.
"""

import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from accounts import ledger, people  # noqa: E402
from accounts.models import Plan  # noqa: E402
from gallery.models import Image  # noqa: E402
from studio import jobs, orders  # noqa: E402
from studio.orders import Asked  # noqa: E402
from tests.product import until  # noqa: E402


def main(count: int, *, one_by_one: bool) -> None:
    by, workspace = people.with_workspace("bench@example.com")
    Plan.objects.update(running_limit=10_000, queued_limit=100_000, images_per_day=10**6)
    ledger.grant(to=workspace, amount_micros=count * 3_000, reference=f"bench:{os.getpid()}")
    size = 1 if one_by_one else 10
    ask = Asked(model="step-image-edit-2", operation="generate", prompt="a lake", count=size)
    order = orders.check(ask)
    workspace.refresh_from_db()
    for _ in range(count // size):
        made = jobs.submit(by=by, workspace=workspace, order=order)
        if one_by_one:
            sys.stdout.write(f"{made[0].pk} {time.time():.6f}\n")
            jobs.wait([made[0].pk], 30)
            until(lambda: not Image.objects.filter(preview_large="").exists(), "its previews")


if __name__ == "__main__":
    main(int(sys.argv[1]), one_by_one="--one-by-one" in sys.argv)
