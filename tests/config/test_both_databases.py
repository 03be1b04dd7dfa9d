"""What money and jobs rest on, on PostgreSQL too: the same tests in a process of their own."""

import os
import subprocess
import sys

import pytest

from tests.product import ROOT
from tests.servers import PostgreSQL

TESTS = (
    "tests/accounts/test_durability.py",
    "tests/accounts/test_ledger.py",
    "tests/accounts/test_ledger_machine.py",
    "tests/accounts/test_payments.py",
    "tests/accounts/test_payments_back.py",
    "tests/accounts/test_payments_found.py",
    "tests/accounts/test_periods.py",
    "tests/accounts/test_statements.py",
    "tests/gallery/test_stock.py",
    "tests/gallery/test_families.py",
    "tests/gallery/test_plans.py",
    "tests/gallery/test_search.py",
    "tests/gallery/test_search_with_filters.py",
    "tests/gallery/test_sharing.py",
    "tests/gallery/test_trash.py",
    "tests/privacy/test_erasure.py",
    "tests/privacy/test_exports.py",
    "tests/privacy/test_letters.py",
    "tests/privacy/test_reports.py",
    "tests/privacy/test_retention.py",
    "tests/studio/test_admin_plans.py",
    "tests/studio/test_archive.py",
    "tests/studio/test_audit.py",
    "tests/studio/test_bench.py",
    "tests/studio/test_charges.py",
    "tests/studio/test_claim.py",
    "tests/studio/test_doorbell.py",
    "tests/studio/test_jobs.py",
    "tests/studio/test_plans.py",
    "tests/studio/test_settle.py",
    "tests/studio/test_submit.py",
    "tests/studio/test_sweep.py",
    "tests/studio/test_transactions.py",
    "tests/studio/test_webhooks_deliveries.py",
    "tests/studio/test_webhooks_events.py",
    "tests/studio/test_work.py",
    "tests/studio/test_webhooks_keeping.py",
)

pytestmark = pytest.mark.xdist_group("postgresql")


def run(postgresql: PostgreSQL, marked: str, *tests: str) -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-m", marked, *tests],
        cwd=ROOT,
        env=plain | postgresql.variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)


@pytest.mark.timeout(900)
def test_ledger_and_jobs_pass_on_postgresql(postgresql: PostgreSQL) -> None:
    run(postgresql, "not long", *TESTS)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_ten_thousand_steps_pass_on_postgresql(postgresql: PostgreSQL) -> None:
    run(postgresql, "long", "tests/accounts/test_ledger_machine.py")
