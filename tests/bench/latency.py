"""What `/v1` adds to a call: the same request made directly and through Easel, in turn."""

import base64
import http.client
import json
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

import httpx

from tests.bench import upstream
from tests.product import Product

_ASKED = {"model": "step-image-edit-2", "prompt": "a lake", "response_format": "b64_json"}
_PHOTO_BYTES = 1_300_000
_ROUNDS = 4


@cache
def _request(operation: str) -> httpx.Request:
    """What is sent, to any address. The photo of an edit is always the same, and so kept once."""
    if operation == "generations":
        return httpx.Request("POST", "http://any/", json=_ASKED)
    [item] = json.loads(upstream.answer(_PHOTO_BYTES)[1])["data"]
    photo = ("photo.png", base64.b64decode(item["b64_json"]), "image/png")
    return httpx.Request("POST", "http://any/", data=_ASKED, files={"image": photo})


@dataclass(frozen=True)
class Caller:
    """One connection that is kept, asking for one picture after another."""

    url: str
    key: str
    operation: str = "generations"

    def times_ms(self, calls: int) -> list[float]:
        url = f"{self.url}/images/{self.operation}"
        return times_ms(url, self.key, _request(self.operation), calls)


def times_ms(url: str, key: str, asked: httpx.Request, calls: int) -> list[float]:
    """Of each of so many calls, one after another on one connection that is kept."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    kept = {
        name: asked.headers[name] for name in ("Content-Type", "Prefer") if name in asked.headers
    }
    sent, headers = asked.read(), kept | {"Authorization": f"Bearer {key}"}
    found = []
    for _ in range(calls):
        begun = time.perf_counter()
        connection.request("POST", address.path, sent, headers)
        answer = connection.getresponse()
        came = answer.read()
        if answer.status not in {200, 202}:
            raise AssertionError(came[:500])
        found.append(1000 * (time.perf_counter() - begun))
    connection.close()
    return found


def medians_ms(
    product: Product, key: str, callers: int, passthrough_port: int, operation: str = "generations"
) -> tuple[float, float, float]:
    """Directly, passed on, and through `/v1`, after one round that does not count."""
    ways = (
        Caller(product.environment["STEP_API_BASE"], "bench", operation),
        Caller(f"http://127.0.0.1:{passthrough_port}/v1", "bench", operation),
        Caller(f"{product.url}/v1", key, operation),
    )
    calls = max(4, 16 // callers)
    found: dict[Caller, list[float]] = {way: [] for way in ways}
    with ThreadPoolExecutor(callers) as pool:
        for number in range(_ROUNDS):
            for way in found:
                came = pool.map(way.times_ms, [calls] * callers)
                found[way] += [each for one in came for each in one if number]
    direct, passed, through = (statistics.median(found[way]) for way in ways)
    return direct, passed, through


def allow_all(product: Product) -> str:
    """Money and room for whatever is asked. Returns a key."""
    product.manage("credit", "bench@example.com", "1000", "--reason", "bench")
    every = "running_limit=10_000, queued_limit=100_000, images_per_day=10**6"
    code = f"from accounts.models import Plan; Plan.objects.update({every}, images_per_month=10**6)"
    product.manage("shell", "-v0", "-c", code)
    return product.manage("apikey", "bench@example.com", "bench").splitlines()[-1]
