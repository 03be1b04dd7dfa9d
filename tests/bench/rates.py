"""How many calls a second are answered, when callers that are always there make them."""

import http.client
import json
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

_CALLS = 400
_ROUNDS = 4


@dataclass(frozen=True)
class Caller:
    """One connection that is kept, placing one order after another without waiting for its end."""

    url: str
    key: str
    is_dry: bool

    def call(self, times: int) -> None:
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        asked = {"model": "step-image-edit-2", "prompt": "a lake"}
        sent = json.dumps(asked | ({"dry_run": True} if self.is_dry else {}))
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
            "Prefer": "respond-async",
        }
        for _ in range(times):
            connection.request("POST", "/v1/images/generations", sent, headers)
            answer = connection.getresponse()
            came = answer.read()
            if answer.status != (200 if self.is_dry else 202):
                raise AssertionError(came[:500])
        connection.close()


def a_second(ways: Sequence[Caller], callers: int) -> list[float]:
    """Of each way, so many callers at once: the median of rounds in turn, the first left out."""
    found: dict[Caller, list[float]] = {way: [] for way in ways}
    with ThreadPoolExecutor(callers) as pool:
        for _ in range(_ROUNDS):
            for way in ways:
                begun = time.monotonic()
                list(pool.map(way.call, [_CALLS // callers] * callers))
                took = time.monotonic() - begun
                found[way].append(_CALLS // callers * callers / took)
    return [statistics.median(found[way][1:]) for way in ways]
