"""The ledger against a model of a few lines: thousands of steps, and no drift after any.

Two workspaces, and few references and amounts, so that steps meet one another often.
"""

from datetime import timedelta
from typing import ClassVar
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from django.db.models import F, Sum
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts import ledger, periods
from accounts.models import Transfer, Wallet, Workspace
from studio.queue import sweep
from tests.conftest import person

REFERENCES = [f"job:{UUID(int=number)}" for number in range(12)]
REFERENCES += [f"order:{number}" for number in range(6)]

REWRITES = {
    "amount_micros": F("amount_micros") + 1,
    "debit_id": F("credit_id"),
    "credit_id": F("debit_id"),
    "reference": "another",
    "memo": "another",
    "created_at": timezone.now(),
}

references = st.sampled_from(REFERENCES)
workspaces = st.sampled_from([0, 1])
amounts = st.sampled_from([1, 3_000, 20_000, 149_999, 150_000])


class Books(RuleBasedStateMachine):
    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self._transaction = transaction.atomic()
        self._transaction.__enter__()
        people = [person(name) for name in ("Ada", "Mallory")]
        self.workspaces: list[Workspace] = [each.personal_workspace for each in people]
        self.moved = {f"signup:{each.pk}": ["grant", n, 150_000] for n, each in enumerate(people)}
        self.state = dict.fromkeys(self.moved, "posted")

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self._transaction.__exit__(None, None, None)

    def balance(self, number: int) -> tuple[int, int]:
        """What the model says: posted and held."""
        posted = held = 0
        for reference, (verb, whose, amount) in self.moved.items():
            if whose == number:
                state = self.state[reference]
                posted += (amount if verb == "grant" else -amount) * (state == "posted")
                held += amount * (state == "pending")
        return posted, held

    @rule(number=workspaces, amount=amounts, reference=references)
    def grant(self, number: int, amount: int, reference: str) -> None:
        self.move("grant", number, amount, reference)

    @rule(number=workspaces, amount=amounts, reference=references)
    def hold(self, number: int, amount: int, reference: str) -> None:
        self.move("hold", number, amount, reference)

    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        reference = data.draw(st.sampled_from(sorted(self.moved)))
        self.move(*self.moved[reference], reference)

    @rule(data=st.data(), amount=amounts)
    def again_with_another_amount(self, data: st.DataObject, amount: int) -> None:
        reference = data.draw(st.sampled_from(sorted(self.moved)))
        verb, number, _ = self.moved[reference]
        self.move(verb, number, amount, reference)

    def move(self, verb: str, number: int, amount: int, reference: str) -> None:
        def act() -> Transfer:
            if verb == "grant":
                return ledger.grant(to=owner, amount_micros=amount, reference=reference)
            return ledger.hold(workspace=owner, amount_micros=amount, reference=reference)

        owner = self.workspaces[number]
        posted, held = self.balance(number)
        before = self.moved.get(reference)
        if before is not None and before != [verb, number, amount]:
            with pytest.raises(ledger.ReferenceTaken):
                act()
        elif before is None and verb == "hold" and posted - held < amount:
            with pytest.raises(ledger.InsufficientCredit) as refusal:
                act()
            assert refusal.value.available_micros == posted - held
        else:
            assert act().reference == reference
            self.moved[reference] = [verb, number, amount]
            self.state.setdefault(reference, "posted" if verb == "grant" else "pending")

    @rule(reference=references)
    def post(self, reference: str) -> None:
        self.settle(reference, "posted")

    @rule(reference=references)
    def void(self, reference: str) -> None:
        self.settle(reference, "voided")

    def settle(self, reference: str, state: str) -> None:
        act = ledger.post if state == "posted" else ledger.void
        before = self.state.get(reference)
        if before in {"pending", state}:
            assert act(reference=reference) == (before == "pending")
            self.state[reference] = state
        else:
            with pytest.raises(ledger.SettledOtherwise if before else ledger.UnknownReference):
                act(reference=reference)

    @rule()
    def sweep(self) -> None:
        """No job stands behind any of these."""
        sweep.settle_stale_holds(timezone.now() + timedelta(hours=1))
        for reference, state in self.state.items():
            if state == "pending" and reference.startswith("job:"):
                self.state[reference] = "voided"

    @rule(column=st.sampled_from(sorted(REWRITES)))
    def rewrite(self, column: str) -> None:
        one = Transfer.objects.filter(reference=min(self.moved))
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            one.update(**{column: REWRITES[column]})

    @rule()
    def erase(self) -> None:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Transfer.objects.filter(reference=min(self.moved))._raw_delete("default")

    @invariant()
    def balances_are_those_of_the_model(self) -> None:
        type(self).steps += 1
        for number, workspace in enumerate(self.workspaces):
            wallet = ledger.credit_of(workspace)
            assert (wallet.posted_micros, wallet.held_micros) == self.balance(number)
            assert wallet.available_micros >= 0
        assert list(periods.drift()) == []

    @invariant()
    def every_transfer_moves_alike_on_both_sides(self) -> None:
        moved = Transfer.objects.filter(state="posted")
        for wallet in Wallet.objects.filter(workspace=None):
            came = moved.filter(credit=wallet).aggregate(sum=Sum("amount_micros"))["sum"] or 0
            went = moved.filter(debit=wallet).aggregate(sum=Sum("amount_micros"))["sum"] or 0
            assert came - went == self.of_the_system(wallet.kind)
        states = dict(Transfer.objects.values_list("reference", "state"))
        assert states == self.state

    def of_the_system(self, kind: str) -> int:
        verb, sign = {"grants": ("grant", -1), "revenue": ("hold", 1)}[kind]
        return sign * sum(
            amount
            for reference, (done, _, amount) in self.moved.items()
            if done == verb and self.state[reference] == "posted"
        )


def drive(examples: int) -> int:
    """Returns how many steps were made, the same ones at every call."""
    Books.steps = 0
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=examples,
            stateful_step_count=50,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return Books.steps


def test_hundreds_of_steps_leave_no_drift(db: None) -> None:
    assert drive(10) >= 400


@pytest.mark.long
@pytest.mark.timeout(900)
def test_ten_thousand_steps_leave_no_drift(db: None) -> None:
    assert drive(250) >= 10_000
