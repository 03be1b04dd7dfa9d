"""python -m tests.chaos [SHAPE...] [--jobs 300] [--kills 30] [--seed 1]

Runs the production shape on one machine, in each of the shapes that are named (sqlite,
postgresql, redis, cluster) or in all of them, against a service that fails as often as it works.
Prints what was killed and what was found; exits 1 on any drift, on a job that does not end, and
on one that was lost.
"""

import argparse
import random
import sys

import pytest

from tests.chaos.run import Chaos
from tests.shapes import SHAPES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("shapes", nargs="*", choices=SHAPES, metavar="shape")
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    asked = parser.parse_args()
    broken = 0
    for shape in asked.shapes or SHAPES:
        try:
            broken += len(Chaos(shape, jobs=asked.jobs, kills=asked.kills, seed=asked.seed).run())
        except pytest.skip.Exception as lacking:
            print(f"{shape} was not run: {lacking}", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
