"""The rate of django-q2 alone: python -m tests.bench.noop N

So many tasks that do nothing, queued before a cluster of our settings starts, until none is left.
Prints how many that was a second.
"""

import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django_q.cluster import Cluster  # noqa: E402
from django_q.models import OrmQ  # noqa: E402
from django_q.tasks import async_task  # noqa: E402

from accounts import connections  # noqa: E402

_LOOK_SECONDS = 0.05


def main(count: int) -> None:
    for _ in range(count):
        async_task("math.sqrt", 4.0, task_name="nothing")
    left = OrmQ.objects.count()
    os.register_at_fork(before=connections.close_before_fork)  # as the worker has it
    cluster = Cluster()
    begun = time.perf_counter()
    cluster.start()
    while OrmQ.objects.exists():
        time.sleep(_LOOK_SECONDS)
    sys.stdout.write(f"{left / (time.perf_counter() - begun):.1f}\n")
    sys.stdout.flush()
    cluster.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]))
