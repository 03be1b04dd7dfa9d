"""Keeps and reads pictures as a worker and a web do, and nothing else.

python -m tests.bench.storing BYTES CALLERS...
Says for each number of callers the median, in ms, of keeping one picture and reading it again,
by as many at once.
"""

import hashlib
import os
import random
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from accounts import ids  # noqa: E402
from gallery.stores import current  # noqa: E402

_TIMES = 64


def main(size_bytes: int, callers: list[int]) -> None:
    data = random.Random(1).randbytes(size_bytes)
    sha256 = hashlib.sha256(data).hexdigest()

    def stored_ms(_number: int) -> float:
        key = f"bench/{ids.new()}.png"
        begun = time.perf_counter()
        current.keep(key, data, sha256)
        current.read(key)
        return 1000 * (time.perf_counter() - begun)

    for count in callers:
        with ThreadPoolExecutor(count) as pool:
            list(pool.map(stored_ms, range(count)))
            sys.stdout.write(f"{statistics.median(pool.map(stored_ms, range(_TIMES)))}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), [int(each) for each in sys.argv[2:]])
