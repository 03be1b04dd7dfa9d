"""Workers, cancels and the sweep on the same jobs at once. Run by test_job_races.py."""

import random
from collections import Counter
from datetime import timedelta

from tests.programs import at_once, ready, say

ready()

from django.db.models import F, Sum  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts import ledger, workspaces  # noqa: E402
from accounts.models import Transfer, User, Wallet  # noqa: E402
from gallery import images  # noqa: E402
from gallery.models import Image  # noqa: E402
from studio import audit, jobs, serving  # noqa: E402
from studio.models import Job  # noqa: E402
from studio.queue import sweep  # noqa: E402
from tests.studio.makers import Puppet, submit  # noqa: E402

JOBS = 48


def work() -> None:
    """Also what another process gave back."""
    while Job.objects.unfinished().exists():
        jobs.run_next()


def cancel() -> None:
    made = list(Job.objects.select_related("workspace", "created_by"))
    for job in random.Random(1).sample(made, JOBS // 4):
        jobs.cancel(job=job, by=job.created_by)


def release() -> None:
    """Now and then as if every lease had run out, while their holders still work."""
    dice = random.Random(2)
    while Job.objects.unfinished().exists():
        late = timedelta(hours=1 if dice.random() < 0.1 else 0)
        sweep.release_lost(timezone.now() + late)
        sweep.settle_stale_holds(timezone.now() + timedelta(hours=1))


if __name__ == "__main__":
    engine = Puppet()
    serving.engine = lambda *_: engine
    for name in ("ada", "ben"):
        user = User.objects.create_user(f"{name}@example.com", "correct horse", name=name)
        own = workspaces.personal(user)
        ledger.grant(to=own, amount_micros=150_000, reference=f"grant:{name}")
        for _ in range(JOBS // 8):
            submit(user, own, count=4)
    at_once(work, work, work, cancel, cancel, release, release)
    images.sweep(at=timezone.now() + timedelta(hours=2))
    taken = Transfer.objects.filter(credit__kind="revenue", state="posted")
    left = Wallet.objects.filter(kind="credit").aggregate(
        sum=Sum(F("posted_micros") - F("held_micros"))
    )
    say(
        states=Counter(Job.objects.values_list("state", flat=True)),
        transfers=Counter(
            Transfer.objects.filter(credit__kind="revenue").values_list("state", flat=True)
        ),
        images=Image.objects.count(),
        charged=taken.aggregate(sum=Sum("amount_micros"))["sum"] or 0,
        left=left["sum"],
        findings=list(audit.findings()),
    )
