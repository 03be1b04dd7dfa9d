"""How those answer whom `tests.bench.galleries` asks: what an act took, in a line."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, reset_queries
from django.test.utils import CaptureQueriesContext


@contextmanager
def answered() -> Iterator[None]:
    """Around the act; writes the milliseconds that it took, and what else an `Answer` has."""
    reset_queries()  # of which only so many are kept
    with CaptureQueriesContext(connection) as asked:
        begun, computed = time.perf_counter(), time.process_time()
        yield
        took_ms = 1000 * (time.perf_counter() - begun)
        computed_ms = 1000 * (time.process_time() - computed)
    sys.stdout.write(f"{took_ms} {computed_ms} {len(asked)}\n")
    sys.stdout.flush()
