"""Promise L4: what is charged is what was delivered, at the price of its acceptance."""

from collections import Counter

import pytest

from accounts import ledger
from accounts.models import Transfer, User, Workspace
from gallery.models import Image
from studio import audit, jobs
from studio.engines.contract import EngineError, Filtered, OutOfService, Refused, Trouble
from studio.models import Job, Offer
from tests.studio.makers import Puppet, submit

pytestmark = pytest.mark.django_db


def run_all() -> None:
    while jobs.run_next():
        Job.objects.update(not_before=None)


def check_charged(workspace: Workspace, delivered: int, **states: int) -> None:
    wallet = ledger.credit_of(workspace)
    assert Counter(Job.objects.values_list("state", flat=True)) == states
    assert Image.objects.in_workspace(workspace).count() == delivered
    assert 150_000 - wallet.posted_micros == delivered * 3_000
    assert wallet.held_micros == 0
    assert list(audit.findings()) == []


def test_four_with_one_filtered_charge_for_three(
    ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    puppet.does = [Filtered("The prompt was refused.")]
    submit(ada, workspace, count=4)
    run_all()
    check_charged(workspace, 3, succeeded=3, filtered=1)


def test_four_that_all_fail_charge_nothing(ada: User, workspace: Workspace, puppet: Puppet) -> None:
    puppet.does = [
        Filtered("No."),
        Refused("The size is wrong."),
        OutOfService("No.", fault="balance"),
        EngineError("Broken."),
    ]
    submit(ada, workspace, count=4)
    run_all()
    check_charged(workspace, 0, filtered=1, failed=3)


def test_trying_again_charges_once(ada: User, workspace: Workspace, puppet: Puppet) -> None:
    puppet.does = [Trouble("503")] * 2
    submit(ada, workspace, count=4)
    run_all()
    check_charged(workspace, 4, succeeded=4)
    assert len(puppet.calls) == 6


def test_what_is_cancelled_of_an_order_is_not_charged(
    ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    made = submit(ada, workspace, count=4)
    jobs.run_next()
    for job in made:
        jobs.cancel(job=job, by=ada)
    run_all()
    check_charged(workspace, 1, succeeded=1, cancelled=3)


def test_the_price_is_that_of_the_acceptance(
    ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    (job,) = submit(ada, workspace)
    Offer.objects.update(price_micros=90_000)
    run_all()
    check_charged(workspace, 1, succeeded=1)
    assert Transfer.objects.get(reference=job.hold).amount_micros == 3_000
    assert Image.objects.get().price_micros == 3_000
