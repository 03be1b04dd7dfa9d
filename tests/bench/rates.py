"""How many calls a second are answered, when callers that are always there make them."""

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from tests.bench.latency import times_ms

_CALLS = 400
_ROUNDS = 4


@dataclass(frozen=True)
class Caller:
    """Places one order after another without waiting for its end, or asks what it would be."""

    url: str
    key: str
    is_dry: bool

    def call(self, times: int) -> None:
        url = f"{self.url}/v1/images/generations"
        asked = {"model": "step-image-edit-2", "prompt": "a lake", "dry_run": self.is_dry}
        order = httpx.Request("POST", url, json=asked, headers={"Prefer": "respond-async"})
        times_ms(url, self.key, order, times)


def a_second(ways: Sequence[Caller], callers: int) -> list[float]:
    """Of each way, so many callers at once: the median of rounds in turn, the first left out."""
    calls = _CALLS // callers
    found: dict[Caller, list[float]] = {way: [] for way in ways}
    with ThreadPoolExecutor(callers) as pool:
        for _ in range(_ROUNDS):
            for way in ways:
                begun = time.monotonic()
                list(pool.map(way.call, [calls] * callers))
                found[way].append(calls * callers / (time.monotonic() - begun))
    return [statistics.median(found[way][1:]) for way in ways]
