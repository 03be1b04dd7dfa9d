"""Processes that call with the same key at once. Run by test_key_caps.py."""

import sys
from collections import Counter
from functools import partial

from tests.programs import at_once, ready, say

ready()

from django.core.management import call_command  # noqa: E402

from accounts import ledger, periods, workspaces  # noqa: E402
from accounts.models import User  # noqa: E402
from studio import jobs  # noqa: E402
from tests.api.conftest import Program, program  # noqa: E402

PRICE = 3_000


def spend(processes: int, calls: int) -> None:
    """A cap for exactly half of what they try to spend, and credit for all of it."""
    call_command("createcachetable", verbosity=0)
    ada = User.objects.create_user("ada@example.com", "correct horse")
    workspace = workspaces.personal(ada)
    wanted = processes * calls * PRICE
    ledger.grant(to=workspace, amount_micros=wanted, reference="grant:ada")
    capped = program(ada, monthly_cap_micros=wanted // 2)
    at_once(*(partial(_call, capped, calls) for _ in range(processes)))
    wallet = ledger.credit_of(workspace)
    say(
        held=wallet.held_micros,
        spent=jobs.spent_this_month(capped.key),
        drift=list(periods.drift()),
    )


def _call(capped: Program, calls: int) -> None:
    answers = [capped.generate({"Prefer": "respond-async"}) for _ in range(calls)]
    said = {each.json()["error"]["code"] for each in answers if each.status_code != 202}
    say(statuses=Counter(each.status_code for each in answers), said=sorted(said))


if __name__ == "__main__":
    spend(*map(int, sys.argv[1:]))
