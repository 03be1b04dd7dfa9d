"""Submits jobs from inside, as fast as they are accepted: python -m tests.bench.submit N."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from accounts import ledger, people  # noqa: E402
from accounts.models import Plan  # noqa: E402
from studio import jobs, orders  # noqa: E402
from studio.orders import Asked  # noqa: E402


def main(count: int) -> None:
    by, workspace = people.with_workspace("bench@example.com")
    Plan.objects.update(running_limit=10_000, queued_limit=100_000, images_per_day=10**6)
    ledger.grant(to=workspace, amount_micros=count * 3_000, reference=f"bench:{os.getpid()}")
    ask = Asked(model="step-image-edit-2", operation="generate", prompt="a lake", count=10)
    order = orders.check(ask)
    workspace.refresh_from_db()
    for _ in range(count // 10):
        jobs.submit(by=by, workspace=workspace, order=order)


if __name__ == "__main__":
    main(int(sys.argv[1]))
