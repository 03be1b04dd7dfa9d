"""Installations with so many rows, and a process in each that asks for their pages."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import NamedTuple

from tests.product import ROOT
from tests.servers import PostgreSQL

QUESTIONS = (
    *("first page", "a thousand pages deep", "oldest first", "model", "kind", "person"),
    *("day", "size", "seed", "favourites", "collection", "common word", "common word, deep"),
    *("word of one in 33", "rare word", "no such word", "two words apart", "word and model apart"),
    *("word and favourite apart", "word and collection apart", "model and size apart"),
    *("model and favourite apart", "word and day", "trash"),
)
ADMIN_QUESTIONS = (
    *("index", "jobs", "jobs, second page", "jobs, failed", "jobs, by id", "jobs, by trace id"),
    *("jobs, by common word", "jobs, by no word of it", "jobs, by who made most"),
    *("jobs, of a workspace", "transfers", "transfers, by reference", "workspaces"),
    *("workspaces, closed", "users", "users, by address", "users, by part", "audit log"),
    *("page of a job", "page of a transfer", "page of a workspace", "page of a user"),
    *("export of jobs", "export of transfers", "export of workspaces", "export of users"),
)
SUBMITS = ("submit", "claim")
_EMAIL = "bench@example.com"


class Answer(NamedTuple):
    took_ms: float
    computed_ms: float
    statements: int


def asked(shape: str, count: int) -> AbstractContextManager[Callable[[str], Answer]]:
    """Of one of `QUESTIONS`, about so many images."""
    return _asked(shape, "tests.bench.gallery", ["tests.bench.many", str(count), _EMAIL])


def asked_in_admin(shape: str, count: int) -> AbstractContextManager[Callable[[str], Answer]]:
    """Of one of `ADMIN_QUESTIONS`, about so many jobs and a tenth as many people."""
    administration = "tests.bench.administration"
    jobs = ["tests.bench.many", "1000", _EMAIL, "--jobs", str(count)]
    return _asked(shape, administration, jobs, [administration, _EMAIL, str(count // 10)])


def asked_to_submit(shape: str, count: int) -> AbstractContextManager[Callable[[str], Answer]]:
    """One of `SUBMITS`, beside so many images and jobs in the workspace."""
    made_by = ["tests.bench.many", str(count), _EMAIL, "--jobs", str(count)]
    return _asked(shape, "tests.bench.submitting", made_by)


@contextmanager
def _asked(
    shape: str, asker_module: str, *made_by: Sequence[str]
) -> Iterator[Callable[[str], Answer]]:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="easel-bench-"))
        environment = os.environ | {"DATA_DIR": folder, "ALLOWED_HOSTS": "127.0.0.1"}
        environment |= {"SITE_URL": "http://127.0.0.1"}
        if shape == "PostgreSQL":
            environment |= stack.enter_context(PostgreSQL()).variables
        for command in (["manage.py", "prepare"], *(["-m", *each] for each in made_by)):
            run = [sys.executable, *command]
            subprocess.run(run, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        asker = subprocess.Popen(
            [sys.executable, "-m", asker_module, _EMAIL],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        stack.callback(asker.wait)
        stack.callback(asker.kill)

        def ask(question: str) -> Answer:
            assert asker.stdin
            assert asker.stdout
            asker.stdin.write(f"{question}\n")
            asker.stdin.flush()
            took_ms, computed_ms, statements = asker.stdout.readline().split()
            return Answer(float(took_ms), float(computed_ms), int(statements))

        yield ask
