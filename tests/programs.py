"""Runs the programs of the tests as processes, each on a database of its own.

A program is a module with a `__main__`, which begins with `ready()`, forks as it likes with
`forked`, and prints what came of it as lines of JSON.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from studio.queue import lifeline
from tests.product import ROOT
from tests.servers import PostgreSQL

ON_BOTH = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql")),
]
_MIGRATED = "migrated"


class Ground:
    """An empty database that is up to date, and a folder for the files. Nothing is given."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PYTEST")
        } | {"DATA_DIR": str(folder), "SIGNUP_CREDIT_MICROS": "0", **variables}

    def run(self, module: str, *arguments: object, seconds: float = 240) -> list[Any]:
        done = subprocess.run(
            [sys.executable, "-m", module, *map(str, arguments)],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@pytest.fixture
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Ground:
    """Parametrized with a member of ON_BOTH."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "easel.sqlite3")
        return Ground(tmp_path, DATABASE_URL="")
    server: PostgreSQL = request.getfixturevalue("migrated_postgresql")
    return Ground(tmp_path, DATABASE_URL=server.create(uuid4().hex, _MIGRATED))


@pytest.fixture(scope="session")
def migrated_file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="easel-migrated-") as folder:
        _migrate(Ground(Path(folder), DATABASE_URL=""))
        yield Path(folder) / "easel.sqlite3"


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: PostgreSQL, tmp_path_factory: Any) -> PostgreSQL:
    folder = tmp_path_factory.mktemp("migrated")
    _migrate(Ground(folder, DATABASE_URL=postgresql.create(_MIGRATED)))
    return postgresql


def _migrate(ground: Ground) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0"],
        cwd=ROOT,
        env=ground.environment,
        check=True,
    )


def ready() -> None:
    """To be called by a program before it imports a model."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    lifeline.tie()  # what it forks dies with it


def forked(act: Callable[[], Any]) -> int:
    """Starts a process that does it, and returns its pid. It has no connection from before."""
    from accounts import connections

    connections.close_before_fork()
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        act()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


def ended(pid: int) -> int:
    """How it ended, as `subprocess` says it: the negative number of a signal, or the status."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def at_once(*acts: Callable[[], Any]) -> None:
    """Each in a process of its own, none before all are there; all must end well."""
    reader, writer = os.pipe()

    def wait_and(act: Callable[[], Any]) -> None:
        os.close(writer)
        os.read(reader, 1)
        act()

    pids = [forked(partial(wait_and, act)) for act in acts]
    os.close(writer)
    assert [ended(pid) for pid in pids] == [0] * len(acts)
    os.close(reader)


def say(**outcome: Any) -> None:
    """One write, so that the lines of many processes do not mix."""
    sys.stdout.flush()
    os.write(1, f"{json.dumps(outcome)}\n".encode())
