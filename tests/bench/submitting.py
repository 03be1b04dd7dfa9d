"""Submits a job, or claims one, for each line that comes: python -m tests.bench.submitting EMAIL.

A line is one of `galleries.SUBMITS`; the answer is as that of `tests.bench.gallery`.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()


from accounts import ledger, people  # noqa: E402
from accounts.models import Plan  # noqa: E402
from studio import jobs, orders  # noqa: E402
from studio.models import Job, State  # noqa: E402
from studio.orders import Asked  # noqa: E402
from tests.bench.answering import answered  # noqa: E402
from tests.bench.galleries import SUBMITS  # noqa: E402


def main(email: str) -> None:
    by, workspace = people.with_workspace(email)
    everything = 10**7
    Plan.objects.update(
        running_limit=everything,
        queued_limit=everything,
        images_per_day=everything,
        images_per_month=everything,
        storage_bytes=10**15,
    )
    ledger.grant(to=workspace, amount_micros=10**9, reference="grant:bench:submitting")
    workspace.refresh_from_db()
    ask = Asked(model="step-image-edit-2", operation="generate", prompt="a lake", count=1)
    order = orders.check(ask)
    acts = (
        lambda: jobs.submit(by=by, workspace=workspace, order=order),
        lambda: jobs.claim(1),
    )
    named = dict(zip(SUBMITS, acts, strict=True))
    for line in sys.stdin:
        with answered():
            made = named[line.strip()]()
            assert len(made) == 1
        # For the next claim
        Job.objects.filter(state=State.RUNNING).update(state=State.QUEUED, lease_until=None)


if __name__ == "__main__":
    main(sys.argv[1])
