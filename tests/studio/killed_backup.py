"""Begins a backup in a folder, and dies when it has copied some objects.

Run by test_backups.py.
"""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.programs import ready

ready()

from studio import backups  # noqa: E402
from studio.backups import objects  # noqa: E402
from studio.backups.folder import Entry  # noqa: E402

plain = objects.keep


def some(*arguments: object) -> Iterator[Entry]:
    for number, entry in enumerate(plain(*arguments)):  # type: ignore[arg-type]
        yield entry
        if number == 1:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    objects.keep = some  # type: ignore[assignment]
    backups.write(Path(sys.argv[1]), after=None, has_objects=True, say=print)
