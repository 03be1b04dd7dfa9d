"""What is asked of a test client elsewhere, of the cluster: both webs, workers, the real parts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines.strict_stepfun import StrictStepfun
from tests.product import ROOT
from tests.shapes import running


@pytest.mark.long
@pytest.mark.cluster
@pytest.mark.timeout(900)
def test_the_cluster_answers_as_one_process_does(strict: StrictStepfun, tmp_path: Path) -> None:
    with running("cluster", tmp_path, **strict.variables, API_RATE="1000000") as product:
        webs = [f"http://127.0.0.1:{port}" for port in product.ports.values()]
        plain = {name: each for name, each in os.environ.items() if not name.startswith("PYTEST")}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "tests/api/over_http.py"],
            cwd=ROOT,
            env=plain
            | {
                "DATABASE_URL": product.environment["DATABASE_URL"],
                "COUNTS": product.environment["REDIS_URL"],
                "WEBS": " ".join([product.url, *webs]),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        print(done.stdout.splitlines()[-1])
        for name in product.webs:
            assert "ERROR django.request" not in product.log(name), name
