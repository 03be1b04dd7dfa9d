"""Moves the storage, and dies when four objects or more have moved: `killed_move s3` or `files`.

Run by test_move_storage.py.
"""

import os
import signal
import sys
from pathlib import Path
from typing import IO

from tests.programs import ready

ready()

from django.core.management import call_command  # noqa: E402

from gallery.stores import Store  # noqa: E402

plain = Store.write
done: list[str] = []


def write(store: Store, key: str, file: IO[bytes]) -> None:
    if len(done) < 4:
        plain(store, key, file)
        done.append(key)
        return
    if not store.is_bucket:  # as a file is left that a killed process was writing
        half = Path(store.storage.path(key))
        half.parent.mkdir(parents=True, exist_ok=True)
        half.write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    Store.write = write  # type: ignore[method-assign]
    call_command("move_storage", sys.argv[1])
