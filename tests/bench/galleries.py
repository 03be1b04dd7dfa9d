"""Installations with so many images, and a process in each that asks for their pages."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from tests.product import ROOT
from tests.servers import PostgreSQL

QUESTIONS = (
    *("first page", "a thousand pages deep", "oldest first", "model", "kind", "person"),
    *("day", "size", "seed", "favourites", "collection", "common word", "common word, deep"),
    *("rare word", "no such word", "two words apart", "word and model apart"),
    *("word and favourite apart", "word and collection apart", "model and size apart"),
    *("word and day", "trash"),
)
_EMAIL = "bench@example.com"


class Answer(NamedTuple):
    took_ms: float
    computed_ms: float
    statements: int


@contextmanager
def asked(shape: str, count: int) -> Iterator[Callable[[str], Answer]]:
    """Of a question (see `tests.bench.gallery`)."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="easel-bench-"))
        environment = os.environ | {"DATA_DIR": folder, "ALLOWED_HOSTS": "127.0.0.1"}
        environment |= {"SITE_URL": "http://127.0.0.1"}
        if shape == "PostgreSQL":
            environment |= stack.enter_context(PostgreSQL()).variables
        for command in (["manage.py", "prepare"], ["-m", "tests.bench.many", str(count), _EMAIL]):
            run = [sys.executable, *command]
            subprocess.run(run, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        asker = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.gallery", _EMAIL],
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
