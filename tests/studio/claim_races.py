"""Many processes that claim at once, and give back what they took. Run by test_claim_races.py."""

import sys
from collections import Counter
from functools import partial

from tests.programs import at_once, ready, say

ready()

from django.conf import settings  # noqa: E402

from accounts import ledger, workspaces  # noqa: E402
from accounts.models import Plan, User  # noqa: E402
from studio import jobs  # noqa: E402
from studio.models import Job, State  # noqa: E402
from tests.studio.makers import submit  # noqa: E402


def claim(claimers: int, rounds: int) -> None:
    """Each says how many jobs it saw running after its claims, at the most: in all, of one."""
    settings.ENGINE_CONCURRENCY = 8
    Plan.objects.update_or_create(name="default", defaults={"running_limit": 3})
    for name in ("ada", "ben", "vera"):
        user = User.objects.create_user(f"{name}@example.com", "correct horse", name=name)
        own = workspaces.personal(user)
        ledger.grant(to=own, amount_micros=150_000, reference=f"grant:{name}")
        submit(user, own, count=10)
    at_once(*[partial(_claim, rounds)] * claimers)


def _claim(rounds: int) -> None:
    """What one took it keeps until after its next claim, so that there is hardly ever room."""
    most = most_of_one = 0
    earlier: list[Job] = []
    for _ in range(rounds):
        mine = jobs.claim(3)
        running = Counter(Job.objects.running().values_list("workspace", flat=True))
        most = max(most, running.total())
        most_of_one = max(most_of_one, *running.values(), 0)
        _give_back(earlier)
        earlier = mine
    _give_back(earlier)
    say(most=most, most_of_one=most_of_one)


def _give_back(mine: list[Job]) -> None:
    Job.objects.filter(pk__in=[job.pk for job in mine]).update(state=State.QUEUED, lease_until=None)


if __name__ == "__main__":
    claim(*map(int, sys.argv[1:]))
