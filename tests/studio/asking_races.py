"""Yes, no and cancel at once, over several orders. Run by test_asking.py."""

from contextlib import suppress

from tests.programs import at_once, ready, say

ready()

from accounts import ledger  # noqa: E402
from accounts.models import Membership, Role  # noqa: E402
from studio import audit, jobs  # noqa: E402
from studio.jobs import asking  # noqa: E402
from studio.models import Job  # noqa: E402
from tests.accounts.races import patiently  # noqa: E402
from tests.conftest import person  # noqa: E402
from tests.studio.makers import submit  # noqa: E402

ORDERS = 6

if __name__ == "__main__":
    ada = person("Ada")
    workspace = ada.personal_workspace
    ben = person("Ben", workspace, Role.MEMBER)
    Membership.objects.filter(user=ben, workspace=workspace).update(monthly_cap_micros=0)
    ledger.grant(to=workspace, amount_micros=1_000_000, reference="grant")
    made = [submit(ben, workspace, count=2, is_asking=True) for _ in range(ORDERS)]

    def answer(verb: object) -> None:
        for order, *_ in made:
            with suppress(jobs.AnsweredAlready):
                patiently(
                    lambda order=order: verb(workspace=workspace, order_id=order.order_id, by=ada)
                )

    def cancel() -> None:
        for _, second in made[::2]:
            patiently(lambda second=second: jobs.cancel(job=second, by=ben))

    yes, no = (lambda: answer(asking.approve)), (lambda: answer(asking.decline))
    at_once(yes, no, cancel, yes, no, cancel)
    states = {order[0].order_id: [] for order in made}
    for order_id, state in Job.objects.values_list("order_id", "state"):
        states[order_id].append(state)
    say(
        orders=[sorted(each) for each in states.values()],
        held=ledger.credit_of(workspace).held_micros,
        findings=list(audit.findings()),
    )
