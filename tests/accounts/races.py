"""Processes that move the same money at once. Run by test_ledger_races.py."""

import random
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from uuid import UUID

from tests.programs import at_once, ready, say

ready()

from django.db import OperationalError, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts import ledger, periods, workspaces  # noqa: E402
from accounts.models import Period, PeriodSum, Transfer, User, Workspace  # noqa: E402
from studio.queue import sweep  # noqa: E402

PRICE = 3_000


def rich(name: str, micros: int) -> Workspace:
    """A workspace with exactly so much."""
    user = User.objects.create_user(f"{name}@example.com", "correct horse", name=name)
    workspace = workspaces.personal(user)
    ledger.grant(to=workspace, amount_micros=micros, reference=f"grant:{name}")
    return workspace


def tell(*owners: Workspace) -> None:
    states = Counter(
        Transfer.objects.filter(credit__kind="revenue").values_list("state", flat=True)
    )
    wallets = [ledger.credit_of(owner) for owner in owners]
    balances = [[wallet.posted_micros, wallet.held_micros] for wallet in wallets]
    say(states=states, balances=balances, drift=list(periods.drift()))


def spend(processes: int, spends: int) -> None:
    """Funds for exactly half of what they try to spend."""
    workspace = rich("ada", processes * spends * PRICE // 2)

    def act(process: int) -> None:
        for number in range(spends):
            with suppress(ledger.InsufficientCredit):
                patiently(_spend, workspace, f"spend:{process}-{number}")

    at_once(*(partial(act, process) for process in range(processes)))
    tell(workspace)


def _spend(workspace: Workspace, reference: str) -> None:
    with transaction.atomic(durable=True):
        ledger.hold(workspace=workspace, amount_micros=PRICE, reference=reference)
    with transaction.atomic(durable=True):
        ledger.post(reference=reference)


def patiently(act: Callable[..., None], *arguments: object) -> None:
    """SQLite serves those who wait in no order: one who waited for too long does it again."""
    while True:
        try:
            return act(*arguments)
        except OperationalError as error:
            if "locked" not in str(error):
                raise


def settle(holds: int) -> None:
    """Posts, voids and sweeps of the same holds."""
    workspace = rich("ada", holds * PRICE)
    references = [f"job:{UUID(int=number)}" for number in range(holds)]
    for reference in references:
        ledger.hold(workspace=workspace, amount_micros=PRICE, reference=reference)

    def settle_all(verb: Callable[..., bool], seed: int) -> None:
        mixed = random.Random(seed).sample(references, holds)
        won = 0
        for reference in mixed:
            with suppress(ledger.SettledOtherwise):
                won += verb(reference=reference)
        say(verb=verb.__name__, won=won)

    def sweep_all() -> None:
        later = timezone.now() + timedelta(hours=1)
        while Transfer.objects.filter(state="pending").exists():
            sweep.settle_stale_holds(later)

    at_once(
        *(
            partial(settle_all, verb, seed)
            for verb in (ledger.post, ledger.void)
            for seed in (1, 2)
        ),
        sweep_all,
    )
    tell(workspace)


def repeat(processes: int) -> None:
    """The same holds for all that there is, by all at once; each is one, and none is refused."""
    owners = [rich(name, PRICE) for name in ("ada", "ben", "vera")]

    def act(process: int) -> None:
        for owner in owners:
            ledger.hold(workspace=owner, amount_micros=PRICE, reference=f"once:{owner.pk}")

    at_once(*(partial(act, process) for process in range(processes)))
    tell(*owners)


def again(processes: int) -> None:
    """Holds and gifts that all repeat at once, where there would be enough for each of them."""
    owner = rich("ada", processes * 10 * PRICE)

    def act(_process: int) -> None:
        for number in range(10):
            ledger.hold(workspace=owner, amount_micros=PRICE, reference=f"again:{number}")
            ledger.grant(to=owner, amount_micros=PRICE, reference=f"gift:{number}")

    at_once(*(partial(act, process) for process in range(processes)))
    tell(owner)


def cross(processes: int, rounds: int) -> None:
    """Orders of two workspaces, in turns, by all at once; the first of them makes `revenue`."""
    owners = [rich(name, processes * rounds * PRICE) for name in ("ada", "ben")]

    def act(process: int) -> None:
        for number in range(rounds):
            owner = owners[(process + number) % 2]
            with transaction.atomic(durable=True):
                ledger.lock(owner)
                for half in (1, 2):
                    ledger.hold(
                        workspace=owner,
                        amount_micros=PRICE,
                        reference=f"cross:{process}-{number}-{half}",
                    )

    at_once(*(partial(act, process) for process in range(processes)))
    tell(*owners)


def close(processes: int) -> None:
    """The month of now, in the first days of the next one, by all at once."""
    rich("ada", PRICE)
    later = timezone.now().replace(day=28) + timedelta(days=8)
    at_once(*(lambda: say(closed=periods.close(at=later)) for _ in range(processes)))
    say(
        periods=Period.objects.count(),
        sums=sorted(PeriodSum.objects.values_list("came_micros", "went_micros")),
        drift=list(periods.drift(is_whole=True)),
    )


if __name__ == "__main__":
    globals()[sys.argv[1]](*map(int, sys.argv[2:]))
