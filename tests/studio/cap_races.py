"""Processes in which one member orders at once. Run by test_caps.py."""

import sys
from collections import Counter
from functools import partial

from tests.programs import at_once, ready, say

ready()

from accounts import keys, ledger, periods  # noqa: E402
from accounts.models import ApiKey, Membership, Role, User, Workspace  # noqa: E402
from studio import jobs  # noqa: E402
from tests.accounts.races import patiently  # noqa: E402
from tests.conftest import person  # noqa: E402
from tests.studio.makers import submit  # noqa: E402

PRICE = 3_000


def main(processes: int, orders: int) -> None:
    """A cap for exactly half of what Ben tries to spend, and credit for all of it."""
    ada = person("Ada")
    workspace, wanted = ada.personal_workspace, processes * orders * PRICE
    ben = person("Ben", workspace, Role.MEMBER)
    Membership.objects.filter(user=ben, workspace=workspace).update(monthly_cap_micros=wanted // 2)
    ledger.grant(to=workspace, amount_micros=wanted, reference="grant:ada")
    key, _ = keys.issue(workspace=workspace, by=ben, name="posters")
    ways = [None, key]
    at_once(
        *(partial(_order, ben, workspace, ways[number % 2], orders) for number in range(processes))
    )
    held = ledger.credit_of(workspace).held_micros
    say(ben=jobs.spent_by(ben, workspace), held=held, drift=list(periods.drift()))


def _order(ben: User, workspace: Workspace, key: ApiKey | None, orders: int) -> None:
    outcome: Counter[str] = Counter(accepted=0, refused=0)
    for _ in range(orders):
        try:
            patiently(lambda: submit(ben, workspace, api_key=key))
            outcome["accepted"] += 1
        except jobs.CapReached:
            outcome["refused"] += 1
    say(**outcome)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
