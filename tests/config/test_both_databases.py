"""What money and jobs rest on, on PostgreSQL too: the same tests in a process of their own."""

import os
import subprocess
import sys

import pytest

from tests.product import ROOT
from tests.servers import PostgreSQL

TESTS = (
    "tests/accounts/test_ledger.py",
    "tests/accounts/test_ledger_machine.py",
    "tests/studio/test_audit.py",
    "tests/studio/test_charges.py",
    "tests/studio/test_claim.py",
    "tests/studio/test_jobs.py",
    "tests/studio/test_settle.py",
    "tests/studio/test_submit.py",
    "tests/studio/test_sweep.py",
    "tests/studio/test_transactions.py",
